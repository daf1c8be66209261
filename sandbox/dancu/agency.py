"""The population database as a SOAP server: three operations, X-Road headers, every look-up attributable."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from sandbox.core import wss
from sandbox.core.agency import Agency
from sandbox.core.contract import Contract
from sandbox.core.dsig import BadSignature
from sandbox.core.keys import NoTrust
from sandbox.core.schema import Schema, schema
from sandbox.core.service import Exchange, Operation, SoapService
from sandbox.core.soap import SOAP11, SoapFault
from sandbox.core.xml import text
from sandbox.dancu import answer, register
from sandbox.dancu.access import Access
from sandbox.dancu.population import Population, generate
from sandbox.dancu.register import Lookup, Register, RepeatedRequest

REQUEST = "http://dancuquocgia.bca"
DEFAULTS = {
    "user": "lienthong",
    "secret": "sandbox-dancu-secret",
    "client": "VN/GOV/G22/LIENTHONG",
    "api_key": "sandbox-dancu-key",
}


class DanCu(Agency):
    """National population database. Endpoint ``/soap``; the audit of look-ups at ``/_control/lookups``."""

    name = "dancu"
    title = "Cơ sở dữ liệu quốc gia về dân cư"
    english = "National population database"
    schema = register.SCHEMA
    soap_version = SOAP11

    def prepare(self) -> None:
        """Fill the register with the population of the seed."""
        given = self.site.options
        self.access = Access(**{key: str(given.get(key, value)) for key, value in DEFAULTS.items()})
        self.population: Population = generate(self.site.seed, int(given.get("households", 900)))
        self.register = Register(self.database)
        self.register.fill(self.population)

    def routes(self) -> Sequence[BaseRoute]:
        """The SOAP endpoint and the audit."""
        operations = [
            Operation("XacThucThongTinCongDan", f"{{{REQUEST}}}XacThucThongTinCongDan", self._confirm),
            Operation("TraCuuThongTinCongDan", f"{{{REQUEST}}}TraCuuThongTinCongDan", self._look_up),
            Operation("XacMinhThongTinNhanThan", f"{{{answer.KIN}}}XacMinhThongTinNhanThan", self._kin),
        ]
        service = SoapService(
            SOAP11,
            operations,
            _Schemas(
                schema(self.contract_folder / "dancu.xsd"),
                schema(self.contract_folder / "dancu-nhanthan.xsd"),
            ),
            Contract(self.contract_folder, "dancu.wsdl"),
            understood=frozenset({wss.SECURITY}),
            admit=self._admit,
            guard=self._guard,
            seal=self._seal,
        )
        return [
            Route("/soap", service.respond, methods=["GET", "POST"]),
            Route("/_control/lookups", self._lookups, methods=["GET"]),
        ]

    def reply_names(self) -> list[str]:
        """Local names of the replies in the contract."""
        return ["CongdanCollection", "KetQuaXacThuc", "KetQuaXacMinh"]

    def _admit(self, request: Request) -> None:
        self.access.check(request.headers, str(request.url.replace(query="")), self.clock())

    def _guard(self, exchange: Exchange) -> None:
        """A signature that is there must be right; without one the request is taken unless it is required."""
        signed = any(block.tag == wss.SECURITY for block in exchange.envelope.headers)
        exchange.notes["signed"] = signed
        if not signed and not self.site.options.get("require_signature", False):
            return
        try:
            wss.verify(exchange.envelope.root, SOAP11, self.hub_public(), self.clock())
        except (BadSignature, NoTrust) as error:
            raise SoapFault(
                "sender", "Chữ ký số không hợp lệ", str(error), subcode=(wss.WSSE, "FailedCheck")
            ) from error

    def _seal(self, envelope: etree._Element, exchange: Exchange) -> etree._Element:
        """Who signs gets a signed answer."""
        if not exchange.notes["signed"]:
            return envelope
        return wss.sign(envelope, SOAP11, self.identity, now=self.clock(), new_id=self.site.new_id)

    def _confirm(self, exchange: Exchange) -> etree._Element:
        asked = exchange.payload
        name, birth = text(asked, "HoVaTen") or None, _birth(asked) or None
        if name is None and birth is None:
            raise SoapFault("sender", "Phải có họ tên hoặc ngày sinh", "a name or a date of birth is needed")
        belongs = self.register.belongs(_number(asked), name, birth)
        self._note(exchange, belongs)
        return answer.confirmation(belongs, text(asked, "MaYeuCau"), self.clock())

    def _look_up(self, exchange: Exchange) -> etree._Element:
        asked = exchange.payload
        row = self.register.exact(_number(asked), text(asked, "HoVaTen"), _birth(asked))
        self._note(exchange, row is not None)
        return answer.collection(row, self.register, text(asked, "MaYeuCau"), self.clock())

    def _kin(self, exchange: Exchange) -> etree._Element:
        asked = exchange.payload
        person = self.register.person(text(asked, "SoDinhDanh"))
        relative = self.register.person(text(asked, "SoDinhDanhNhanThan"))
        related = (
            person is not None
            and relative is not None
            and person["ho_ten_hoa"] == text(asked, "HoVaTen")
            and relative["ho_ten_hoa"] == text(asked, "HoVaTenNhanThan")
            and self.register.related(person, relative, text(asked, "QuanHe"))
        )
        self._note(exchange, related)
        return answer.kinship(related, text(asked, "MaYeuCau"))

    def _note(self, exchange: Exchange, found: bool) -> None:
        asked = exchange.payload
        lookup = Lookup(
            request_id=text(asked, "MaYeuCau"),
            operation=exchange.operation.name,
            purpose=text(asked, "MaDVC"),
            officer=text(asked, "MaCanBo"),
            system=exchange.http["x-road-client"],
            number=_number(asked),
            body=etree.tostring(asked, method="c14n", exclusive=True),
        )
        try:
            self.register.note(lookup, found, self.clock())
        except RepeatedRequest as error:
            raise SoapFault(
                "sender",
                "MaYeuCau đã được dùng cho yêu cầu khác",
                "MaYeuCau was used for another request",
                subcode=(REQUEST, "TrungMaYeuCau"),
            ) from error

    async def _lookups(self, request: Request) -> JSONResponse:
        return JSONResponse(self.register.lookups())


class _Schemas:
    """Requests live in two namespaces, each with its own schema."""

    def __init__(self, main: Schema, kin: Schema) -> None:
        self._main, self._kin = main, kin

    def errors(self, element: etree._Element, *, as_element: str | None = None) -> list[str]:
        namespace = etree.QName(element).namespace
        return (self._kin if namespace == answer.KIN else self._main).errors(element, as_element=as_element)


def _number(asked: etree._Element) -> str:
    return text(asked, "SoDinhDanh") or text(asked, "SoCMND")


def _birth(asked: etree._Element) -> str:
    """The date of birth as the register writes it: 1978, or 1990-05-02."""
    given = text(asked, "NgayThangNamSinh")
    return f"{given[:4]}-{given[4:6]}-{given[6:]}" if len(given) == 8 else given
