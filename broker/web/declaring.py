"""The REST resources of declaring: procedures, units, reviews, drafts and receipts under /api/v1.

A portal calls them with its key, a citizen with the session of a sign-in; each sees its own drafts only. A draft has a
version as its ETag, and is changed only by whoever has seen the version that is changed (RFC 9110 §13.1.1).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response

from broker.canonical import build
from broker.canonical import document as documents
from broker.canonical.document import text_at
from broker.canonical.jsonform import JsonForm, from_value, parse_json
from broker.declaring.declarant import Declarant
from broker.declaring.service import Declaring
from broker.errors import Conflict, Invalid, NotFound
from broker.model import Problem
from broker.web import openapi
from broker.web.exchange import Bounds, HttpRefusal, headers_of, media_type_of, read_body, unsupported
from broker.web.guard import declarant
from broker.web.rendering import Form, Renderer, form_of_body, wanted
from signing.xml import serialize

PREFIX = "/api/v1"
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_CODE = re.compile(r"[!-~]{1,64}")
_ETAG = re.compile(r'(?:W/)?"([0-9]{1,9})"')
_TAKEN = ("application/json", "application/xml")


class DeclaringRest:
    """The resources, over the services of declaring."""

    def __init__(self, services: Declaring, form: JsonForm, renderer: Renderer, bounds: Bounds) -> None:
        """``form`` reads JSON requests, ``renderer`` writes answers."""
        self._services = services
        self._form = form
        self._renderer = renderer
        self._bounds = bounds

    def router(self) -> APIRouter:
        """The routes, described for OpenAPI."""
        router = APIRouter(prefix=PREFIX, default_response_class=Response)
        for method, path, endpoint in (
            ("GET", "/procedures", self.procedures),
            ("GET", "/units", self.units),
            ("POST", "/reviews", self.review),
            ("GET", "/drafts", self.drafts),
            ("POST", "/drafts", self.create_draft),
            ("GET", "/drafts/{draft}", self.draft),
            ("PUT", "/drafts/{draft}", self.save_draft),
            ("DELETE", "/drafts/{draft}", self.remove_draft),
            ("POST", "/drafts/{draft}/review", self.review_draft),
            ("POST", "/drafts/{draft}/prefill", self.prefill_draft),
            ("POST", "/drafts/{draft}/submission", self.submit_draft),
            ("GET", "/drafts/{draft}/forms/{step}.pdf", self.draft_form),
            ("GET", "/dossiers/{code}/receipt", self.receipt),
            ("GET", "/dossiers/{code}/receipt.pdf", self.receipt_paper),
            ("GET", "/dossiers/{code}/forms/{step}.pdf", self.dossier_form),
        ):
            described = openapi.declaring_route(endpoint.__name__)
            router.add_api_route(path, endpoint, methods=[method], **described)
        return router

    async def procedures(self, request: Request) -> Response:
        """What can be declared on a day."""
        return await self._asked(request, "ProceduresRequest", {"on": "On"}, self._services.procedures)

    async def units(self, request: Request) -> Response:
        """Provinces, or the communes of one, on a day."""
        names = {"on": "On", "province": "Province"}
        return await self._asked(request, "UnitsRequest", names, self._services.units)

    async def review(self, request: Request) -> Response:
        """The forms that a declaration would become, and every problem that a destination would find."""
        declaration, form = await self._declaration(request)
        root = build.start("ReviewRequest")
        root.append(documents.read(declaration))
        return self._answer(200, await self._services.review(declarant(request.scope), serialize(root)), form)

    async def drafts(self, request: Request) -> Response:
        """The caller's drafts."""
        return self._answer(200, await self._services.drafts(declarant(request.scope)), _form(request))

    async def create_draft(self, request: Request) -> Response:
        """Keep a declaration as far as it goes."""
        who = declarant(request.scope)
        content, form = await self._declaration(request)
        document = await self._services.create_draft(who, content)
        where = {"Location": f"{PREFIX}/drafts/{text_at(documents.read(document), 'Id')}"}
        return self._draft(201, document, form, where)

    async def draft(self, request: Request, draft: str) -> Response:
        """One draft with its problems."""
        document = await self._services.draft(declarant(request.scope), _known(draft))
        return self._draft(200, document, _form(request))

    async def save_draft(self, request: Request, draft: str) -> Response:
        """Put a declaration in the place of the version that If-Match names."""
        who, version = declarant(request.scope), _version(request)
        content, form = await self._declaration(request)
        try:
            document = await self._services.save_draft(who, _known(draft), content, version)
        except Conflict as error:
            problem = error.problems[0]
            raise HttpRefusal(412, "changed-meanwhile", problem.vi, problem.en) from error
        return self._draft(200, document, form)

    async def remove_draft(self, request: Request, draft: str) -> Response:
        """Forget a draft."""
        await self._services.remove_draft(declarant(request.scope), _known(draft))
        return Response(status_code=204)

    async def review_draft(self, request: Request, draft: str) -> Response:
        """The review of a draft."""
        document = await self._services.review_draft(declarant(request.scope), _known(draft))
        return self._answer(200, document, _form(request))

    async def prefill_draft(self, request: Request, draft: str) -> Response:
        """Fill the declarant's own data into a draft, from the population database."""
        who = declarant(request.scope)
        document, form = await self._small(request, "DraftPrefill")
        return self._draft(200, await self._services.prefill_draft(who, _known(draft), document), form)

    async def submit_draft(self, request: Request, draft: str) -> Response:
        """Hand a draft in; the receipt, and the same one however often."""
        who = declarant(request.scope)
        document, form = await self._small(request, "DraftSubmission")
        receipt = await self._services.submit_draft(who, _known(draft), document)
        duplicate = text_at(documents.read(receipt), "Duplicate") == "true"
        return self._answer(200 if duplicate else 201, receipt, form)

    async def receipt(self, request: Request, code: str) -> Response:
        """The receipt of a dossier."""
        root = build.start("ReceiptRequest")
        build.put(root, "Code", _known(code, _CODE))
        document = await self._services.receipt(declarant(request.scope), serialize(root))
        return self._answer(200, document, _form(request))

    async def receipt_paper(self, request: Request, code: str) -> Response:
        """The receipt on paper."""
        who = declarant(request.scope)
        return _pdf(await self._services.receipt_paper(who, _known(code, _CODE)))

    async def draft_form(self, request: Request, draft: str, step: str) -> Response:
        """A form of a draft on paper."""
        who = declarant(request.scope)
        return _pdf(await self._services.draft_paper(who, _known(draft), _known(step)))

    async def dossier_form(self, request: Request, code: str, step: str) -> Response:
        """A form of a dossier on paper."""
        who = declarant(request.scope)
        return _pdf(await self._services.dossier_paper(who, _known(code, _CODE), _known(step)))

    # ------------------------------------------------------------------ parts

    async def _asked(
        self,
        request: Request,
        root_name: str,
        names: dict[str, str],
        act: Callable[[Declarant, bytes], Awaitable[bytes]],
    ) -> Response:
        """A question whose parts are in the query string."""
        root = build.start(root_name)
        unknown = sorted(set(request.query_params) - set(names))
        if unknown:
            vi, en = f"Tham số {unknown[0][:40]} không có.", f"There is no parameter {unknown[0][:40]}."
            raise Invalid([Problem(unknown[0][:40], vi, en)])
        for parameter, name in names.items():
            build.put(root, name, request.query_params.get(parameter))
        return self._answer(200, await act(declarant(request.scope), serialize(root)), _form(request))

    async def _body(self, request: Request) -> tuple[bytes, Form, Form]:
        """The request's body, its form, and the form of the answer."""
        headers = headers_of(request.scope, self._bounds)
        body = await read_body(request.receive, headers, self._bounds.document, self._bounds.body_seconds)
        body_form: Form | None = "json" if not body else form_of_body(media_type_of(headers))
        if body_form is None:
            raise unsupported("Content-Type", _TAKEN)
        return body, body_form, wanted(headers.get("accept"), body_form)

    async def _small(self, request: Request, root_name: str) -> tuple[bytes, Form]:
        """A document of a few leaves, none of which has to be given; the form of the answer."""
        body, body_form, form = await self._body(request)
        if not body:
            return serialize(build.start(root_name)), form
        return (self._form.from_json(body, root_name) if body_form == "json" else body), form

    async def _declaration(self, request: Request) -> tuple[bytes, Form]:
        """The declaration in the body, as XML: in JSON it is the one member of an object, under its name."""
        body, body_form, form = await self._body(request)
        if body_form == "xml":
            return body, form
        value = parse_json(body)
        names = [name for name in documents.DECLARATIONS if isinstance(value, dict) and name in value]
        if not isinstance(value, dict) or len(names) != 1 or len(value) != 1:
            known = ", ".join(documents.DECLARATIONS)
            en = f"Give an object with one member, called one of {known}."
            raise Invalid([Problem(None, f"Hãy gửi một đối tượng có đúng một mục: {known}.", en)])
        return serialize(from_value(value[names[0]], self._form.elements[names[0]])), form

    def _draft(
        self, status: int, document: bytes, form: Form, headers: dict[str, str] | None = None
    ) -> Response:
        version = text_at(documents.read(document), "Version")
        return self._answer(status, document, form, {**(headers or {}), "ETag": f'"{version}"'})

    def _answer(
        self, status: int, document: bytes, form: Form, headers: dict[str, str] | None = None
    ) -> Response:
        answer = self._renderer.document(status, document, form, headers)
        return Response(answer.body, answer.status, {**answer.headers, "content-type": answer.content_type})


def _pdf(body: bytes) -> Response:
    return Response(body, media_type="application/pdf")


def _form(request: Request) -> Form:
    return wanted(request.headers.get("accept"), "json")


def _known(name: str, shape: re.Pattern[str] = _ID) -> str:
    if shape.fullmatch(name) is None:
        raise NotFound
    return name


def _version(request: Request) -> int:
    """The version that If-Match names. Raises `HttpRefusal` 428 (RFC 6585 §3) without one."""
    found = _ETAG.fullmatch(request.headers.get("if-match", "").strip())
    if found is None:
        vi, en = (
            "Thiếu If-Match với phiên bản đang sửa.",
            "If-Match with the version that is changed is missing.",
        )
        raise HttpRefusal(428, "precondition-required", vi, en)
    return int(found[1])
