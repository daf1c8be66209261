"""The REST resources of the hub: canonical documents as JSON or XML under /api/v1.

202 means taken in and durable; 200 that the same message was taken in before, with the first answer again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from fastapi import APIRouter, Request, Response

from adapters.base import Answer
from broker.canonical import build
from broker.canonical import document as documents
from broker.canonical.jsonform import JsonForm, parse_json
from broker.canonical.read import is_duplicate
from broker.declaring.acting import in_own_name
from broker.declaring.declarant import Declarant
from broker.errors import HubError, Invalid, NotFound
from broker.model import Problem
from broker.web import openapi
from broker.web.exchange import Bounds, headers_of, media_type_of, read_body, unsupported
from broker.web.guard import caller, declarant
from broker.web.rendering import Form, Renderer, form_of_body, wanted
from broker.web.services import Attachment, Services
from signing.errors import XmlRefused

PREFIX = "/api/v1"

Act: TypeAlias = Callable[[str, bytes], Awaitable[bytes]]
"""A service: client and request document in, answer document out."""

Own: TypeAlias = Callable[[Declarant, str], Awaitable[object]]
"""Raises `NotFound` unless the dossier with that code is the declarant's own."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[!-~]{1,64}")
_MAGIC = {"application/pdf": b"%PDF-", "image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
_TAKEN = ("application/json", "application/xml")


class Rest:
    """The resources, over the hub's services."""

    def __init__(
        self, services: Services, form: JsonForm, renderer: Renderer, bounds: Bounds, own: Own
    ) -> None:
        """``form`` reads JSON requests, ``renderer`` writes answers, ``own`` knows citizens' dossiers."""
        self._own = own
        self._services = services
        self._form = form
        self._renderer = renderer
        self._bounds = bounds

    def router(self) -> APIRouter:
        """The routes, described for OpenAPI."""
        router = APIRouter(prefix=PREFIX, default_response_class=Response)
        for method, path, endpoint in (
            ("POST", "/dossiers", self.submit),
            ("GET", "/dossiers/{code}", self.status),
            ("POST", "/dossiers/{code}/supplements", self.supplement),
            ("POST", "/dossiers/{code}/withdrawal", self.withdraw),
            ("POST", "/dossiers/{code}/consents", self.consent),
            ("POST", "/dossiers/{code}/resumption", self.resume),
            ("POST", "/dossiers/{code}/handover", self.handover),
            ("POST", "/reports", self.report),
            ("PUT", "/attachments/{sha256}", self.put_attachment),
            ("GET", "/attachments/{sha256}", self.attachment),
        ):
            router.add_api_route(path, endpoint, methods=[method], **openapi.route(endpoint.__name__))
        return router

    async def submit(self, request: Request) -> Response:
        """Hand in a birth declaration."""
        return await self._exchange(request, "SubmitRequest", self._services.submit, self._bounds.document)

    async def status(self, request: Request, code: str) -> Response:
        """How a dossier stands, by any of its codes."""
        form = wanted(request.headers.get("accept"), "json")
        who = declarant(request.scope)
        if who.citizen is not None:
            await self._own(who, _known(code))
        document = await self._services.status(who.client, build.status_request(_known(code)))
        return _response(self._renderer.document(200, document, form))

    async def supplement(self, request: Request, code: str) -> Response:
        """Hand in what was asked for: corrections and attachments."""
        act = self._services.supplement
        return await self._exchange(request, "SupplementRequest", act, self._bounds.document, code)

    async def withdraw(self, request: Request, code: str) -> Response:
        """Take a dossier back."""
        act = self._services.withdraw
        return await self._exchange(request, "WithdrawRequest", act, self._bounds.document, code)

    async def consent(self, request: Request, code: str) -> Response:
        """Hand in a relative's word on the lump-sum survivor allowance."""
        act = self._services.consent
        return await self._exchange(request, "ConsentRequest", act, self._bounds.document, code)

    async def resume(self, request: Request, code: str) -> Response:
        """Ask for procedures that were not chosen at first."""
        act = self._services.resume
        return await self._exchange(request, "ResumeRequest", act, self._bounds.document, code)

    async def handover(self, request: Request, code: str) -> Response:
        """Say that the citizen has received a result."""
        caller(request.scope)  # noted by whoever hands over, not by whoever receives
        act = self._services.handover
        return await self._exchange(request, "HandoverRequest", act, self._bounds.document, code)

    async def report(self, request: Request) -> Response:
        """Tell states and results, as an agency."""
        return await self._exchange(request, "ReportRequest", self._services.report, self._bounds.report)

    async def put_attachment(self, request: Request, sha256: str) -> Response:
        """Hand over a file under the SHA-256 of its bytes, before the declaration that names it."""
        client = declarant(request.scope).client
        headers = headers_of(request.scope, self._bounds)
        media_type = media_type_of(headers)
        if media_type not in _MAGIC:
            raise unsupported("Content-Type", _MAGIC)
        digest = hashlib.sha256()
        limit, seconds = self._bounds.attachment, self._bounds.body_seconds
        data = await read_body(request.receive, headers, limit, seconds, digest.update)
        _check_file(data, digest.hexdigest(), sha256, media_type)
        new = await self._services.put_attachment(client, sha256, media_type, data)
        return _attachment(201 if new else 200, Attachment(sha256, len(data), media_type))

    async def attachment(self, request: Request, sha256: str) -> Response:
        """What is known of a file."""
        client = declarant(request.scope).client
        if _SHA256.fullmatch(sha256) is None:
            raise NotFound
        return _attachment(200, await self._services.attachment(client, sha256))

    async def _exchange(
        self, request: Request, root_name: str, act: Act, limit: int, code: str | None = None
    ) -> Response:
        who = Declarant.portal(caller(request.scope)) if code is None else declarant(request.scope)
        if who.citizen is not None and code is not None:
            await self._own(who, _known(code))
        headers = headers_of(request.scope, self._bounds)
        media_type = media_type_of(headers)
        body_form = form_of_body(media_type)
        if body_form is None:
            raise unsupported("Content-Type", _TAKEN)
        form = wanted(headers.get("accept"), body_form)
        body = await read_body(request.receive, headers, limit, self._bounds.body_seconds)
        try:
            document = self._as_xml(body, body_form, root_name, code)
            if who.citizen is not None:
                document = _in_own_name(document, who)
        except HubError as error:
            await self._services.refused(who.client, root_name, body, media_type, error)
            raise
        answer = await act(who.client, document)
        return _response(self._taken(answer, form))

    def _as_xml(self, body: bytes, form: Form, root_name: str, code: str | None) -> bytes:
        """The request document. The code in the address and the one in the document must be the same."""
        if form == "json":
            value = parse_json(body)
            if code is not None and isinstance(value, dict):
                value.setdefault("Code", code)
            body = self._form.from_json(json.dumps(value).encode(), root_name)
        if code is not None and _code_in(body) not in (None, code):
            vi = "Mã hồ sơ trong thông điệp khác với mã trên đường dẫn."
            raise Invalid([Problem("Code", vi, "The code in the message is not the one in the address.")])
        return body

    def _taken(self, answer: bytes, form: Form) -> Answer:
        root = documents.read(answer)
        duplicate, code = is_duplicate(root), documents.text_at(root, "DossierCode")
        headers = {"Location": f"{PREFIX}/dossiers/{code}"} if code else {}
        return self._renderer.document(200 if duplicate else 202, answer, form, headers)


def _known(code: str) -> str:
    """The code, if one can look like that. Raises `NotFound`."""
    if _CODE.fullmatch(code) is None:
        raise NotFound
    return code


def _in_own_name(document: bytes, who: Declarant) -> bytes:
    """The request in the citizen's name; what is no XML at all is for others to explain."""
    try:
        return in_own_name(document, who)
    except XmlRefused:
        return document


def _code_in(document: bytes) -> str | None:
    """The Code in a request; None if it cannot be read, which others will explain."""
    try:
        return documents.text_at(documents.read(document), "Code")
    except XmlRefused:
        return None


def _check_file(data: bytes, digest: str, sha256: str, media_type: str) -> None:
    """The file must be what its address and its type say."""
    if digest != sha256:
        vi = "Mã băm SHA-256 trên đường dẫn không khớp với nội dung tệp nhận được."
        raise Invalid([Problem("SHA256", vi, "The SHA-256 in the address is not that of the file received.")])
    if not data.startswith(_MAGIC[media_type]):
        vi = f"Nội dung tệp không phải là {media_type}."
        raise Invalid([Problem("MediaType", vi, f"The file is not {media_type}, as its first bytes show.")])


def _attachment(status: int, attachment: Attachment) -> Response:
    members = {"SHA256": attachment.sha256, "Size": attachment.size, "MediaType": attachment.media_type}
    body = json.dumps(members, separators=(",", ":")).encode()
    return Response(body, status, media_type="application/json")


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, {**answer.headers, "content-type": answer.content_type})
