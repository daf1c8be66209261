"""The social-insurance gateway: token, then a form with base64 of signed XML; results by call-back."""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from hashlib import md5, sha256
from urllib.parse import parse_qsl

from lxml import etree
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.bhxh import answers, card
from sandbox.bhxh.answers import TIME, Refusal
from sandbox.bhxh.card import Cards
from sandbox.bhxh.checks import CODES, day, file_errors, form_errors
from sandbox.core import tokens
from sandbox.core.agency import Agency
from sandbox.core.callbacks import Callback
from sandbox.core.desk import Record
from sandbox.core.dsig import BadSignature, sign_two_reference, verify_two_reference
from sandbox.core.fields import FieldError, structure_schema
from sandbox.core.keys import NoTrust
from sandbox.core.readable import VIETNAM, local, readable, supplement_deadline
from sandbox.core.tokens import LIFETIME, Tokens
from sandbox.core.xml import NotXml, add, add_all, local_name, parse, serialize, text

FORM = "application/x-www-form-urlencoded"
XML = "application/xml; charset=utf-8"
HOLDER = "CHUKYDONVI"
KINDS = {"TK1": ("HSDLTK1", "TK1TS"), "BS": ("HSDLBS", "BOSUNG"), "RUT": ("HSDLRUT", "RUTHOSO")}
STATES = {"approve": "05", "supplement": "03", "reject": "04", "pending": "02"}
FINAL = ("04", "05", "06")
FACTS = ("ngay", "maGDDoiTac", "maGD", "maHSLT")
XML_TYPES = ("application/xml", "text/xml")
LISTED = 500
TABLES = """
CREATE TABLE IF NOT EXISTS undecided (dossier TEXT PRIMARY KEY);
"""


