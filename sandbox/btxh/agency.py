"""The funeral-support service: plain XML over HTTP, the account's key in the message, results by polling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.btxh.answers import (
    ACCOUNT,
    AGAIN,
    CONTRACT,
    DAY,
    DONE,
    FIELD,
    STATE,
    TIME,
    UNKNOWN,
    Refusal,
    receipt,
    refused,
)
from sandbox.btxh.checks import inner_errors, request_errors
from sandbox.core.agency import Agency
from sandbox.core.desk import Record
from sandbox.core.fields import FieldError, not_composed, structure_schema
from sandbox.core.readable import VIETNAM, local, readable, supplement_deadline
from sandbox.core.xml import NotXml, add, add_all, local_name, parse, serialize, text

XML = "application/xml; charset=utf-8"
STATES = {"approve": "14", "supplement": "13", "reject": "16"}
FINAL = ("14", "15", "16", "17")
EXCLUDES = {"BTXH": ("BTXH", "KHANCAP"), "KHANCAP": ("BTXH", "KHANCAP"), "NCC": ("NCC",)}
"""Kind of support → kinds after which it is not given for the same person."""
AMOUNTS = {"NCC": 23_400_000, "BTXH": 10_800_000, "KHANCAP": 27_000_000}
"""What this stand-in pays, in dong; the law's amounts are not its business."""
PAGE = 100
TABLES = """
CREATE TABLE IF NOT EXISTS support (
    personal_number TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, dossier TEXT NOT NULL UNIQUE,
    number TEXT NOT NULL UNIQUE, decided TEXT NOT NULL, amount INTEGER NOT NULL, paid_to TEXT NOT NULL,
    PRIMARY KEY (personal_number, kind)
);
"""
Handler = Callable[[etree._Element], etree._Element]


