"""The identity-card service: signed XML over HTTP, results by polling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.cancuoc.checks import CODES, FIRST_DAY, correction_errors, day, file_errors, request_errors
from sandbox.core.agency import Agency
from sandbox.core.desk import Record
from sandbox.core.dsig import BadSignature, sign_enveloped, verify_enveloped
from sandbox.core.fields import FieldError, structure_schema
from sandbox.core.keys import NoTrust
from sandbox.core.readable import VIETNAM, local, readable, supplement_deadline
from sandbox.core.xml import NotXml, add, child, local_name, parse, serialize, text

NAMESPACE = "urn:bca:cancuoc:the-tre-em:1.0"
XML = "application/xml; charset=utf-8"
TIME, DAY = "%d-%m-%Y %H:%M:%S", "%d-%m-%Y"
ADULT = 14  # a card given to a child is renewed at this age
ASKED = 10
STATES = {"approve": "DA_CAP", "supplement": "CAN_BO_SUNG", "reject": "TU_CHOI"}
FINAL = ("DA_CAP", "TU_CHOI", "DA_RUT")
OFFICER = "Vũ Minh Tuấn"
TABLES = """
CREATE TABLE IF NOT EXISTS card (
    personal_number TEXT PRIMARY KEY, dossier TEXT NOT NULL UNIQUE, issued TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS correction (
    key TEXT PRIMARY KEY, dossier TEXT NOT NULL, name TEXT NOT NULL, born TEXT, sex TEXT
);
"""
Handler = Callable[[etree._Element], etree._Element]


class Refused(Exception):
    """Answer an error document; nothing was taken in."""

    def __init__(self, status: int, sentence: str, errors: Sequence[FieldError] = ()) -> None:
        """``status`` is HTTP's: 200 a field or the dossier's state, 400 not the contract, 401 who asks."""
        super().__init__(sentence)
        self.status, self.sentence, self.errors = status, sentence, errors


class CanCuoc(Agency):
    """Plain XML over HTTP with enveloped signatures. Option: ``api_key`` (header ``X-Api-Key``)."""

    name, title, english = "cancuoc", "Căn cước (Công an)", "Identity card for children"
    schema = TABLES

    def prepare(self) -> None:
        """Compile the schema."""
        self.api_key = str(self.site.options.get("api_key", "khoa-can-cuoc"))
        self.documents = structure_schema(self.contract_folder / "cancuoc.xsd")

    def routes(self) -> Sequence[BaseRoute]:
        """One path per document."""
        return [
            self._route("/yeu-cau", "YeuCauCapThe", self._request),
            self._route("/bo-sung", "BoSung", self._supplement),
            self._route("/rut", "RutYeuCau", self._withdraw),
            self._route("/dinh-chinh", "DinhChinh", self._correct),
            self._route("/trang-thai", "HoiTrangThai", self._status, signed=False),
            Route("/trang-thai", self._ask, methods=["GET"]),
            Route("/cancuoc.xsd", self._schema, methods=["GET"]),
        ]

    def operation(self, path: str, content: str) -> str:
        """The root element's name; for a GET the last part of the path."""
        try:
            return local_name(parse(content.encode()))
        except NotXml:
            return super().operation(path, content)

    def reply_names(self) -> list[str]:
        """Documents of the answers."""
        return ["PhanHoi", "TrangThai"]

    def _route(self, path: str, name: str, handle: Handler, *, signed: bool = True) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                self._check_caller(request)
                document = self._read(await request.body(), name, signed=signed)
                with self.database.transaction():
                    return self._answer(handle(document))
            except Refused as refused:
                return self._answer(
                    self._reply("LOI", refused.sentence, errors=refused.errors), refused.status
                )

        return Route(path, endpoint, methods=["POST"])

    async def _ask(self, request: Request) -> Response:
        """GET /trang-thai?khoa=…&khoa=…"""
        question = etree.Element(f"{{{NAMESPACE}}}HoiTrangThai")
        for key in request.query_params.getlist("khoa"):
            add(question, "Khoa", key)
        try:
            self._check_caller(request)
            self._check(question)
        except Refused as refused:
            return self._answer(self._reply("LOI", refused.sentence, errors=refused.errors), refused.status)
        return self._answer(self._status(question))

    async def _schema(self, request: Request) -> Response:
        return Response((self.contract_folder / "cancuoc.xsd").read_bytes(), media_type=XML)

    def _check_caller(self, request: Request) -> None:
        if request.headers.get("x-api-key") != self.api_key:
            raise Refused(401, "Khóa truy cập không đúng")
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if request.method == "POST" and kind not in ("application/xml", "text/xml"):
            raise Refused(415, f"Content-Type {kind!r}: cần application/xml")

    def _read(self, body: bytes, name: str, *, signed: bool) -> etree._Element:
        """The document, of which only what was signed."""
        try:
            root = parse(body)
        except NotXml as error:
            raise Refused(400, f"Không phải XML: {error}") from error
        if root.tag != f"{{{NAMESPACE}}}{name}":
            raise Refused(400, f"Cần phần tử {name}, nhận được {root.tag}")
        structure = self.documents.errors(root)
        if structure:
            raise Refused(400, f"Sai cấu trúc: {'; '.join(structure[:3])}")
        document = self._verified(root) if signed else root
        self._check(document)
        return document

    def _verified(self, root: etree._Element) -> etree._Element:
        try:
            return verify_enveloped(root, self.hub_public(), self.clock())
        except (BadSignature, NoTrust) as error:
            raise Refused(401, f"Chữ ký số không hợp lệ: {error}") from error

    def _check(self, document: etree._Element) -> None:
        structure = self.documents.errors(document)
        if structure:
            raise Refused(400, f"Sai cấu trúc: {'; '.join(structure[:3])}")
        _raise(self.documents.field_errors(document))

    def _request(self, request: etree._Element) -> etree._Element:
        key, dossier = request.get("khoa", ""), request.get("maHoSo", "")
        again = self._again(key, dossier)
        if again is not None:
            return again
        latest = self.desk.latest(dossier)
        if latest is not None:
            return self._reply("DA_CO", f"Hồ sơ {dossier} đã được tiếp nhận", latest)
        today = self.clock().astimezone(VIETNAM).date()
        if today < FIRST_DAY:
            raise _wrong_state(f"Thủ tục áp dụng từ {FIRST_DAY:%d-%m-%Y}")
        _raise([*request_errors(request, today), *self._has_card(request)])
        title, data = _name(request), {"code": self._new_code(), "request": serialize(request).decode()}
        return self._take(key, dossier, "YeuCauCapThe", request, title, data)

    def _supplement(self, message: etree._Element) -> etree._Element:
        key, dossier = message.get("khoa", ""), message.get("maHoSo", "")
        again = self._again(key, dossier)
        if again is not None:
            return again
        latest = self._expect(dossier, lambda state: state == "CAN_BO_SUNG")
        _raise(file_errors(message))
        return self._take(key, dossier, "BoSung", message, latest.title, latest.data)

    def _withdraw(self, message: etree._Element) -> etree._Element:
        key, dossier = message.get("khoa", ""), message.get("maHoSo", "")
        again = self._again(key, dossier)
        if again is not None:
            return again
        latest = self._expect(dossier, lambda state: state not in FINAL)
        answer = self._take(key, dossier, "RutYeuCau", message, latest.title, latest.data)
        self.desk.effect(key, "Rút yêu cầu")
        return answer

    def _correct(self, message: etree._Element) -> etree._Element:
        """Note what the register of births says now; a card that is issued gets a note, no new number."""
        key, dossier = message.get("khoa", ""), message.get("maHoSo", "")
        again = self._again(key, dossier)
        if again is not None:
            return again
        latest = self._expect(dossier, lambda state: state not in ("TU_CHOI", "DA_RUT"))
        person = child(message, "Tre")
        assert person is not None, "the schema demands it"
        _raise(correction_errors(person, parse(latest.data["request"].encode())[0]))
        number, name = person.get("soDinhDanh", ""), text(person, "HoTen")
        # The record of the request stays the newest business of the dossier: asking finds the card, not the correction.
        content = readable(latest.title, message)
        taken = self.desk.take(
            key, f"{dossier}/dinh-chinh", "DinhChinh", content, title=name, data=latest.data
        )
        row = (key, dossier, name, person.get("ngaySinh"), person.get("gioiTinh"))
        with self.database.transaction() as sql:
            sql.execute("INSERT INTO correction VALUES (?, ?, ?, ?, ?)", row)
        self.desk.effect(key, f"Đính chính theo giấy khai sinh {number}: {name}")
        return self._reply("TIEP_NHAN", f"Hồ sơ {dossier} được đính chính", taken.record)

    def _status(self, question: etree._Element) -> etree._Element:
        answer = etree.Element(f"{{{NAMESPACE}}}TrangThai", nsmap={"cc": NAMESPACE})
        for item in question:
            self._say(answer, (item.text or "").strip())
        return answer

    def _again(self, key: str, dossier: str) -> etree._Element | None:
        """The answer to a repeated key; the repetition is counted and has no other effect."""
        known = self.desk.find(key)
        if known is None:
            return None
        self.desk.take(key, dossier, known.operation, "")
        return self._reply("DA_CO", f"Hồ sơ {known.dossier} đã được tiếp nhận", known)

    def _expect(self, dossier: str, allowed: Callable[[str], bool]) -> Record:
        latest = self.desk.latest(dossier)
        if latest is None:
            raise _wrong_state(f"Hồ sơ {dossier} không tồn tại")
        if not allowed(self._state(latest)[0]):
            raise _wrong_state("Logic xử lý không hợp lệ: trạng thái hồ sơ không cho phép")
        return latest

    def _take(
        self,
        key: str,
        dossier: str,
        operation: str,
        document: etree._Element,
        title: str,
        data: dict[str, str],
    ) -> etree._Element:
        content = readable(title, document)
        taken = self.desk.take(key, dossier, operation, content, title=title, data=data)
        return self._reply("TIEP_NHAN", f"Hồ sơ {dossier} được tiếp nhận", taken.record)

    def _has_card(self, request: etree._Element) -> list[FieldError]:
        person = request[0]
        sql = "SELECT dossier FROM card WHERE personal_number = ?"
        row = self.database.row(sql, (person.get("soDinhDanh"),))
        if row is None:
            return []
        return [FieldError("content", "soDinhDanh", f"Trẻ đã được cấp thẻ theo hồ sơ {row['dossier']}")]

    def _state(self, record: Record) -> tuple[str, str, datetime | None]:
        """State, words and deadline of a record; nothing is issued here."""
        if record.operation == "RutYeuCau":
            return "DA_RUT", "Người yêu cầu rút", None
        verdict = self.desk.verdict(record.key)
        until = supplement_deadline(verdict.until, record.received)
        state = STATES.get(verdict.outcome, "DANG_XU_LY" if record.polls > 1 else "MOI")
        if state == "CAN_BO_SUNG" and self.clock() > until:
            return "TU_CHOI", "Quá thời hạn bổ sung hồ sơ", None
        return state, verdict.reason, until if state == "CAN_BO_SUNG" else None

    def _say(self, answer: etree._Element, key: str) -> None:
        """Append the entry of one key; asking counts."""
        entry, known = add(answer, "YeuCau"), self.desk.find(key)
        entry.set("khoa", key)
        if known is None:
            entry.set("ma", "KHONG_CO")
            entry.set("thoiDiem", local(self.clock(), TIME))
            return
        latest = self.desk.latest(known.dossier) or known
        self.desk.poll(latest.key)
        latest = self.desk.get(latest.key)
        state, reason, until = self._state(latest)
        state = self._out_of_order(latest, state)
        for name, value in (("ma", state), ("maHoSo", latest.dossier), ("maTiepNhan", latest.data["code"])):
            entry.set(name, value)
        issued = self._issue(latest) if state == "DA_CAP" else None
        entry.set("thoiDiem", local(issued or self.clock(), TIME))
        if until is not None:
            entry.set("hanBoSung", local(until, DAY))
        officer = add(entry, "CanBo", OFFICER)
        officer.set("chucVu", "Cán bộ quản lý căn cước")
        officer.set("donVi", "Công an cấp xã")
        if reason and state != "DANG_XU_LY":
            add(entry, "LyDo", reason)
        if issued is not None:
            _card(entry, parse(latest.data["request"].encode()), issued)

    def _out_of_order(self, record: Record, state: str) -> str:
        """On demand, fall back for the one question after the first that found the card issued."""
        if state != "DA_CAP":
            return state
        if record.data.get("fall_back"):
            self.desk.remember(record.key, fall_back=False)
            return "DANG_XU_LY"
        if self.quirk("out-of-order", "HoiTrangThai", record.content):
            self.desk.remember(record.key, fall_back=True)
        return state

    def _issue(self, record: Record) -> datetime:
        row = self.database.row("SELECT issued FROM card WHERE dossier = ?", (record.dossier,))
        if row is not None:
            return datetime.fromisoformat(row["issued"])
        number, now = parse(record.data["request"].encode())[0].get("soDinhDanh"), self.clock()
        with self.database.transaction() as sql:
            sql.execute("INSERT INTO card VALUES (?, ?, ?)", (number, record.dossier, now.isoformat()))
        self.desk.effect(record.key, f"Cấp thẻ căn cước {number}")
        return now

    def _reply(
        self, outcome: str, sentence: str, record: Record | None = None, errors: Sequence[FieldError] = ()
    ) -> etree._Element:
        answer = etree.Element(f"{{{NAMESPACE}}}PhanHoi", nsmap={"cc": NAMESPACE})
        answer.set("ketQua", outcome)
        if record is not None:
            answer.set("maTiepNhan", record.data["code"])
        answer.set("thoiDiem", local(self.clock(), TIME))
        add(answer, "MoTa", sentence[:1000])
        for error in errors[:50]:
            entry = add(answer, "Loi", error.sentence[:1000])
            entry.set("ma", CODES[error.kind])
            entry.set("truong", error.field)
        return answer

    def _answer(self, document: etree._Element, status: int = 200) -> Response:
        return Response(serialize(sign_enveloped(document, self.identity)), status, media_type=XML)

    def _new_code(self) -> str:
        number = self.database.rows("SELECT count(*) AS n FROM received")[0]["n"] + 1
        return f"CC{local(self.clock(), '%y%m%d')}{number:06d}"


def _raise(errors: Sequence[FieldError]) -> None:
    if errors:
        raise Refused(200, "Dữ liệu không hợp lệ", errors)


def _wrong_state(sentence: str) -> Refused:
    return Refused(200, sentence, [FieldError("state", "maHoSo", sentence)])


def _name(request: etree._Element) -> str:
    return " ".join(filter(None, (text(request, f"Tre/{name}") for name in ("Ho", "Dem", "Ten"))))


def _card(entry: etree._Element, request: etree._Element, issued: datetime) -> None:
    born = day(request[0].get("ngaySinh", ""))
    assert born is not None
    leap = (born.month, born.day) == (2, 29)
    end = born.replace(year=born.year + ADULT, day=28 if leap else born.day)
    card = add(entry, "The")
    card.set("so", request[0].get("soDinhDanh", ""))
    card.set("ngayCap", local(issued, DAY))
    card.set("ngayHetHan", end.strftime(DAY))
    add(card, "NoiCap", "Bộ Công an")
