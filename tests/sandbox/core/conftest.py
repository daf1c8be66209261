"""A small agency with a page, a SOAP endpoint and results by call-back, and a hub that takes them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox import SOAP11, Agency, Contract, Exchange, ManualClock, Operation, Site, SoapService, schema
from sandbox.core.callbacks import Callback
from sandbox.core.keys import Identity, identity
from sandbox.core.server import HOST, Server
from sandbox.core.xml import add, text

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
NS = "urn:example:office"
XSD = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{NS}" elementFormDefault="qualified">
  <xs:element name="Apply"><xs:complexType><xs:sequence>
    <xs:element name="Key"><xs:simpleType><xs:restriction base="xs:string">
      <xs:maxLength value="9"/></xs:restriction></xs:simpleType></xs:element>
    <xs:element name="Name" type="xs:string"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="Applied"><xs:complexType><xs:sequence>
    <xs:element name="Known" type="xs:boolean"/></xs:sequence></xs:complexType></xs:element>
</xs:schema>"""
WSDL = """<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:xs="http://www.w3.org/2001/XMLSchema"><wsdl:types><xs:schema>
  <xs:import namespace="urn:example:office" schemaLocation="office.xsd"/></xs:schema></wsdl:types>
  <wsdl:service name="O"><wsdl:port name="P"><soap:address location="http://example.invalid/"/></wsdl:port></wsdl:service>
</wsdl:definitions>"""


class Office(Agency):
    """Takes applications over SOAP and calls back with the outcome."""

    name = "dancu"
    title = "Văn phòng <thử>"
    english = "Test office"
    schema = "CREATE TABLE IF NOT EXISTS application (key TEXT PRIMARY KEY, name TEXT NOT NULL);"
    soap_version = SOAP11

    def routes(self) -> Sequence[BaseRoute]:
        """One operation."""
        self.contract_folder.mkdir(parents=True, exist_ok=True)
        (self.contract_folder / "office.xsd").write_text(XSD)
        (self.contract_folder / "office.wsdl").write_text(WSDL)
        operations = [Operation("Apply", f"{{{NS}}}Apply", self._apply, action="urn:apply")]
        service = SoapService(
            SOAP11,
            operations,
            schema(self.contract_folder / "office.xsd"),
            Contract(self.contract_folder, "office.wsdl"),
        )
        return [Route("/soap", service.respond, methods=["GET", "POST"])]

    def reply_names(self) -> list[str]:
        """The reply, and another."""
        return ["Applied", "Withdrawn"]

    def progress(self) -> None:
        """Tell the hub once, as soon as there is a verdict."""
        for record in self.desk.records():
            verdict = self.desk.verdict(record.key)
            if verdict.outcome != "pending" and "told" not in record.data:
                self.desk.remember(record.key, told=verdict.outcome)
                self.callbacks.add(record.key, "Told", "/told", f"<Told>{verdict.outcome}</Told>".encode())

    def seal_callback(self, callback: Callback) -> tuple[bytes, Mapping[str, str]]:
        """A payload that looks signed."""
        body = callback.payload + b"<SignatureValue>AAAA</SignatureValue>"
        return body, {"Content-Type": "application/xml"}

    def _apply(self, exchange: Exchange) -> etree._Element:
        key, name = text(exchange.payload, "Key"), text(exchange.payload, "Name")
        with self.database.transaction() as sql:
            taken = self.desk.take(key, f"D-{key}", "Apply", name, title=name)
            if not taken.again:
                sql.execute("INSERT INTO application VALUES (?, ?)", (key, name))
                self.desk.effect(key, f"Nhận đơn của {name}")
        answer = etree.Element(f"{{{NS}}}Applied")
        add(answer, "Known", str(taken.again).lower())
        return answer


@dataclass
class Hub:
    """Takes what agencies push; ``status`` is its answer."""

    url: str = ""
    status: int = 200
    got: list[bytes] = field(default_factory=list)

    async def handle(self, request: Request) -> Response:
        """Keep one push."""
        self.got.append(await request.body())
        return Response("<ok/>", self.status)


@dataclass
class Client:
    """Applies at the office."""

    session: aiohttp.ClientSession
    url: str

    async def apply(
        self, key: str = "K-1", name: str = "Nguyễn Thị Thử", **headers: str
    ) -> tuple[int, bytes]:
        """Status and body of the answer to an application."""
        return await self.send(
            f'<a:Apply xmlns:a="{NS}"><a:Key>{key}</a:Key><a:Name>{name}</a:Name></a:Apply>', **headers
        )

    async def send(self, content: str, **headers: str) -> tuple[int, bytes]:
        """Post the content of a SOAP body."""
        message = f'<s:Envelope xmlns:s="{SOAP11.namespace}"><s:Body>{content}</s:Body></s:Envelope>'
        return await self.post(message.encode(), **headers)

    async def post(self, body: bytes, **headers: str) -> tuple[int, bytes]:
        """Post bytes."""
        sent = {"Content-Type": "text/xml", "SOAPAction": '"urn:apply"'}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.post(
            self.url + "/soap",
            data=body,
            headers=sent,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(5),
        ) as answer:
            return answer.status, await answer.read()

    async def control(self, method: str, path: str, body: object = None) -> object:
        """The JSON answer of the control API."""
        async with self.session.request(method, f"{self.url}/_control{path}", json=body) as answer:
            return await answer.json()


@pytest.fixture
def clock() -> ManualClock:
    """Noon of a working day."""
    return ManualClock(NOON)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    """A key and certificate of a hub."""
    return identity(tmp_path_factory.mktemp("keys"), "hub", NOON)


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    """A hub on a real socket."""
    made = Hub()
    server = Server(Starlette(routes=[Route("/told", made.handle, methods=["POST"])]))
    await server.up()
    made.url = f"http://{HOST}:{server.port}"
    yield made
    await server.close()


@pytest.fixture
async def office(tmp_path: Path, clock: ManualClock, hub: Hub) -> AsyncIterator[Office]:
    """The agency, running; its clock stands still and nothing is pushed unless a test ticks."""
    made = Office(Site(tmp_path, contracts=tmp_path / "xsd", clock=clock, hub_url=hub.url, tick=3600))
    await made.server.up()
    yield made
    await made.stop()


@pytest.fixture
async def client(office: Office) -> AsyncIterator[Client]:
    """A client of the office."""
    async with aiohttp.ClientSession() as session:
        yield Client(session, office.url)