class Btxh(Agency):
    """Plain XML over HTTP. Option: ``accept_key``, the account's key inside every message."""

    name, title, english = "btxh", "Bảo trợ xã hội", "Social protection"
    schema = TABLES

    def prepare(self) -> None:
        """Compile the schemas."""
        self.accept_key = str(self.site.options.get("accept_key", "khoa-btxh"))
        self.documents = structure_schema(self.contract_folder / "btxh.xsd")
        self.inner = structure_schema(self.contract_folder / "extentdata.xsd")

    def routes(self) -> Sequence[BaseRoute]:
        """One path per document."""
        base = "/apiBTXH"
        return [
            self._route(f"{base}/DongBoDVC", "DongBoDVC", self._request),
            self._route(f"{base}/BoSungHoSo", "BoSungHoSo", self._supplement),
            self._route(f"{base}/RutHoSo", "RutHoSo", self._withdraw),
            self._route(f"{base}/DinhChinhHoSo", "DinhChinhHoSo", self._correct),
            self._route(f"{base}/TienTrinhHoSoBTXH", "HoiTienTrinh", self._progress, "TienTrinhHoSoBTXH"),
            self._route(f"{base}/DanhSachHoSo", "HoiDanhSach", self._list, "DanhSachHoSo"),
            Route("/{name}.xsd", self._contract, methods=["GET"]),
        ]

    def operation(self, path: str, content: str) -> str:
        """The root element's name."""
        try:
            return local_name(parse(content.encode()))
        except NotXml:
            return super().operation(path, content)

    def reply_names(self) -> list[str]:
        """Documents of the answers."""
        return ["KetQuaDongBo", "TienTrinhHoSoBTXH", "DanhSachHoSo"]

    # ------------------------------------------------------------------ every message

    def _route(self, path: str, name: str, handle: Handler, answer: str = "KetQuaDongBo") -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                document = self._read(await request.body(), name)
                with self.database.transaction():
                    reply = handle(document)
            except Refusal as refusal:
                reply = refused(answer, refusal, self.clock())
            return Response(serialize(reply), media_type=XML)

        return Route(path, endpoint, methods=["POST"])

    def _read(self, body: bytes, name: str) -> etree._Element:
        """The document, once it has the key, the shape and values within their bounds."""
        try:
            root = parse(body)
        except NotXml as error:
            raise Refusal(CONTRACT, f"Không phải XML: {error}") from error
        if root.tag != name:
            raise Refusal(CONTRACT, f"Cần phần tử {name}, nhận được {root.tag}")
        if text(root, "AcceptKey") != self.accept_key:
            raise Refusal(ACCOUNT, "AcceptKey không đúng")
        structure = self.documents.errors(root)
        if structure:
            raise Refusal(CONTRACT, f"Sai cấu trúc: {'; '.join(structure[:3])}")
        _raise(self.documents.field_errors(root))
        return root

    async def _contract(self, request: Request) -> Response:
        path = self.contract_folder / f"{request.path_params['name']}.xsd"
        if path.parent != self.contract_folder or not path.is_file():
            return Response(status_code=404)
        return Response(path.read_bytes(), media_type=XML)

    # ------------------------------------------------------------------ messages that change something

    def _request(self, request: etree._Element) -> etree._Element:
        form = "HoTroMaiTangPhi"
        dossier = f"{text(request, 'MaHoSo')}/{text(request, f'{form}/DoiTuongMaiTang')}"
        again = self._again(request)
        if again is not None:
            return again
        latest = self.desk.latest(dossier)
        if latest is not None:
            return self._already(latest)
        _raise(request_errors(request, self.inner, self.clock().astimezone(VIETNAM).date()))
        self._refuse_second(text(request, f"{form}/nktSoDinhDanh"), dossier.rpartition("/")[2])
        data = {
            "number": self._new_number(),
            "person": text(request, f"{form}/nktSoDinhDanh"),
            "recipient": text(request, f"{form}/HoVaTen"),
        }
        return self._take(request, dossier, text(request, f"{form}/nktHoVaTen"), data)

    def _supplement(self, message: etree._Element) -> etree._Element:
        again = self._again(message)
        if again is not None:
            return again
        latest = self._expect(message, lambda state: state == "13")
        _raise([*not_composed(message), *inner_errors(message, self.inner)])
        return self._take(message, latest.dossier, latest.title, latest.data)

    def _withdraw(self, message: etree._Element) -> etree._Element:
        again = self._again(message)
        if again is not None:
            return again
        latest = self._expect(message, lambda state: state not in FINAL)
        answer = self._take(message, latest.dossier, latest.title, latest.data)
        self.desk.effect(text(message, "KhoaGiaoDich"), "Rút hồ sơ")
        return answer

    def _correct(self, message: etree._Element) -> etree._Element:
        """Take over what civil status has corrected; a decision that was made stands."""
        again = self._again(message)
        if again is not None:
            return again
        latest = self._expect(message, lambda state: state not in ("16", "17"))
        name, number = text(message, "nktHoVaTen"), text(message, "nktSoDinhDanh")
        if number and number != latest.data["person"]:
            sentence = "nktSoDinhDanh là của người khác, không phải đính chính"
            raise Refusal(FIELD, sentence, "nktSoDinhDanh")
        with self.database.transaction() as sql:
            sql.execute("UPDATE support SET name = ? WHERE dossier = ?", (name, latest.dossier))
        self.desk.remember(latest.key, corrected=name)
        about = {**latest.data, "about": latest.dossier}
        answer = self._take(message, f"{latest.dossier}/dinh-chinh", name, about)
        self.desk.effect(text(message, "KhoaGiaoDich"), f"Đính chính hồ sơ {latest.dossier}")
        return answer

    def _again(self, message: etree._Element) -> etree._Element | None:
        """The answer to a repeated key; the repetition is counted and has no other effect."""
        known = self.desk.find(text(message, "KhoaGiaoDich"))
        if known is None:
            return None
        self.desk.take(known.key, known.dossier, known.operation, "")
        return self._already(known)

    def _already(self, record: Record) -> etree._Element:
        sentence = f"Hồ sơ {record.dossier} đã được tiếp nhận"
        return receipt(AGAIN, sentence, self.clock(), number=record.data["number"])

    def _expect(self, message: etree._Element, allowed: Callable[[str], bool]) -> Record:
        dossier = f"{text(message, 'MaHoSo')}/{text(message, 'DoiTuongMaiTang')}"
        latest = self.desk.latest(dossier)
        if latest is None:
            raise Refusal(UNKNOWN, f"Hồ sơ {dossier} không tồn tại", "MaHoSo")
        if not allowed(self._state(latest)[0]):
            raise Refusal(STATE, "Logic xử lý không hợp lệ: trạng thái hồ sơ không cho phép", "MaHoSo")
        return latest

    def _take(
        self, message: etree._Element, dossier: str, title: str, data: dict[str, Any]
    ) -> etree._Element:
        key, content = text(message, "KhoaGiaoDich"), readable(title, message)
        taken = self.desk.take(key, dossier, local_name(message), content, title=title, data=data)
        return receipt(
            DONE, f"Hồ sơ {dossier} được tiếp nhận", self.clock(), number=taken.record.data["number"]
        )

    def _refuse_second(self, person: str, kind: str) -> None:
        """A person's funeral is supported once; social protection and emergency exclude each other."""
        for other in EXCLUDES[kind]:
            sql = "SELECT dossier FROM support WHERE personal_number = ? AND kind = ?"
            row = self.database.row(sql, (person, other))
            if row is not None:
                sentence = f"Đã giải quyết mai táng phí ({other}) theo hồ sơ {row['dossier']}"
                raise Refusal(FIELD, sentence, "nktSoDinhDanh")

    # ------------------------------------------------------------------ questions

    def _progress(self, question: etree._Element) -> etree._Element:
        answer = etree.Element("TienTrinhHoSoBTXH")
        add(answer, "error_code", DONE)
        for item in question.iter("KhoaGiaoDich"):
            self._say(add(answer, "TienTrinh"), (item.text or "").strip())
        return answer

    def _list(self, question: etree._Element) -> etree._Element:
        """One page of the requests that came in; follow-ups belong to their request."""
        since, until = (
            datetime.strptime(text(question, name), "%Y%m%d%H%M%S").replace(tzinfo=VIETNAM)
            for name in ("TuThoiDiem", "DenThoiDiem")
        )
        found = [
            record
            for record in self.desk.records(since=since)
            if record.operation == "DongBoDVC" and record.received < until
        ]
        page = int(text(question, "Trang"))
        answer = etree.Element("DanhSachHoSo")
        add(answer, "error_code", DONE)
        for record in found[(page - 1) * PAGE : page * PAGE]:
            latest = self.desk.latest(record.dossier) or record
            row = add(answer, "HoSo")
            add_all(row, KhoaGiaoDich=record.key, MaHoSo=record.dossier.rpartition("/")[0])
            add_all(row, MaTiepNhan=record.data["number"], StatusId=self._state(latest)[0])
            add(row, "ThoiDiem", local(record.received, TIME))
        add(answer, "ConTiep", int(len(found) > page * PAGE))
        return answer

    def _state(self, record: Record) -> tuple[str, str, datetime | None]:
        """State, words and deadline of a record; nothing is decided here."""
        if record.operation == "RutHoSo":
            return "17", "Người yêu cầu rút hồ sơ", None
        verdict = self.desk.verdict(record.key)
        until = supplement_deadline(verdict.until, record.received)
        state = STATES.get(verdict.outcome, "12" if record.polls > 1 else "11")
        if state == "13" and self.clock() > until:
            return "16", "Quá thời hạn bổ sung hồ sơ", None
        return state, verdict.reason, until if state == "13" else None

    def _say(self, entry: etree._Element, key: str) -> None:
        """Fill the entry of one key; asking counts."""
        add(entry, "KhoaGiaoDich", key)
        known = self.desk.find(key)
        if known is None:
            add_all(entry, StatusId="0", ThoiDiem=local(self.clock(), TIME))
            return
        latest = self.desk.latest(str(known.data.get("about", known.dossier))) or known
        self.desk.poll(latest.key)
        latest = self.desk.get(latest.key)
        state, reason, until = self._state(latest)
        state = self._out_of_order(latest, state)
        decision = self._decide(latest) if state == "14" else None
        add_all(entry, MaHoSo=latest.dossier.rpartition("/")[0], MaTiepNhan=latest.data["number"])
        at = datetime.fromisoformat(decision["decided"]) if decision else self.clock()
        add_all(entry, StatusId=state, ThoiDiem=local(at, TIME), NguoiXuLy="Đỗ Thị Hạnh")
        add_all(entry, ChucDanh="Công chức văn hóa - xã hội", DonVi="Ủy ban nhân dân cấp xã")
        add_all(entry, NoiDungXuLy=reason if state not in ("11", "12") else "")
        add_all(entry, HanBoSung=local(until, DAY) if until is not None and state == "13" else "")
        if decision is not None:
            self._decision(entry, decision)

    def _out_of_order(self, record: Record, state: str) -> str:
        """On demand, fall back for the one question after the first that found the decision."""
        if state != "14":
            return state
        if record.data.get("fall_back"):
            self.desk.remember(record.key, fall_back=False)
            return "12"
        if self.quirk("out-of-order", "HoiTienTrinh", record.content):
            self.desk.remember(record.key, fall_back=True)
        return state

    def _decide(self, record: Record) -> Any:
        """The decision about a dossier, made now if it was not made before."""
        sql = "SELECT * FROM support WHERE dossier = ?"
        row = self.database.row(sql, (record.dossier,))
        if row is not None:
            return row
        kind = record.dossier.rpartition("/")[2]
        count = self.database.rows("SELECT count(*) AS n FROM support")[0]["n"] + 1
        number, name = f"{count:02d}/QĐ-MTP", record.data.get("corrected", record.title)
        with self.database.transaction() as change:
            change.execute(
                "INSERT INTO support VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    record.data["person"],
                    kind,
                    name,
                    record.dossier,
                    number,
                    self.clock().isoformat(),
                    AMOUNTS[kind],
                    record.data["recipient"],
                ),
            )
        self.desk.effect(record.key, f"Quyết định {number}")
        return self.database.row(sql, (record.dossier,))

    @staticmethod
    def _decision(entry: etree._Element, row: Any) -> None:
        made = add(entry, "QuyetDinh")
        add_all(made, So=row["number"], Ngay=local(datetime.fromisoformat(row["decided"]), DAY))
        add_all(made, SoTien=row["amount"], NguoiNhan=row["paid_to"])

    def _new_number(self) -> str:
        count = self.database.rows("SELECT count(*) AS n FROM received")[0]["n"] + 1
        return f"BTXH{local(self.clock(), '%y%m%d')}{count:06d}"


def _raise(errors: Sequence[FieldError]) -> None:
    """Say the first field and all sentences."""
    if errors:
        sentence = "; ".join(error.sentence for error in errors)
        raise Refusal(FIELD, sentence, errors[0].field)
