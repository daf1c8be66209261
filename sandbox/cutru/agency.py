"""The residence service: takes declarations in, decides, and tells the hub by signed call-backs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from lxml import etree
from starlette.routing import BaseRoute, Route

from sandbox.core import soap, wss
from sandbox.core.agency import Agency
from sandbox.core.callbacks import Callback
from sandbox.core.contract import Contract
from sandbox.core.desk import Record
from sandbox.core.dsig import BadSignature
from sandbox.core.fields import FieldError, structure_schema
from sandbox.core.keys import NoTrust
from sandbox.core.readable import VIETNAM, local, readable, supplement_deadline
from sandbox.core.service import Exchange, Operation, SoapService
from sandbox.core.soap import SOAP12, SoapFault
from sandbox.core.xml import add, add_all, local_name, parse, serialize, text
from sandbox.cutru import addressing, corrections, register
from sandbox.cutru.addressing import Addressing
from sandbox.cutru.checks import NAMESPACE, error_detail, file_errors, form_errors
from sandbox.cutru.notices import Status, document, moment, notice, say
from sandbox.cutru.register import REMOVAL, Register

TABLES = """
CREATE TABLE IF NOT EXISTS undecided (dossier TEXT PRIMARY KEY, sequence INTEGER NOT NULL DEFAULT 0);
"""
LISTED = 200
FORMS = {"ToKhaiCT01": "TiepNhanToKhai", REMOVAL: "TiepNhanXoaThuongTru"}
CALLBACK_ACTION = f"{NAMESPACE}/ThongBao"
WITHDRAWAL = "RutToKhai"
STATES = {"approve": "DaGiaiQuyet", "supplement": "YeuCauBoSung", "reject": "TuChoi"}
PAPERS = {"YeuCauBoSung": "CT05", "TuChoi": "CT06", "DaGiaiQuyet": "CT08"}


class CuTru(Agency):
    """SOAP 1.2 document/literal with WS-Addressing and WS-Security.

    Options: ``callback_path`` (default ``/agency/cutru``); ``signed_acknowledgement`` (default False: the hub's
    answer to a call-back is verified if it is signed; True: it must be).
    """

    name, title, english = "cutru", "Cư trú (Công an)", "Residence (public security)"
    schema = TABLES + register.SCHEMA + corrections.SCHEMA
    soap_version = SOAP12

    def prepare(self) -> None:
        """Compile the schemas."""
        self.requests = structure_schema(self.contract_folder / "cutru.xsd")
        self.notices = structure_schema(self.contract_folder / "cutru-thongbao.xsd")
        self.register = Register(self.database, self.clock)
        self.callback_path = str(self.site.options.get("callback_path", "/agency/cutru"))
        self._sent: dict[int, str] = {}

    def routes(self) -> Sequence[BaseRoute]:
        """One SOAP endpoint, ``/cutru``."""
        operations = (
            *(self._operation(name, form, self._submit) for form, name in FORMS.items()),
            self._operation("BoSungToKhai", "BoSungHoSo", self._supplement),
            self._operation(WITHDRAWAL, "RutHoSo", self._withdraw),
            self._operation("DinhChinhHoSo", "DinhChinhHoSo", self._correct),
            self._operation("HoiTrangThai", "CauHoiTrangThai", self._status),
            self._operation("DanhSachHoSo", "CauHoiDanhSach", self._list),
        )
        service = SoapService(
            SOAP12,
            operations,
            self.requests,
            Contract(self.contract_folder, "cutru.wsdl"),
            understood=addressing.HEADERS | {wss.SECURITY},
            guard=self._guard,
            seal=self._seal,
        )
        return [Route("/cutru", service.__call__, methods=["GET", "POST"])]

    def operation(self, path: str, content: str) -> str:
        """Name of the operation by the document in the body."""
        names = {**FORMS, "BoSungHoSo": "BoSungToKhai", "RutHoSo": WITHDRAWAL}
        names |= {"CauHoiTrangThai": "HoiTrangThai", "CauHoiDanhSach": "DanhSachHoSo"}
        found = super().operation(path, content)
        return names.get(found, found)

    def reply_names(self) -> list[str]:
        """Documents of the answers."""
        return ["KetQuaTiepNhan", "TrangThaiHoSo", "DanhSachHoSo"]

    def progress(self) -> None:
        """Tell the hub what is new about every dossier that is not settled."""
        for row in self.database.rows("SELECT dossier FROM undecided"):
            with self.database.transaction():
                self._tell(str(row["dossier"]))

    def seal_callback(self, callback: Callback) -> tuple[bytes, Mapping[str, str]]:
        """A new envelope for each attempt: own message id, fresh time-stamp and signature."""
        message_id = self._message_id()
        self._sent[callback.id] = message_id
        to = f"{(self.hub_url or '').rstrip('/')}{callback.path}"
        headers = addressing.build(Addressing(CALLBACK_ACTION, message_id, to))
        envelope = soap.envelope(SOAP12, parse(callback.payload), headers)
        signed = wss.sign(envelope, SOAP12, self.identity, now=self.clock(), new_id=self.site.new_id)
        return serialize(signed), {
            "Content-Type": f'{SOAP12.media_type}; charset=utf-8; action="{CALLBACK_ACTION}"'
        }

    def acknowledged(self, callback: Callback, status: int, body: bytes) -> bool:
        """Whether this is the contract's acknowledgement of this very notice."""
        if status != 200:
            return False
        try:
            answer = soap.read(body, SOAP12)
            self._check_acknowledgement(answer, self._sent.get(callback.id, ""))
        except (SoapFault, BadSignature, NoTrust):
            return False
        named = text(answer.payload, "MaThongBao") == text(parse(callback.payload), "MaThongBao")
        is_one = local_name(answer.payload) == "XacNhanThongBao" and not self.notices.errors(answer.payload)
        return named and is_one and not self.notices.field_errors(answer.payload)

    def _check_acknowledgement(self, answer: soap.Envelope, message_id: str) -> None:
        is_signed = any(block.tag == wss.SECURITY for block in answer.headers)
        if is_signed or self.site.options.get("signed_acknowledgement", False):
            wss.verify(answer.root, SOAP12, self.hub_public(), self.clock())
        if is_signed or any(block.tag in addressing.HEADERS for block in answer.headers):
            properties = addressing.read(answer.headers, ("Action", "RelatesTo"))
            if properties.relates_to != message_id:
                raise addressing.fault("InvalidAddressingHeader", "relates to another message", "RelatesTo")

    def _operation(
        self, name: str, document: str, handle: Callable[[etree._Element], etree._Element]
    ) -> Operation:
        def answer(exchange: Exchange) -> etree._Element:
            errors = self.requests.field_errors(exchange.payload)
            if errors:
                raise _refused(errors)
            with self.database.transaction():
                return handle(exchange.payload)

        return Operation(name, f"{{{NAMESPACE}}}{document}", answer, f"{NAMESPACE}/{name}")

    def _guard(self, exchange: Exchange) -> None:
        properties = addressing.read(exchange.envelope.headers)
        if properties.action != exchange.operation.action:
            raise addressing.fault(
                "InvalidAddressingHeader", f"expected {exchange.operation.action}", "Action"
            )
        if properties.to != exchange.url:
            raise addressing.fault("DestinationUnreachable", f"this endpoint is {exchange.url}", "To")
        try:
            wss.verify(exchange.envelope.root, SOAP12, self.hub_public(), self.clock())
        except (BadSignature, NoTrust) as error:
            subcode = (wss.WSSE, "FailedCheck")
            raise SoapFault(
                "sender", "Bảo mật thông điệp không hợp lệ", str(error), subcode=subcode
            ) from error
        exchange.notes["message_id"] = properties.message_id

    def _seal(self, envelope: etree._Element, exchange: Exchange) -> etree._Element:
        action = f"{exchange.operation.action}Response"
        headers = addressing.build(
            Addressing(action, self._message_id(), relates_to=exchange.notes["message_id"])
        )
        header = etree.Element(SOAP12.tag("Header"))
        header.extend(headers)
        envelope.insert(0, header)
        return wss.sign(envelope, SOAP12, self.identity, now=self.clock(), new_id=self.site.new_id)

    def _message_id(self) -> str:
        return f"urn:uuid:{self.site.new_id()}"

    def _submit(self, form: etree._Element) -> etree._Element:
        key, dossier = text(form, "MaGiaoDich"), text(form, "MaHoSoLienThong")
        known = self.desk.find(key)
        if known is not None:
            self.desk.take(key, dossier, known.operation, "")
        before = known or self.desk.latest(dossier)
        if before is not None:
            return self._receipt(before, key, again=True)
        errors = [*form_errors(form, self._today()), *self.register.errors(form)]
        if errors:
            raise _refused(errors)
        title = text(form, "HoTen")
        data = {"code": self._new_code(), "form": serialize(form).decode(), "told": []}
        operation = FORMS[local_name(form)]
        taken = self.desk.take(key, dossier, operation, readable(title, form), title=title, data=data)
        with self.database.transaction() as sql:
            sql.execute("INSERT INTO undecided (dossier) VALUES (?)", (dossier,))
        return self._receipt(taken.record, key)

    def type_in(self, form: etree._Element) -> str:
        """An officer types a declaration in that came on paper: the agency's own code of it, it has no other."""
        with self.database.transaction():
            code, title = self._new_code(), text(form, "HoTen")
            data = {"code": code, "form": serialize(form).decode(), "told": []}
            operation = FORMS[local_name(form)]
            self.desk.take(code, code, operation, readable(title, form), title=title, data=data)
        return code

    def _supplement(self, message: etree._Element) -> etree._Element:
        key, latest = self._follows(message)
        if self.desk.find(key) is not None:
            self.desk.take(key, latest.dossier, "BoSungToKhai", "")
            return self._receipt(latest, key, again=True)
        if self._state(latest).state != "YeuCauBoSung":
            raise _wrong_state("hồ sơ không chờ bổ sung")
        errors = file_errors(message)
        if errors:
            raise _refused(errors)
        return self._receipt(self._next(key, latest, "BoSungToKhai", message), key)

    def _withdraw(self, message: etree._Element) -> etree._Element:
        key, latest = self._follows(message)
        if self.desk.find(key) is not None:
            self.desk.take(key, latest.dossier, WITHDRAWAL, "")
            return self._receipt(latest, key, again=True)
        if self._state(latest).state in ("DaGiaiQuyet", "TuChoi", "DaRut"):
            raise _wrong_state("hồ sơ đã kết thúc")
        record = self._next(key, latest, WITHDRAWAL, message)
        self.desk.effect(key, "Rút hồ sơ")
        return self._receipt(record, key)

    def _correct(self, message: etree._Element) -> etree._Element:
        """The civil act has been corrected: the form says it from now on, whatever the state of the dossier."""
        key, latest = self._follows(message)
        if self.database.row("SELECT 1 FROM correction WHERE key = ?", (key,)) is not None:
            return self._receipt(latest, key, again=True)
        form = parse(latest.data["form"].encode())
        errors = corrections.errors(form, message)
        decision = self.decisions.take("DinhChinhHoSo", readable(latest.title, message))
        if decision.outcome == "reject":
            errors.append(FieldError("content", "ThayDoi", decision.reason or "Không chấp nhận đính chính"))
        if errors:
            raise _refused(errors)
        changed, what = corrections.corrected(form, message), corrections.fields(message)
        with self.database.transaction() as sql:
            sql.execute("INSERT INTO correction VALUES (?, ?, ?)", (key, latest.dossier, what))
        self.desk.remember(latest.key, form=serialize(changed).decode())
        self.desk.effect(latest.key, f"Đính chính {what}")
        return self._receipt(latest, key)

    def _list(self, question: etree._Element) -> etree._Element:
        since, until = (
            datetime.fromisoformat(text(question, name)) for name in ("TuThoiDiem", "DenThoiDiem")
        )
        page = int(text(question, "Trang") or "1")
        found = [
            item
            for item in self.desk.records(since=since)
            if item.operation in FORMS.values() and item.received < until
        ]
        answer = document("DanhSachHoSo")
        for item in found[(page - 1) * LISTED : page * LISTED]:
            latest = self.desk.latest(item.dossier) or item
            row = add(answer, "HoSo")
            if item.dossier != item.data["code"]:
                add_all(row, MaHoSoLienThong=item.dossier, MaGiaoDich=item.key)
            add_all(row, MaHoSo=item.data["code"])
            add_all(row, TrangThai=self._state(latest).state, ThoiDiem=moment(item.received))
        add(answer, "ConNua", "true" if len(found) > page * LISTED else "false")
        return answer

    def _status(self, question: etree._Element) -> etree._Element:
        key = text(question, "MaGiaoDich")
        known = self.desk.find(key)
        if known is None:
            return document("TrangThaiHoSo", MaGiaoDich=key, CoHoSo="false")
        latest = self.desk.latest(known.dossier) or known
        self.desk.poll(latest.key)
        status = self._state(latest)
        answer = document("TrangThaiHoSo", MaGiaoDich=key, CoHoSo="true", MaHoSoLienThong=known.dossier)
        add_all(answer, MaHoSo=latest.data["code"], TrangThai=status.state, ThoiDiem=moment(status.at))
        self._say(answer, latest, status)
        return answer

    def _follows(self, message: etree._Element) -> tuple[str, Record]:
        latest = self.desk.latest(text(message, "MaHoSoLienThong"))
        if latest is None:
            raise _refused([FieldError("content", "MaHoSoLienThong", "Hồ sơ không tồn tại")])
        return text(message, "MaGiaoDich"), latest

    def _next(self, key: str, latest: Record, operation: str, message: etree._Element) -> Record:
        data = {**latest.data, "told": []}
        content = readable(latest.title, message)
        taken = self.desk.take(key, latest.dossier, operation, content, title=latest.title, data=data)
        with self.database.transaction() as sql:
            sql.execute("INSERT OR IGNORE INTO undecided (dossier) VALUES (?)", (latest.dossier,))
        return taken.record

    def _receipt(self, record: Record, key: str, *, again: bool = False) -> etree._Element:
        answer = document("KetQuaTiepNhan", MaGiaoDich=key)
        add(answer, "MaKetQua", "DA_DUOC_TIEP_NHAN" if again else "DA_TIEP_NHAN")
        add(answer, "MoTa", f"Hồ sơ {record.dossier} {'đã được tiếp nhận' if again else 'được tiếp nhận'}")
        add_all(answer, MaHoSo=record.data["code"], ThoiDiem=moment(record.received))
        return answer

    def _state(self, record: Record) -> Status:
        """State of a dossier now. Settling a dossier writes its entry, once."""
        if record.operation == WITHDRAWAL:
            return Status("DaRut", record.received)
        verdict = self.desk.verdict(record.key)
        state = STATES.get(verdict.outcome, "DangXuLy")
        until, reason = supplement_deadline(verdict.until, record.received), verdict.reason
        if state == "YeuCauBoSung" and self.clock() > until:
            state, reason = "TuChoi", "Quá thời hạn bổ sung hồ sơ"
        at = self._settle(record) if state == "DaGiaiQuyet" else self.clock()
        paper = f"{record.data['code'][-6:]}/{PAPERS.get(state, '')}"
        return Status(state, at, paper, reason, until)

    def _settle(self, record: Record) -> datetime:
        at, done = self.register.settle(record.dossier, parse(record.data["form"].encode()))
        if done is not None:
            self.desk.effect(record.key, done)
        return at

    def _say(self, element: etree._Element, record: Record, status: Status) -> None:
        form = parse(record.data["form"].encode())
        say(element, status, form, closed=self.register.closed(record.dossier))

    def _tell(self, dossier: str) -> None:
        """Promise the notices that are due: received, in hand, then the outcome."""
        latest = self.desk.latest(dossier)
        if latest is None:
            return self._done(dossier)
        status, told = self._state(latest), list(latest.data["told"])
        wanted = [Status(state, latest.received) for state in ("DaTiepNhan", "DangXuLy")]
        if latest.operation == WITHDRAWAL:
            wanted = []
        if status.state != "DangXuLy":
            wanted.append(status)
        new = [item for item in wanted if item.state not in told]
        if not new:
            return None
        numbered = [(self._next_sequence(dossier), item) for item in new]
        if len(numbered) > 1 and self.quirk("out-of-order", "ThongBao", latest.content):
            numbered.reverse()
        for sequence, item in numbered:
            self._promise(latest, sequence, item)
        self.desk.remember(latest.key, told=[*told, *(item.state for item in new)])
        if status.state in ("DaGiaiQuyet", "TuChoi", "DaRut"):
            self._done(dossier)
        return None

    def _promise(self, record: Record, sequence: int, status: Status) -> None:
        count = self.database.rows("SELECT count(*) AS n FROM callback")[0]["n"] + 1
        first = "SELECT key FROM received WHERE dossier = ? ORDER BY position LIMIT 1"
        key = self.database.rows(first, (record.dossier,))[0]["key"]
        head = {"MaGiaoDich": key, "MaHoSoLienThong": record.dossier, "MaHoSo": record.data["code"]}
        element = notice(count, sequence, head, status)
        self._say(element, record, status)
        self.callbacks.add(record.key, "ThongBao", self.callback_path, serialize(element))

    def _next_sequence(self, dossier: str) -> int:
        with self.database.transaction() as sql:
            sql.execute("UPDATE undecided SET sequence = sequence + 1 WHERE dossier = ?", (dossier,))
        return int(
            self.database.rows("SELECT sequence FROM undecided WHERE dossier = ?", (dossier,))[0]["sequence"]
        )

    def _done(self, dossier: str) -> None:
        with self.database.transaction() as sql:
            sql.execute("DELETE FROM undecided WHERE dossier = ?", (dossier,))

    def _new_code(self) -> str:
        number = self.database.rows("SELECT count(*) AS n FROM received")[0]["n"] + 1
        return f"G01-{local(self.clock(), '%y%m%d')}-{number:06d}"

    def _today(self) -> date:
        return self.clock().astimezone(VIETNAM).date()


def _refused(errors: Sequence[FieldError]) -> SoapFault:
    """A Sender fault that names every wrong field in its detail."""
    sentence = "; ".join(item.sentence for item in errors)
    return SoapFault(
        "sender",
        f"Dữ liệu không hợp lệ: {sentence}"[:1000],
        "a field is not acceptable",
        detail=error_detail(errors),
    )


def _wrong_state(sentence: str) -> SoapFault:
    return _refused([FieldError("content", "MaHoSoLienThong", f"Logic xử lý không hợp lệ: {sentence}")])