class Bhxh(Agency):
    """XML over HTTP with the two-reference signature.

    Options: ``user``, ``password``, ``unit`` (maDonVi of the account), ``callback_path`` (default
    ``/agency/bhxh``), ``callback_key`` (sent as ``X-Api-Key``), ``max_bytes`` of fileBase64Str.
    """

    name, title, english = "bhxh", "Bảo hiểm xã hội", "Social insurance"
    schema = TABLES + card.SCHEMA + tokens.SCHEMA

    def prepare(self) -> None:
        """Set up account, cards and schema."""
        options = self.site.options
        self.user, self.password = options.get("user", "lienthong"), options.get("password", "mat-khau-thu")
        self.unit = options.get("unit", "DVCLT")
        self.max_bytes = int(options.get("max_bytes", 10 * 1024 * 1024))
        self.callback_path = str(options.get("callback_path", "/agency/bhxh"))
        self.tokens = Tokens(self.database, self.clock, self.site.new_id)
        self.cards = Cards(self.database, self.clock, self.random)
        self.documents = structure_schema(self.contract_folder / "bhxh.xsd")

    def routes(self) -> Sequence[BaseRoute]:
        """Token, submission, list of a day, and the schema."""
        return [
            Route("/api/token/take", self._take_token, methods=["POST"]),
            Route("/api/hoso/guiHoSoDienTu", self._send, methods=["POST"]),
            Route("/api/hoso/danhSach", self._list, methods=["GET", "POST"]),
            Route("/bhxh.xsd", self._schema, methods=["GET"]),
        ]

    def reply_names(self) -> list[str]:
        """Documents of the answers."""
        return ["KetQuaTiepNhan", "DanhSachTiepNhan"]

    def content(self, path: str, body: bytes) -> str:
        """The XML inside the form, so that rules can match it."""
        if not path.endswith("guiHoSoDienTu"):
            return super().content(path, body)
        fields = dict(parse_qsl(body.decode("utf-8", "replace")))
        try:
            return b64decode(fields.get("fileBase64Str", "")).decode("utf-8", "replace")
        except (Base64Error, ValueError):
            return ""

    def progress(self) -> None:
        """Tell the hub what is new about every dossier that is not settled."""
        for row in self.database.rows("SELECT dossier FROM undecided"):
            with self.database.transaction():
                self._tell(str(row["dossier"]))

    def seal_callback(self, callback: Callback) -> tuple[bytes, Mapping[str, str]]:
        """Sign in the two-reference profile, with the time of this attempt."""
        signed = sign_two_reference(
            parse(callback.payload), self.identity, payload="KETQUA", holder=HOLDER, at=self.clock()
        )
        key = self.site.options.get("callback_key")
        return serialize(signed), {"Content-Type": XML, **({"X-Api-Key": str(key)} if key else {})}

    def acknowledged(self, callback: Callback, status: int, body: bytes) -> bool:
        """Whether this is an XacNhan of this very notice."""
        try:
            answer = parse(body)
        except NotXml:
            return False
        is_valid = not self.documents.errors(answer) and not self.documents.field_errors(answer)
        named = text(answer, "MaTB") == text(parse(callback.payload), "KETQUA/MA_TB")
        is_ours = local_name(answer) == "XacNhan" and text(answer, "MaKetQua") == "200"
        return status == 200 and is_valid and named and is_ours

    async def _schema(self, request: Request) -> Response:
        return Response((self.contract_folder / "bhxh.xsd").read_bytes(), media_type=XML)

    async def _take_token(self, request: Request) -> Response:
        body = await request.body()
        given = _fields(request, body)
        passwords = (self.password, md5(self.password.encode(), usedforsecurity=False).hexdigest())
        if given.get("username") != self.user or given.get("password") not in passwords:
            return JSONResponse({"maKetQua": "401", "moTa": "Sai tài khoản hoặc mật khẩu"}, 401)
        token = self.tokens.issue()
        pair = {"access_token": token, "id_token": self._id_token(token)}
        return JSONResponse({"maKetQua": "200", **pair, "expires_in": int(LIFETIME.total_seconds())})

    async def _send(self, request: Request) -> Response:
        """guiHoSoDienTu: every answer is a KetQuaTiepNhan; HTTP 401 goes with code 401, else HTTP 200."""
        body = await request.body()
        try:
            answer = self._accept(_fields(request, body))
        except Refusal as refusal:
            answer = answers.receipt(refusal.code, refusal.text, self.clock(), field=refusal.field)
        return Response(serialize(answer), 401 if text(answer, "MaKetQua") == "401" else 200, media_type=XML)

    async def _list(self, request: Request) -> Response:
        """danhSach, asked by query, form or HoiDanhSach: what was taken in on a day, under keys, as MaGD."""
        body = await request.body()
        given = {**request.query_params, **_fields(request, body)}
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not self.tokens.holds(given.get("token") or bearer):
            element = _listing("401", "Token không hợp lệ hoặc đã hết hạn")
            return Response(serialize(element), 401, media_type=XML)
        try:
            wanted = self._question(body) if _media_type(request) in XML_TYPES else _wanted(given)
        except Refusal as refusal:
            return Response(serialize(_listing(refusal.code, refusal.text)), media_type=XML)
        return Response(serialize(self._listed(wanted)), media_type=XML)

    def _question(self, body: bytes) -> dict[str, list[str]]:
        """What a HoiDanhSach document asks for, by names of `_facts`."""
        try:
            root = parse(body)
        except NotXml as error:
            raise Refusal("1003", f"Không phải XML: {error}") from error
        if root.tag != "HoiDanhSach" or self.documents.errors(root):
            raise Refusal("1003", "Cần phần tử HoiDanhSach đúng cấu trúc")
        self._raise(self.documents.field_errors(root))
        wanted: dict[str, list[str]] = {}
        for item in root:
            name = local_name(item)
            wanted.setdefault(name[0].lower() + name[1:], []).append(item.text or "")
        return wanted

    def _listed(self, wanted: Mapping[str, Sequence[str]]) -> etree._Element:
        element = _listing("200", "Thành công")
        fitting = [item for item in self.desk.records() if _fits(item, wanted)]
        for record in fitting[-LISTED:]:
            row = add(element, "HoSo")
            add_all(row, MaGD=record.data["transaction"], MaGDDoiTac=record.key, MaHSLT=record.dossier)
            add_all(row, LoaiHs=record.operation, TrangThai=self._state(record)[0])
            add(row, "ThoiGianTiepNhan", local(record.received, TIME))
        return element

    def _accept(self, given: Mapping[str, str]) -> etree._Element:
        self._check_sender(given)
        kind = given.get("loaiHs", "")
        if kind not in KINDS:
            raise Refusal("1002", f"loaiHs {kind!r} không tồn tại", "loaiHs")
        root_name, payload = KINDS[kind]
        root = self._unpack(given.get("fileBase64Str", ""))
        if root.tag != root_name:
            raise Refusal("1002", f"loaiHs {kind} nhưng thẻ gốc là {root.tag}", "loaiHs")
        structure = self.documents.errors(root)
        if structure:
            raise Refusal("1003", f"Sai cấu trúc: {'; '.join(structure[:3])}")
        form = self._signed(root, payload)
        self._raise(self.documents.field_errors(root))
        with self.database.transaction():
            return self._take(kind, form)

    def _check_sender(self, given: Mapping[str, str]) -> None:
        """Token, account and unit must belong together: a token of one unit is worth nothing with another."""
        token = given.get("token", "")
        password = md5(self.password.encode(), usedforsecurity=False).hexdigest()
        if not self.tokens.holds(token) or given.get("id_token") != self._id_token(token):
            raise Refusal("401", "Token không hợp lệ hoặc đã hết hạn")
        if given.get("username") != self.user or given.get("password", "").lower() != password:
            raise Refusal("401", "Sai tài khoản hoặc mật khẩu")
        if given.get("maDonVi") != self.unit:
            raise Refusal("401", "maDonVi không thuộc tài khoản", "maDonVi")

    def _unpack(self, packed: str) -> etree._Element:
        if len(packed) > self.max_bytes:
            raise Refusal("1001", "Tệp quá dài")
        try:
            return parse(b64decode(packed, validate=True))
        except (Base64Error, ValueError) as error:
            raise Refusal("205", "fileBase64Str không phải base64", "fileBase64Str") from error
        except NotXml as error:
            raise Refusal("1003", f"Không phải XML: {error}") from error

    def _signed(self, root: etree._Element, payload: str) -> etree._Element:
        try:
            return verify_two_reference(root, self.hub_public(), self.clock(), payload=payload, holder=HOLDER)
        except (BadSignature, NoTrust) as error:
            raise Refusal("401", f"Chữ ký số không hợp lệ: {error}", HOLDER) from error

    def _take(self, kind: str, form: etree._Element) -> etree._Element:
        key, dossier = text(form, "MA_GD_DOITAC"), text(form, "MA_HSLT")
        known = self.desk.find(key)
        if known is not None:
            self.desk.take(key, dossier, kind, "")
            return self._already(known)
        latest = self.desk.latest(dossier)
        if kind == "TK1" and latest is not None:
            return self._already(latest)
        if kind == "TK1":
            self._raise(form_errors(form, self.clock().astimezone(VIETNAM).date()))
            self._refuse_second_card(form)
            first, data = text(form, "HO_TEN"), {"form": serialize(form).decode(), "notices": 0}
        else:
            self._check_follows(kind, dossier, latest)
            self._raise(file_errors(form))
            assert latest is not None
            first, data = latest.title, latest.data
        data = {**data, "transaction": self._new_transaction(), "told": []}
        taken = self.desk.take(key, dossier, kind, readable(first, form), title=first, data=data)
        if kind == "RUT":
            self.desk.effect(key, "Rút hồ sơ")
        with self.database.transaction() as sql:
            sql.execute("INSERT OR IGNORE INTO undecided VALUES (?)", (dossier,))
        sentence, code = f"Hồ sơ {dossier} được tiếp nhận thành công", taken.record.data["transaction"]
        return answers.receipt("200", sentence, taken.record.received, transaction=code)

    def _check_follows(self, kind: str, dossier: str, latest: Record | None) -> None:
        if latest is None:
            raise Refusal("1005", f"Hồ sơ {dossier} không tồn tại", "MA_HSLT")
        state, _, _ = self._state(latest)
        if (kind == "BS" and state != "03") or (kind == "RUT" and state in FINAL):
            raise Refusal("1005", "Logic xử lý không hợp lệ: trạng thái hồ sơ không cho phép", "MA_HSLT")

    def _refuse_second_card(self, form: etree._Element) -> None:
        other = self.cards.of_child(text(form, "SO_DDCN"))
        if other is not None:
            raise Refusal("1003", f"Trẻ đã được cấp thẻ theo hồ sơ {other}", "SO_DDCN")

    def _already(self, record: Record) -> etree._Element:
        code, sentence = record.data["transaction"], f"Hồ sơ {record.dossier} đã được tiếp nhận"
        return answers.receipt("210", sentence, record.received, transaction=code)

    def _raise(self, errors: Sequence[FieldError]) -> None:
        if errors:
            sentence = "; ".join(item.sentence for item in errors)
            raise Refusal(CODES[errors[0].kind], sentence, errors[0].field)

    def _state(self, record: Record) -> tuple[str, str, datetime | None]:
        """State, words and deadline of a record. Nothing is issued here."""
        if record.operation == "RUT":
            return "06", "Người yêu cầu rút hồ sơ", None
        verdict = self.desk.verdict(record.key)
        state, until = STATES[verdict.outcome], supplement_deadline(verdict.until, record.received)
        if state == "03" and self.clock() > until:
            return "04", "Quá thời hạn bổ sung hồ sơ", None
        return state, verdict.reason, until if state == "03" else None

    def _tell(self, dossier: str) -> None:
        """Promise the results that are due: in hand, then the outcome."""
        latest = self.desk.latest(dossier)
        if latest is None:
            return self._done(dossier)
        state, reason, until = self._state(latest)
        told = list(latest.data["told"])
        wanted = ("06",) if state == "06" else ("02", state)
        new = [item for item in dict.fromkeys(wanted) if item not in told]
        if len(new) > 1 and self.quirk("out-of-order", "HSDLKQ", latest.content):
            new.reverse()
        for item in new:
            said = (reason, until) if item == state else ("", None)
            self.callbacks.add(latest.key, "HSDLKQ", self.callback_path, self._notice(latest, item, *said))
        if new:
            self.desk.remember(latest.key, told=[*told, *new])
        if state in FINAL:
            self._done(dossier)
        return None

    def _notice(self, record: Record, state: str, reason: str, until: datetime | None) -> bytes:
        first = "SELECT key FROM received WHERE dossier = ? ORDER BY position LIMIT 1"
        head = {
            "MA_TB": f"TB{self._count('callback') + 1:08d}",
            "MA_GD": record.data["transaction"],
            "MA_GD_DOITAC": self.database.rows(first, (record.dossier,))[0]["key"],
            "MA_HSLT": record.dossier,
        }
        root = answers.result(self.site.new_id(), head, state, self.clock())
        answers.say(root, reason, until)
        if state == "05":
            form = parse(record.data["form"].encode())
            answers.say_card(root, form, self._issue(record, form))
        return serialize(root)

    def _issue(self, record: Record, form: etree._Element) -> card.Card:
        born = day(text(form, "NGAY_SINH"))
        assert isinstance(born, date)
        issued, made = self.cards.issue(
            record.dossier, text(form, "SO_DDCN"), text(form, "MATINH_NHAN"), born
        )
        if made:
            self.desk.effect(record.key, f"Cấp thẻ BHYT {issued.number}")
        return issued

    def _done(self, dossier: str) -> None:
        with self.database.transaction() as sql:
            sql.execute("DELETE FROM undecided WHERE dossier = ?", (dossier,))

    def _new_transaction(self) -> str:
        return f"BHXH-{local(self.clock(), '%y%m%d')}-{self._count('received') + 1:06d}"

    def _count(self, table: str) -> int:
        counts = {
            "received": "SELECT count(*) AS n FROM received",
            "callback": "SELECT count(*) AS n FROM callback",
        }
        return int(self.database.rows(counts[table])[0]["n"])

    def _id_token(self, token: str) -> str:
        return sha256(f"{token}/{self.user}/{self.unit}".encode()).hexdigest()


def _fields(request: Request, body: bytes) -> dict[str, str]:
    """The fields of a form or of a flat JSON object; a "+" that was not escaped has become a space."""
    kind = _media_type(request)
    try:
        if kind == "application/json":
            return {str(name): str(value) for name, value in json.loads(body).items()}
        return dict(parse_qsl(body.decode(), keep_blank_values=True)) if kind == FORM else {}
    except (ValueError, AttributeError):
        return {}


def _listing(code: str, sentence: str) -> etree._Element:
    element = etree.Element("DanhSachTiepNhan")
    add_all(element, MaKetQua=code, MoTa=sentence)
    return element


def _wanted(given: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: [given[name]] for name in FACTS if given.get(name)}


def _fits(record: Record, wanted: Mapping[str, Sequence[str]]) -> bool:
    values = (local(record.received, "%Y%m%d"), record.key, record.data["transaction"], record.dossier)
    return all(value in wanted.get(name, (value,)) for name, value in zip(FACTS, values, strict=True))


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").split(";")[0].strip().lower()
