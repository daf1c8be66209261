"""The portal as the hub's client: sends documents it is given, over SOAP or REST, and reads the answers.

It builds no content: envelopes, signature and headers are its own, documents are the caller's. Everything
about the hub's addresses is a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
from lxml import etree

from sandbox.core.dsig import sign_enveloped
from sandbox.core.keys import Identity
from sandbox.core.soap import SOAP11, SOAP12, Version, envelope
from sandbox.core.xml import NotXml, local_name, parse, serialize, text

TIMEOUT = aiohttp.ClientTimeout(total=60)
XML = "application/xml; charset=utf-8"
VERSIONS = {version.number: version for version in (SOAP11, SOAP12)}


@dataclass(frozen=True, slots=True)
class Fault:
    """A SOAP fault in either version: the code's local name, the words, the detail if any."""

    code: str
    words: str
    detail: etree._Element | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the hub answered. ``payload`` is the XML document without envelope; None for JSON and faults."""

    status: int
    body: bytes
    content_type: str
    payload: etree._Element | None = None
    fault: Fault | None = None

    @property
    def ok(self) -> bool:
        """Whether the hub took the message."""
        return 200 <= self.status < 300 and self.fault is None


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the hub listens; ``{code}`` and ``{hash}`` are filled in."""

    soap: str = "/soap/intake"
    dossiers: str = "/api/v1/dossiers"
    status: str = "/api/v1/dossiers/{code}"
    supplements: str = "/api/v1/dossiers/{code}/supplements"
    withdrawal: str = "/api/v1/dossiers/{code}/withdrawal"
    consents: str = "/api/v1/dossiers/{code}/consents"
    reviews: str = "/api/v1/reviews"
    files: str = "/api/v1/attachments/{hash}"


class Portal:
    """A client of one hub; use it as an async context manager.

    With an ``identity``, XML documents are signed (enveloped) before they are sent.
    """

    def __init__(
        self, hub_url: str, api_key: str, *, identity: Identity | None = None, paths: Paths = Paths()
    ) -> None:
        """``hub_url`` has no trailing slash; ``api_key`` goes into X-Api-Key."""
        self._hub, self._identity, self._paths = hub_url.rstrip("/"), identity, paths
        self._headers = {"X-Api-Key": api_key}
        self._session: aiohttp.ClientSession | None = None

    async def soap(self, document: bytes, *, version: str = "1.1", action: str = "") -> Answer:
        """Send a document as the body of a SOAP message; ``version`` is ``1.1`` or ``1.2``."""
        spoken = VERSIONS[version]
        message = serialize(envelope(spoken, self._signed(document)))
        if spoken is SOAP11:
            headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}
        else:
            extra = f'; action="{action}"' if action else ""
            headers = {"Content-Type": f"application/soap+xml; charset=utf-8{extra}"}
        answer = await self._send("POST", self._paths.soap, message, headers)
        return _opened(answer, spoken)

    async def submit(self, document: bytes) -> Answer:
        """Send a declaration to the REST intake: XML (signed if there is an identity), or JSON as it is."""
        return await self._post(self._paths.dossiers, document)

    async def supplement(self, code: str, document: bytes) -> Answer:
        """Hand in what was asked for."""
        return await self._post(self._paths.supplements.format(code=code), document)

    async def withdraw(self, code: str, document: bytes) -> Answer:
        """Take a dossier back."""
        return await self._post(self._paths.withdrawal.format(code=code), document)

    async def consent(self, code: str, document: bytes) -> Answer:
        """Say what a relative thinks of the lump sum."""
        return await self._post(self._paths.consents.format(code=code), document)

    async def review(self, document: bytes) -> Answer:
        """Ask what every agency would find in a declaration, before it is handed in."""
        headers = {"Content-Type": XML, "Accept": "application/xml"}
        return await self._send("POST", self._paths.reviews, document, headers)

    async def status(self, code: str, *, accept: str = "application/xml") -> Answer:
        """Ask how a dossier stands, by any of its codes."""
        return await self._send("GET", self._paths.status.format(code=code), None, {"Accept": accept})

    async def put_file(self, data: bytes, sha256: str, media_type: str) -> Answer:
        """Hand over a file that a declaration names by its hash."""
        return await self._send(
            "PUT", self._paths.files.format(hash=sha256), data, {"Content-Type": media_type}
        )

    async def close(self) -> None:
        """Close the connections; idempotent."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Self:
        """Nothing is opened before the first call."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()

    async def _post(self, path: str, document: bytes) -> Answer:
        if document.lstrip().startswith(b"{"):
            headers = {"Content-Type": "application/json", "Accept": "application/json"}
            return await self._send("POST", path, document, headers)
        headers = {"Content-Type": XML, "Accept": "application/xml"}
        return await self._send("POST", path, serialize(self._signed(document)), headers)

    def _signed(self, document: bytes) -> etree._Element:
        root = parse(document)
        return root if self._identity is None else sign_enveloped(root, self._identity)

    async def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=TIMEOUT, headers=self._headers)
        url = self._hub + path
        async with self._session.request(
            method, url, data=body, headers=headers, allow_redirects=False
        ) as reply:
            content = await reply.read()
        return Answer(reply.status, content, reply.content_type, _xml(content, reply.content_type))


def _xml(body: bytes, content_type: str) -> etree._Element | None:
    if not body or "xml" not in content_type:
        return None
    try:
        return parse(body)
    except NotXml:
        return None


def _opened(answer: Answer, version: Version) -> Answer:
    """The same answer with payload or fault taken out of the envelope."""
    root = answer.payload
    if root is None or root.tag != version.tag("Envelope") or len(root[-1]) != 1:
        return Answer(answer.status, answer.body, answer.content_type)
    inner = root[-1][0]
    fault = _fault(inner) if local_name(inner) == "Fault" else None
    payload = inner if fault is None else None
    return Answer(answer.status, answer.body, answer.content_type, payload, fault)


def _fault(element: etree._Element) -> Fault:
    code = text(element, "faultcode") or text(element, "Code/Value")
    words = text(element, "faultstring") or text(element, "Reason")
    detail = next((item for item in element if local_name(item).lower() == "detail"), None)
    return Fault(code.rpartition(":")[2], words, detail)
