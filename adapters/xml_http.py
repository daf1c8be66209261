"""Sender ``xml-http``: one XML document to an address, one back; as a body, or as a base64 field of a form.

The `Wire` is the signed document. Tokens, passwords and keys, even where the agency wants them in the
form, are added while sending and are in no log.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote, urlencode

from lxml import etree

from adapters import auth, checking, profiles, templates
from adapters.auth import TokenCache
from adapters.base import CheckReport, Features, Reply, Request, Resources, Spec, Wire
from adapters.errors import (
    AdapterError,
    Ambiguous,
    Malformed,
    Rejected,
    Throttled,
    Unauthorized,
    Unavailable,
)
from adapters.http import HttpReply
from adapters.schemas import Folder, Schema, schema_of
from adapters.trusting import Expected, needs_signer
from adapters.xml_http_settings import TokenEndpoint, XmlHttpSettings, XmlOperation
from signing.errors import SigningError, XmlRefused
from signing.xml import Limits, parse, serialize

__all__ = ["SPEC", "XmlHttp", "XmlHttpSettings"]

Token = Mapping[str, str]
_CLASSES: dict[str, type[AdapterError]] = {
    "unavailable": Unavailable,
    "throttled": Throttled,
    "unauthorized": Unauthorized,
    "rejected": Rejected,
}
_XML = {"Content-Type": "application/xml; charset=utf-8", "Accept": "application/xml"}
_FORM = "application/x-www-form-urlencoded"


class XmlHttp:
    """One agency with documents of its own."""

    def __init__(self, settings: XmlHttpSettings, resources: Resources) -> None:
        """Compile the schemas and check the settings. Raises ValueError (`ContractError` among them)."""
        self._settings = settings
        self._resources = resources
        operations = settings.operations.values()
        folder = Folder(resources.contracts)
        schemas = {name: schema_of(folder, name) for name in {operation.xsd for operation in operations}}
        self._schemas: dict[str, Schema] = {n: schemas[o.xsd] for n, o in settings.operations.items()}
        signs = any(operation.signature.kind != "none" for operation in operations)
        verifies = any(operation.verify_reply.kind != "none" for operation in operations)
        self._signer = needs_signer(resources, signs)
        partners = [settings.partner] if settings.partner else []
        self._expected = Expected(resources, partners) if verifies else None
        self._tokens = self._token_cache(settings.auth) if isinstance(settings.auth, TokenEndpoint) else None
        for name in [*settings.asks, *(ask.operation for ask in settings.asks.values())]:
            self._operation(name)
        self.features = dataclasses.replace(
            SPEC.features, asks=bool(settings.asks), signs=signs, verifies=verifies
        )

    def encode(self, request: Request) -> Wire:
        """The signed document. Raises ValueError if it is not what the operation takes."""
        operation = self._operation(request.operation)
        root = self._parsed(request.payload)
        if root.tag != operation.input:
            raise ValueError(f"the payload is {root.tag}, but {request.operation} takes {operation.input}")
        profiles.sign(root, operation.signature, self._signer, self._resources)
        problems = self._schemas[request.operation].problems(root)
        if problems:
            raise ValueError(f"the payload does not satisfy the contract: {'; '.join(problems)}")
        url = self._settings.address.rstrip("/") + self._path(operation, request, root)
        body = serialize(root) if operation.method == "POST" else b""
        headers = _XML if operation.encoding == "xml" and body else {"Accept": "application/xml"}
        return Wire(request.operation, request.key, url, body, headers, operation.method)

    async def send(self, wire: Wire) -> Reply:
        """Send once; a token that the agency refuses is renewed once. Raises `AdapterError`."""
        if self._tokens is None:
            return await self._exchange(wire, {})
        token = await self._tokens.get()
        try:
            return await self._exchange(wire, token)
        except Unauthorized:
            self._tokens.refused(token)
            return await self._exchange(wire, await self._tokens.get())

    def ask(self, request: Request) -> Request | None:
        """The question that settles whether ``request`` arrived; None if its operation has none."""
        ask = self._settings.asks.get(request.operation)
        if ask is None:
            return None
        about = self._parsed(request.payload)
        payload = templates.fill_xml(ask.template, request, about, self._resources.new_id)
        return Request(ask.operation, payload, request.key, request.context)

    async def check(self) -> CheckReport:
        """Look at our certificate, reach the address (any answer will do), get a token if used."""
        settings, http = self._settings, self._resources.http
        lines = [(True, f"{len(settings.operations)} operations")]
        if self._signer is not None:
            lines.append(checking.certificate_line(self._signer, self._resources.clock()))
        lines.append(await checking.reach(http, settings.address, settings.timeout_seconds, settings.tls))
        if self._tokens is not None:
            lines.append(await checking.log_in(self._tokens.get()))
        return checking.report(lines)

    async def close(self) -> None:
        """Nothing is open: connections belong to the shared HTTP client."""

    # ------------------------------------------------------------------ out

    def _operation(self, name: str) -> XmlOperation:
        if name not in self._settings.operations:
            raise ValueError(
                f"there is no operation {name!r}; there are {', '.join(self._settings.operations)}"
            )
        return self._settings.operations[name]

    def _parsed(self, payload: bytes) -> etree._Element:
        try:
            return parse(payload, limits=Limits(size=self._settings.payload_limit))
        except XmlRefused as error:
            raise ValueError(f"the payload cannot be read: {error}") from error

    def _path(self, operation: XmlOperation, request: Request, root: etree._Element) -> str:
        """The address of the operation; what fills a hole is quoted, so that it cannot lead elsewhere."""
        return templates.HOLE.sub(
            lambda hole: quote(templates.fill(hole[0], request, root, self._resources.new_id), safe=""),
            operation.path,
        )

    async def _exchange(self, wire: Wire, token: Token) -> Reply:
        operation = self._operation(wire.operation)
        headers, body = dict(wire.headers), wire.body
        if operation.encoding == "form":
            headers["Content-Type"] = _FORM
            body = urlencode(self._form(operation, wire, token)).encode()
        elif operation.secrets:
            body = self._with_secrets(operation, wire)
        reply = await self._call(
            wire.method, wire.url, {**headers, **self._identity(wire.url, token)}, body, operation.safe
        )
        self._resources.http.checked(reply, wire.url, safe=operation.safe)
        if not reply.body.strip():
            return _nothing_said(wire.operation, operation, reply)
        return self._understood(wire.operation, operation, reply)

    async def _call(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, safe: bool
    ) -> HttpReply:
        return await self._resources.http.request(
            method,
            url,
            body=body,
            headers=headers,
            timeout_seconds=self._settings.timeout_seconds,
            limit=self._settings.reply_limit,
            safe=safe,
            tls=self._settings.tls,
        )

    def _identity(self, url: str, token: Token) -> dict[str, str]:
        settings = self._settings.auth
        if isinstance(settings, TokenEndpoint):
            return {"Authorization": f"Bearer {token[settings.bearer]}"} if settings.bearer else {}
        return auth.headers(settings, url, self._resources.secret, self._resources.clock())

    def _with_secrets(self, operation: XmlOperation, wire: Wire) -> bytes:
        """The document with the account's secrets in their places."""
        root = self._parsed(wire.body)
        for path, secret in operation.secrets.items():
            place = root.find("/".join(f"{{*}}{step}" for step in path.split("/")))
            if place is None:
                raise Rejected(f"{wire.operation}: there is no {path} for the secret {secret}")
            place.text = self._resources.secret(secret)
        return serialize(root)

    def _form(self, operation: XmlOperation, wire: Wire, token: Token) -> dict[str, str]:
        document = self._parsed(wire.body)
        return {
            name: templates.HOLE.sub(lambda hole: self._field(hole[1], wire, document, token), text)
            for name, text in operation.fields.items()
        }

    def _field(self, hole: str, wire: Wire, document: etree._Element, token: Token) -> str:
        kind, _, name = hole.partition(":")
        if kind == "document":
            return base64.b64encode(wire.body).decode("ascii")
        if kind == "key":
            return wire.key
        if kind == "operation":
            return wire.operation
        if kind == "secret":
            return self._resources.secret(name)
        if kind == "md5":  # the gateway's demand; as good as the password itself, and treated as such
            return hashlib.md5(self._resources.secret(name).encode(), usedforsecurity=False).hexdigest()
        value = token.get(name) if kind == "token" else templates.in_payload(kind, name, document)
        if not value:
            raise Rejected(f"{wire.operation}: nothing to put in place of {{{hole}}}")
        return value

    # ------------------------------------------------------------------ in

    def _understood(self, name: str, operation: XmlOperation, reply: HttpReply) -> Reply:
        """Root, schema, signature, result code — in this order. Raises `AdapterError`."""
        try:
            root = parse(reply.body, limits=Limits(size=self._settings.reply_limit))
        except XmlRefused as error:
            raise Malformed(f"the answer to {name}: {error}", raw=reply.body) from error
        problems = (
            self._schemas[name].problems(root) if root.tag == operation.output else (f"it is {root.tag}",)
        )
        if problems:
            raise Malformed(f"the answer to {name}: {'; '.join(problems)}", raw=reply.body)
        signer = None
        if self._expected is not None and operation.verify_reply.kind != "none":
            try:
                proven = profiles.verify(root, operation.verify_reply, self._expected)
            except SigningError as error:
                raise Malformed(f"the answer to {name}: {error}", raw=reply.body) from error
            root, signer = proven.element, proven.signer
        self._judge(name, root, reply)
        return Reply(name, reply.body, serialize(root), reply.status, signer)

    def _judge(self, name: str, root: etree._Element, reply: HttpReply) -> None:
        code = templates.in_payload("payload", self._settings.code, root) if self._settings.code else None
        verdict = self._settings.verdicts.get(code or "")
        if verdict is not None:
            raise _CLASSES[verdict](f"{name} was answered with code {code}", code=code, raw=reply.body)

    # ------------------------------------------------------------------ tokens

    def _token_cache(self, settings: TokenEndpoint) -> TokenCache[Token]:
        async def fetch() -> Token:
            secrets = {field: self._resources.secret(name) for field, name in settings.credentials.items()}
            form = settings.encoding == "form"
            body = urlencode(secrets) if form else json.dumps(secrets)
            url = self._settings.address.rstrip("/") + settings.path
            headers = {"Content-Type": _FORM if form else "application/json", "Accept": "application/json"}
            try:
                reply = await self._call("POST", url, headers, body.encode(), safe=True)
                return _token(self._resources.http.checked(reply, url, safe=True), settings.bearer)
            except (Rejected, Malformed) as error:
                # A message that waits for a token was not sent: its log-in failed, not the message.
                raise Unauthorized(f"no token: {error.detail}", code=error.code, raw=error.raw) from error

        lifetime = timedelta(seconds=settings.lifetime_seconds)
        return TokenCache(fetch, clock=self._resources.clock, lifetime=lifetime)


def _token(reply: HttpReply, needed: str | None) -> Token:
    """The text fields of a JSON answer."""
    try:
        answer = json.loads(reply.body)
    except (ValueError, RecursionError) as error:
        raise Malformed("the token service did not answer with JSON") from error
    if not isinstance(answer, dict):
        raise Malformed("the token service did not answer with a JSON object")
    token = {name: value for name, value in answer.items() if isinstance(value, str) and value.isascii()}
    if not token or (needed is not None and needed not in token):
        raise Malformed(f"the token service gave no {needed or 'token'}")
    return token


def _nothing_said(name: str, operation: XmlOperation, reply: HttpReply) -> Reply:
    if operation.output is None:
        return Reply(name, b"", b"", reply.status)
    detail = f"{name} was answered {reply.status} with nothing in it: not what was promised"
    raise Malformed(detail) if operation.safe else Ambiguous(detail)


SPEC = Spec(
    name="xml-http",
    direction="send",
    summary="Sends XML documents over HTTP, plain or inside a form, signed in the agency's profile.",
    settings=XmlHttpSettings,
    build=XmlHttp,
    features=Features(asks=True, signs=True, verifies=True, network=True),
)
"""Declaration of the adapter."""
