"""The social-insurance gateway: token, then a form with base64 of signed XML; results by call-back."""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from lxml import etree
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.bhxh import access, answers, benefit, card, files, listing
from sandbox.bhxh.access import Access
from sandbox.bhxh.answers import Refusal
from sandbox.bhxh.benefit import Benefits
from sandbox.bhxh.card import Cards
from sandbox.bhxh.files import FINAL, Files, Standing
from sandbox.bhxh.kinds import CardKind, FuneralKind, PensionKind, SurvivorKind
from sandbox.core.agency import Agency
from sandbox.core.callbacks import Callback
from sandbox.core.desk import Record
from sandbox.core.dsig import BadSignature, sign_two_reference, verify_two_reference
from sandbox.core.fields import structure_schema
from sandbox.core.keys import NoTrust
from sandbox.core.tokens import Tokens
from sandbox.core.xml import NotXml, local_name, parse, serialize, text

FORM = "application/x-www-form-urlencoded"
XML = "application/xml; charset=utf-8"
HOLDER = "CHUKYDONVI"
XML_TYPES = ("application/xml", "text/xml")
PAGE = 200


class Bhxh(Agency):
    """XML over HTTP with the two-reference signature.

    Options: ``user``, ``password``, ``unit`` (maDonVi of the account), ``accounts`` (further ones, as a list of these
    three), ``callback_path`` (default ``/agency/bhxh``), ``callback_key`` (sent as ``X-Api-Key``), ``max_bytes`` of
    fileBase64Str, ``page`` (lines of one page of danhSach).
    """

    name, title, english = "bhxh", "Bảo hiểm xã hội", "Social insurance"
    schema = files.SCHEMA + access.SCHEMA + card.SCHEMA + benefit.SCHEMA

    def prepare(self) -> None:
        """Set up accounts, files, registers and schema."""
        options = self.site.options
        self.max_bytes = int(options.get("max_bytes", 10 * 1024 * 1024))
        self.page = int(options.get("page", PAGE))
        self.callback_path = str(options.get("callback_path", "/agency/bhxh"))
        self.tokens = Tokens(self.database, self.clock, self.site.new_id)
        self.access = Access(self.database, self.tokens, access.accounts(options))
        self.cards = Cards(self.database, self.clock, self.random)
        self.benefits = Benefits(self.database, self.clock)
        death = (kind(self.benefits) for kind in (FuneralKind, SurvivorKind, PensionKind))
        self.files = Files(self.database, self.desk, self.clock, [CardKind(self.cards), *death])
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
        """Tell the hub what is new about every file that is not settled."""
        for dossier, kind in list(self.files.undecided()):
            with self.database.transaction():
                self._tell(dossier, kind)

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
        pair = self.access.log_in(_fields(request, await request.body()))
        if pair is None:
            return JSONResponse({"maKetQua": "401", "moTa": "Sai tài khoản hoặc mật khẩu"}, 401)
        return JSONResponse({"maKetQua": "200", **pair})

    async def _send(self, request: Request) -> Response:
        """guiHoSoDienTu: every answer is a KetQuaTiepNhan; HTTP 401 goes with code 401, else HTTP 200."""
        body = await request.body()
        try:
            answer = self._accept(_fields(request, body))
        except Refusal as refusal:
            answer = answers.receipt(refusal.code, refusal.text, self.clock(), field=refusal.field)
        return Response(serialize(answer), 401 if text(answer, "MaKetQua") == "401" else 200, media_type=XML)

    async def _list(self, request: Request) -> Response:
        """danhSach: what the account's unit sent; a question that is none gets HTTP 400, a wrong token 401."""
        body = await request.body()
        given = {**request.query_params, **_fields(request, body)}
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        try:
            unit = self.access.holder(given.get("token") or bearer).unit
            as_document = _media_type(request) in XML_TYPES
            read = listing.by_document(body, self.documents) if as_document else None
            wanted = listing.by_fields(given, self.documents) if read is None else read
        except Refusal as refusal:
            answer = serialize(answers.listing(refusal.code, refusal.text))
            return Response(answer, 401 if refusal.code == "401" else 400, media_type=XML)
        own = [record for record in self.desk.records() if record.data["unit"] == unit]
        return Response(serialize(listing.page(own, wanted, self.page, self._state)), media_type=XML)

    def _state(self, record: Record) -> str:
        return self.files.standing(self.files.of(record)).state

    def _accept(self, given: Mapping[str, str]) -> etree._Element:
        account = self.access.sender(given)
        kind = given.get("loaiHs", "")
        tags = self.files.tags(kind)
        if tags is None:
            raise Refusal("1002", f"loaiHs {kind!r} không tồn tại", "loaiHs")
        root = self._unpack(given.get("fileBase64Str", ""))
        if root.tag != tags[0]:
            raise Refusal("1002", f"loaiHs {kind} nhưng thẻ gốc là {root.tag}", "loaiHs")
        structure = self.documents.errors(root)
        if structure:
            raise Refusal("1003", f"Sai cấu trúc: {'; '.join(structure[:3])}")
        form = self._signed(root, tags[1])
        files.check(self.documents.field_errors(root))
        with self.database.transaction():
            return self.files.take(kind, form, account.unit)

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

    def _tell(self, dossier: str, kind: str) -> None:
        """Promise the results that are due: in hand, then the outcome."""
        file = self.files.find(dossier, kind)
        if file is None:
            return self.files.close(dossier, kind)
        standing = self.files.standing(file)
        latest = file.latest
        told = list(latest.data["told"])
        wanted = [Standing("02"), standing] if standing.state not in ("02", "06") else [standing]
        new = [item for item in wanted if item.state not in told]
        if len(new) > 1 and self.quirk("out-of-order", "HSDLKQ", latest.content):
            new.reverse()
        for item in new:
            count = self.database.rows("SELECT count(*) AS n FROM callback")[0]["n"]
            notice = self.files.notice(file, item, f"TB{count + 1:08d}", self.site.new_id())
            self.callbacks.add(latest.key, "HSDLKQ", self.callback_path, notice)
        if new:
            self.desk.remember(latest.key, told=[*told, *(item.state for item in new)])
        if standing.state in FINAL:
            self.files.close(dossier, kind)
        return None


def _fields(request: Request, body: bytes) -> dict[str, str]:
    """The fields of a form or of a flat JSON object; a "+" that was not escaped has become a space."""
    kind = _media_type(request)
    try:
        if kind == "application/json":
            return {str(name): str(value) for name, value in json.loads(body).items()}
        return dict(parse_qsl(body.decode(), keep_blank_values=True)) if kind == FORM else {}
    except (ValueError, AttributeError):
        return {}


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").split(";")[0].strip().lower()
