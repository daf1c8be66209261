"""The civil-status service: takes dossiers of births and deaths in, registers them, answers questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from lxml import etree
from starlette.routing import BaseRoute, Route

from sandbox.core import tokens
from sandbox.core.agency import Agency
from sandbox.core.contract import Contract
from sandbox.core.desk import Record
from sandbox.core.dsig import BadSignature, sign_enveloped, verify_enveloped
from sandbox.core.fields import FieldError, structure_schema
from sandbox.core.keys import NoTrust
from sandbox.core.places import commune
from sandbox.core.readable import VIETNAM, local, readable, supplement_deadline
from sandbox.core.service import Exchange, HttpRefusal, Operation, SoapService
from sandbox.core.soap import SOAP11, SoapFault
from sandbox.core.tokens import LIFETIME, Tokens
from sandbox.core.xml import DSIG, add, child, copy_of, local_name, parse, serialize, text
from sandbox.hotich import corrections, register, results
from sandbox.hotich.checks import dossier_errors, file_errors, record_errors
from sandbox.hotich.records import event, full_name, module
from sandbox.hotich.register import Register
from sandbox.hotich.result_common import unit_name
from sandbox.hotich.results import TIME, done, refused, refused_fields

NAMESPACE = "urn:botuphap:hotich:lienthong:1.0"
WITHDRAWAL = "rutHoSo"
SIGNED = ("nhanHoSoDKHT", "boSungHoSo", WITHDRAWAL)
LISTED = 200
Handler = Callable[[etree._Element], etree._Element]


class HoTich(Agency):
    """SOAP 1.1 rpc/literal; results are polled. Options: ``user`` and ``password`` of the account."""

    corrects = True
    name, title, english = "hotich", "Hộ tịch (Tư pháp)", "Civil status (justice)"
    schema = register.SCHEMA + tokens.SCHEMA
    soap_version = SOAP11

    def prepare(self) -> None:
        """Set up register, tokens and schema."""
        options = self.site.options
        self.account = (options.get("user", "lienthong"), options.get("password", "mat-khau-thu"))
        self.tokens = Tokens(self.database, self.clock, self.site.new_id)
        self.register = Register(self.database, self.clock, self.random)
        self.parts = structure_schema(self.contract_folder / "hotich.xsd")

    def routes(self) -> Sequence[BaseRoute]:
        """One SOAP endpoint, ``/hotich``."""
        operations = (
            self._operation("layToken", "yeuCau", "YeuCauToken", self._token),
            self._operation("nhanHoSoDKHT", "hoSo", "HoSoDKHT", self._submit),
            self._operation("boSungHoSo", "hoSo", "HoSoBoSung", self._supplement),
            self._operation(WITHDRAWAL, "yeuCau", "YeuCauRut", self._withdraw),
            self._operation("traKetQuaHoSo", "yeuCau", "YeuCauKetQua", self._results),
            self._operation("danhSachHoSo", "yeuCau", "YeuCauDanhSach", self._list),
        )
        contract = Contract(self.contract_folder, "hotich.wsdl")
        service = SoapService(SOAP11, operations, self.parts, contract, guard=self._guard)
        return [Route("/hotich", service.__call__, methods=["GET", "POST"])]

    def reply_names(self) -> list[str]:
        """Wrapper elements of the answers."""
        return ["layTokenResponse", "danhSachHoSoResponse", "traKetQuaHoSoResponse"]

    def _operation(self, name: str, part: str, document: str, handle: Handler) -> Operation:
        element = f"{{{NAMESPACE}}}{document}"

        def answer(exchange: Exchange) -> etree._Element:
            given = exchange.notes["part"]
            errors = self.parts.field_errors(given, as_element=element)
            answered = refused_fields(errors) if errors else handle(given)
            wrapper = etree.Element(f"{{{NAMESPACE}}}{name}Response", nsmap={"hot": NAMESPACE})
            wrapper.append(sign_enveloped(answered, self.identity))
            return wrapper

        return Operation(name, f"{{{NAMESPACE}}}{name}", answer, f"{NAMESPACE}#{name}", {part: element})

    def _guard(self, exchange: Exchange) -> None:
        """Token first, then the signature where one is demanded; handlers see only what was signed."""
        name = exchange.operation.name
        if name != "layToken":
            scheme, _, token = exchange.http.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not self.tokens.holds(token.strip()):
                raise HttpRefusal(401, "Token không hợp lệ hoặc đã hết hạn", {"WWW-Authenticate": "Bearer"})
        if len(exchange.payload) != 1:
            raise SoapFault("sender", "Dữ liệu không đúng cấu trúc quy định", "exactly one part is expected")
        part = exchange.payload[0]
        signed = name in SIGNED or part.find(f"{{{DSIG}}}Signature") is not None
        exchange.notes["part"] = self._verified(part) if signed else copy_of(part)

    def _verified(self, part: etree._Element) -> etree._Element:
        try:
            return verify_enveloped(copy_of(part), self.hub_public(), self.clock())
        except (BadSignature, NoTrust) as error:
            subcode = (SOAP11.namespace, "Client.Authentication")
            raise SoapFault("sender", "Chữ ký số không hợp lệ", str(error), subcode=subcode) from error

    def _token(self, part: etree._Element) -> etree._Element:
        if (text(part, "taiKhoan"), text(part, "matKhau")) != self.account:
            raise HttpRefusal(401, "Sai tài khoản hoặc mật khẩu", {"WWW-Authenticate": "Bearer"})
        return results.part(token=self.tokens.issue(), thoiHan=int(LIFETIME.total_seconds()))

    def _submit(self, part: etree._Element) -> etree._Element:
        key, dossier = text(part, "khoaGiaoDich"), text(part, "maHoSoLT")
        record = child(part, "hoTich")
        assert record is not None
        with self.database.transaction():
            again = self._again(key, dossier)
            again = self._known(dossier) if again is None else again
            if again is not None:
                return again
            errors = dossier_errors(part, self.clock().astimezone(VIETNAM).date())
            if errors:
                return refused_fields(errors)
            other = self.register.suspected(dossier, record, self._is_open)
            if other is not None:
                return results.duplicate(record, other, registered=self.register.find(other) is not None)
            self._take(key, dossier, "nhanHoSoDKHT", part, record)
            self.register.note(dossier, record)
        return done(f"Tiếp nhận hồ sơ {dossier} thành công")

    def _supplement(self, part: etree._Element) -> etree._Element:
        key, dossier = text(part, "khoaGiaoDich"), text(part, "maHoSoLT")
        with self.database.transaction():
            again = self._again(key, dossier)
            if again is not None:
                return again
            latest = self.desk.latest(dossier)
            if latest is None:
                return refused("KHONG_TON_TAI", f"Hồ sơ {dossier} không tồn tại")
            if self._state(latest) != "2":
                return refused("TRANG_THAI", "Logic xử lý không hợp lệ: hồ sơ không ở trạng thái bổ sung")
            record = child(part, "hoTich")
            today = self.clock().astimezone(VIETNAM).date()
            errors = [*file_errors(part), *(record_errors(record, today) if record is not None else ())]
            if errors:
                return refused_fields(errors)
            record = _record(latest) if record is None else record
            self._take(key, dossier, "boSungHoSo", part, record, latest)
        return done(f"Tiếp nhận bổ sung hồ sơ {dossier} thành công")

    def _withdraw(self, part: etree._Element) -> etree._Element:
        key, dossier = text(part, "khoaGiaoDich"), text(part, "maHoSoLT")
        with self.database.transaction():
            again = self._again(key, dossier)
            if again is not None:
                return again
            latest = self.desk.latest(dossier)
            if latest is None:
                return refused("KHONG_TON_TAI", f"Hồ sơ {dossier} không tồn tại")
            if self._state(latest) in ("4", "6"):
                return refused("TRANG_THAI", "Logic xử lý không hợp lệ: hồ sơ đã có kết quả")
            self._take(key, dossier, WITHDRAWAL, part, _record(latest), latest)
            self.desk.effect(key, "Rút hồ sơ")
        return done(f"Hồ sơ {dossier} đã được rút")

    def _results(self, part: etree._Element) -> etree._Element:
        answer = results.part(status="1", statusDescription="Thành công")
        for item in part:
            if local_name(item) == "maDinhDanhHoSo":
                answer.append(self._value(part, (item.text or "").strip()))
        return answer

    def _list(self, part: etree._Element) -> etree._Element:
        found = list(reversed(self._listed(part)))
        page = max(int(text(part, "trang") or "1"), 1)
        answer = results.part(status="1", statusDescription="Thành công")
        for item in found[(page - 1) * LISTED : page * LISTED]:
            latest = self.desk.latest(item.dossier)
            assert latest is not None
            row = add(answer, "hoSo")
            add(row, "maHoSoLT", item.dossier)
            add(row, "khoaGiaoDich", item.key)
            add(row, "thaoTac", item.operation)
            add(row, "thoiGianTiepNhan", local(item.received, TIME))
            add(row, "trangThai", self._state(latest))
        add(answer, "conNua", "1" if len(found) > page * LISTED else "0")
        return answer

    def _listed(self, part: etree._Element) -> list[Record]:
        """The messages that the question is about, oldest first."""
        dossier, key = text(part, "maHoSoLT"), text(part, "khoaGiaoDich")
        since, until = (_moment(text(part, name)) for name in ("tuThoiDiem", "denThoiDiem"))
        return [
            item
            for item in self.desk.records(dossier=dossier or None, since=since)
            if key in ("", item.key) and (until is None or item.received < until)
        ]

    def _again(self, key: str, dossier: str) -> etree._Element | None:
        """The answer to a repeated key; the repetition is counted and has no other effect."""
        known = self.desk.find(key)
        if known is None:
            return None
        self.desk.take(key, dossier, known.operation, "")
        return done(f"Hồ sơ {dossier} đã được tiếp nhận")

    def _known(self, dossier: str) -> etree._Element | None:
        """The answer to a dossier that came before under another key."""
        latest = self.desk.latest(dossier)
        if latest is None:
            return None
        if self._state(latest) == "6":
            return refused("TRANG_THAI", f"Hồ sơ {dossier} đã bị từ chối hoặc đã rút")
        return done(f"Hồ sơ {dossier} đã được tiếp nhận")

    def _take(
        self,
        key: str,
        dossier: str,
        operation: str,
        part: etree._Element,
        record: etree._Element,
        before: Record | None = None,
    ) -> None:
        title = full_name(record)
        first: dict[str, Any] = (
            before.data
            if before
            else {"unit": text(part, "maDonVi"), "province_code": text(part, "maHoSoMCDT")}
        )
        data = {
            **first,
            "record": serialize(record).decode(),
            "files": _files(first.get("files", []), part),
        }
        self.desk.take(key, dossier, operation, readable(title, part), title=title, data=data)

    def correct(self, key: str, values: Mapping[str, str]) -> None:
        """An officer corrects a registered act (Law on Civil Status, Art 28): the next answer says so."""
        with self.database.transaction():
            before = self.desk.get(key)
            if self.register.find(before.dossier) is None:
                raise ValueError(f"{before.dossier}: chưa đăng ký nên chưa có gì để cải chính")
            latest = self.desk.latest(before.dossier)
            assert latest is not None
            record = corrections.corrected(_record(latest), values)
            today = self.clock().astimezone(VIETNAM).date()
            errors = [*self._field_errors(record), *record_errors(record, today)]
            if errors:
                raise ValueError("; ".join(error.sentence for error in errors))
            told = corrections.note(latest.data, values, self.clock())
            self.desk.remember(latest.key, record=serialize(record).decode(), **told)
            self.desk.effect(latest.key, f"Cải chính {', '.join(values)}")

    def _field_errors(self, record: etree._Element) -> Sequence[FieldError]:
        """Values of a corrected record that its schema refuses."""
        part = etree.Element("hoSo")
        part.append(copy_of(record))
        return self.parts.field_errors(part, as_element=f"{{{NAMESPACE}}}HoSoBoSung")

    def _is_open(self, dossier: str) -> bool:
        latest = self.desk.latest(dossier)
        return latest is not None and self._state(latest) != "6"

    def _state(self, record: Record) -> str:
        """BTP state of a record without counting a question."""
        if record.operation == WITHDRAWAL:
            return "6"
        return self._code(record, self.desk.verdict(record.key).outcome)

    def _code(self, record: Record, outcome: str) -> str:
        if self.register.find(record.dossier) is not None:
            return "4"
        if outcome == "supplement":
            until = supplement_deadline(self.desk.verdict(record.key).until, record.received)
            return "6" if self.clock() > until else "2"
        return {"reject": "6", "approve": "4"}.get(outcome, "3" if record.polls > 1 else "1")

    def _value(self, question: etree._Element, dossier: str) -> etree._Element:
        element, latest = etree.Element("value"), self.desk.latest(dossier)
        if latest is None or module(_record(latest)) != text(question, "module"):
            add(element, "maTinh", text(question, "maTinh"))
            add(element, "module", text(question, "module"))
            add(element, "maHoSoLT", dossier)
            add(element, "errors", f"Hồ sơ {dossier} không tồn tại")
            return element
        with self.database.transaction():
            verdict = self.desk.poll(latest.key)
            latest = self.desk.get(latest.key)
            state = "6" if latest.operation == WITHDRAWAL else self._code(latest, verdict.outcome)
            state = self._out_of_order(latest, state)
            self._head(element, latest, state)
            if state == "4":
                self._registered(element, latest, verdict.number_ready)
        _tail(element, latest, state, verdict.reason, supplement_deadline(verdict.until, latest.received))
        return element

    def _out_of_order(self, record: Record, state: str) -> str:
        """On demand, fall back from 4 to 3 for the one question after the first 4."""
        if state != "4":
            return state
        if record.data.get("fall_back"):
            self.desk.remember(record.key, fall_back=False)
            return "3"
        if self.quirk("out-of-order", "traKetQuaHoSo", record.content):
            self.desk.remember(record.key, fall_back=True)
        return state

    def _head(self, element: etree._Element, record: Record, state: str) -> None:
        place = commune(record.data["unit"])
        assert place is not None
        entry = self.register.find(record.dossier)
        moment = self.clock()
        if state == "4" and entry is not None:
            moment = corrections.latest(record.data) or entry.registered
        add(element, "maDonVi", place.code)
        add(element, "maTinh", place.province)
        add(element, "module", module(_record(record)))
        add(element, "maHoSoLT", record.dossier)
        if record.data["province_code"]:
            add(element, "maHoSoMCDT", record.data["province_code"])
        add(element, "trangThai", state)
        add(element, "thoiGianThucHien", local(moment, TIME))

    def _registered(self, element: etree._Element, record: Record, number_ready: bool) -> None:
        act = _record(record)
        entry, made = self.register.enter(record.dossier, record.data["unit"], act)
        if made:
            self.desk.effect(record.key, f"Đăng ký {event(act)} số {entry.number}, quyển {entry.book}")
        element.append(results.registration(act, record.data["unit"], entry, with_number=number_ready))


def _tail(element: etree._Element, record: Record, state: str, reason: str, until: datetime) -> None:
    """Who acted and what they say; ketQuaXuLy, if any, already stands before."""
    withdrawn = record.operation == WITHDRAWAL
    if state == "4":
        reason = corrections.words(record.data)
    said = "Người yêu cầu rút hồ sơ" if withdrawn else reason
    if state == "6" and not said:
        said = "Quá thời hạn bổ sung hồ sơ"
    if said and state in ("2", "4", "6"):
        note = etree.Element("ghiChu")
        note.text = said
        element.find("thoiGianThucHien").addnext(note)  # type: ignore[union-attr]
    for name, value in results.OFFICER.items():
        add(element, name, value)
    add(element, "phongBanXuLy", unit_name(record.data["unit"]))
    if state == "2":
        add(element, "hanBoSungHoSo", local(until, TIME))


def _moment(written: str) -> datetime | None:
    return datetime.strptime(written, TIME).replace(tzinfo=VIETNAM) if written else None


def _record(message: Record) -> etree._Element:
    """The hoTich element of a message, as it is now."""
    return parse(message.data["record"].encode())


def _files(before: list[dict[str, str]], part: etree._Element) -> list[dict[str, str]]:
    """The attached papers after this message: huyGiayTo 1 cancels the paper of that id, 0 sets it."""
    kept = {item["id"]: item for item in before}
    for item in part:
        if local_name(item) != "fileDinhKem":
            continue
        identifier = text(item, "id")
        kept.pop(identifier, None)
        if text(item, "huyGiayTo") == "0":
            kept[identifier] = {
                "id": identifier,
                "name": text(item, "tenTepDinhKem"),
                "sha256": text(item, "maBam"),
            }
    return list(kept.values())
