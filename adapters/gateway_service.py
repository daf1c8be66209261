"""Receiver ``gateway-service``: the dress of the insurance gateway, from the other side.

A facility takes a token (form with ``username`` and ``password``, answered as JSON), then posts a form with the
signed document in base64. Token, account and facility belong together: a token of one is worth nothing with
another's account, and the document must be of that facility (annex PL02 of 2025).

Tokens are not stored: each is the account and its end, sealed with a key that is made of the account's password.
So they hold at every process of the hub, and end with the password.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode

from lxml import etree
from pydantic import Field

from adapters import profiles, templates
from adapters.base import Answer, Features, Inbound, Received, Resources, Settings, Spec
from adapters.errors import Refused
from adapters.profiles import Profile
from adapters.refusal import words
from adapters.schemas import Folder, schema_of
from adapters.trusting import Expected
from signing.errors import Replayed, SigningError, XmlRefused
from signing.xml import Limits, parse, serialize

__all__ = ["SPEC", "GatewayService", "GatewayServiceSettings"]

_FIELDS = 64
_ESCAPED = 2  # base64 inside a form: a few of its signs take three bytes
_BESIDE = 8 * 1024
_WORDS = re.compile(r"[0-9A-Za-z]+")


class FormFields(Settings):
    """What the fields of the form are called."""

    facility: str = Field("maCskcb", description="the facility that sends")
    token: str = Field("token", description="the token")
    identity: str = Field("id_token", description="the token's second half")
    username: str = Field("username", description="the account")
    password: str = Field("password", description="MD5 of the password, in hexadecimal")
    kind: str = Field("loaiHs", description="kind of the document")
    document: str = Field("fileBase64Str", description="the signed document in base64")


class GatewayDocument(Settings):
    """One kind of document that is received."""

    kind: str = Field(description="what the form says of it; must go with the root")
    input: str = Field(description="Clark name of the document's root")
    facility: str = Field(description="path (local names) of the facility inside the document")
    signature: Profile = Field(description="how it must be signed")


class GatewayServiceSettings(Settings):
    """An address to which accounts post documents inside a form."""

    accounts: Mapping[str, str] = Field(
        description="facility, which is also the account → secret of its password"
    )
    operations: Mapping[str, GatewayDocument] = Field(description="name → document")
    xsd: str = Field(
        description="schema of all documents and of the answer, relative to the contracts folder"
    )
    output: str = Field(description="Clark name of the answer's root")
    form: FormFields = Field(
        default_factory=lambda: FormFields.model_validate({}), description="names of fields"
    )
    codes: Mapping[str, str] = Field(description="reason of a refusal → result code of the answer")
    refusal: str = Field(
        description="answer to what is refused, with {code}, {text} and {time} (yyyyMMddHHmmss, Vietnam)"
    )
    zone_hours: int = Field(7, description="hours east of Greenwich in which times are told")
    lifetime_seconds: float = Field(1800, gt=0, description="how long a token is good")
    size_limit: int = Field(
        2 * 1024 * 1024, gt=0, description="bound of the base64 text; told to whoever goes beyond"
    )


class GatewayService:
    """One address of the hub; documents are told apart by their kind, which must go with their root."""

    def __init__(self, settings: GatewayServiceSettings, resources: Resources) -> None:
        """Compile the schema and check the settings. Raises ValueError (`ContractError` among them)."""
        self._settings = settings
        self._resources = resources
        self._schema = schema_of(Folder(resources.contracts), settings.xsd)
        self._kinds = {each.kind: name for name, each in settings.operations.items()}
        if len(self._kinds) != len(settings.operations):
            raise ValueError("two operations have the same kind: they could not be told apart")
        self._expected = Expected(resources, ())
        self.features = dataclasses.replace(SPEC.features, verifies=True)

    # ------------------------------------------------------------------ tokens

    def grant(self, inbound: Inbound) -> Answer | None:
        """The token that a form with an account and without a document asks for; None for every other message."""
        fields = self._fields(inbound)
        names = self._settings.form
        if names.document in fields or names.username not in fields:
            return None
        account = fields[names.username]
        if not self._knows(account, fields.get(names.password, "")):
            return _json(401, {"maKetQua": "401", "moTa": "Sai tài khoản hoặc mật khẩu"})
        end = self._resources.clock() + timedelta(seconds=self._settings.lifetime_seconds)
        token = self._token(account, end)
        pair = {"access_token": token, "id_token": self._mark(account, token)}
        return _json(200, {"maKetQua": "200", **pair, "expires_in": int(self._settings.lifetime_seconds)})

    def _token(self, account: str, end: datetime) -> str:
        said = f"{account}.{int(end.timestamp())}"
        return f"{said}.{self._mark(account, said)}"

    def _mark(self, account: str, text: str) -> str:
        key = self._resources.secret(self._settings.accounts[account])
        return hmac.new(f"token {key}".encode(), text.encode(), hashlib.sha256).hexdigest()

    def _holds(self, token: str, account: str) -> bool:
        """Whether the token was given to that very account and has not ended."""
        said, _, mark = token.rpartition(".")
        owner, _, end = said.rpartition(".")
        genuine = hmac.compare_digest(mark.encode(), self._mark(account, said).encode())
        return genuine and owner == account and self._resources.clock().timestamp() < int(end)

    def _knows(self, account: str, password: str) -> bool:
        """Whether that is the account's password, or its MD5, as the gateway's form has it."""
        secret = self._settings.accounts.get(account)
        if secret is None:
            return False
        known = self._resources.secret(secret)
        digest = hashlib.md5(known.encode(), usedforsecurity=False).hexdigest()
        given = password.encode()
        return hmac.compare_digest(given, known.encode()) or hmac.compare_digest(
            given.lower(), digest.encode()
        )

    def kept(self, inbound: Inbound) -> bytes:
        """The document as it was signed; of a form in which there is none, the fields that are no secrets."""
        fields = self._fields(inbound)
        names = self._settings.form
        try:
            return base64.b64decode(fields.get(names.document, ""), validate=True) or self._harmless(fields)
        except (binascii.Error, ValueError):
            return self._harmless(fields)

    def _harmless(self, fields: Mapping[str, str]) -> bytes:
        names = self._settings.form
        shown = {
            name: fields[name] for name in (names.facility, names.username, names.kind) if name in fields
        }
        return urlencode(shown).encode()

    # ------------------------------------------------------------------ documents

    def receive(self, inbound: Inbound) -> Received:
        """Sender, size, base64, parser, kind, schema, signature, facility — in this order. Raises `Refused`."""
        fields = self._fields(inbound)
        account = self._sender(inbound)
        name = self._kinds.get(fields.get(self._settings.form.kind, ""))
        root = self._unpacked(fields.get(self._settings.form.document, ""))
        if name is None or root.tag != self._settings.operations[name].input:
            kind = fields.get(self._settings.form.kind, "")
            raise Refused(
                "unknown-operation", f"kind {kind!r} does not go with the root {root.tag}", operation=name
            )
        return self._verified(name, root, account)

    def opened(self, document: bytes) -> Received:
        """A signed document that came another way, such as the answer to a question. Raises `Refused`."""
        root = self._parsed(document)
        for name, operation in self._settings.operations.items():
            if root.tag == operation.input:
                facility = templates.in_payload("payload", operation.facility, root)
                return self._verified(name, root, facility or "")
        raise Refused("unknown-operation", f"{root.tag} is not received here")

    def _verified(self, name: str, root: etree._Element, account: str) -> Received:
        """Signature, signer, schema, facility — in this order. Raises `Refused`."""
        operation = self._settings.operations[name]
        problems = self._schema.problems(root)
        try:
            proven = profiles.verify(root, operation.signature, self._expected)
        except SigningError as error:
            reason = "replayed" if isinstance(error, Replayed) else "untrusted"
            raise Refused(reason, error.reason, operation=name) from error
        if account not in _WORDS.findall(proven.signer):
            raise Refused(
                "untrusted", f"signed by {proven.signer}, not by facility {account}", operation=name
            )
        if problems:
            raise Refused("invalid", "; ".join(problems), operation=name)
        inside = templates.in_payload("payload", operation.facility, proven.element)
        if inside != account:
            raise Refused(
                "invalid", f"the document is of facility {inside}, not of the sender", operation=name
            )
        return Received(name, serialize(proven.element), None, proven.signer)

    def _sender(self, inbound: Inbound) -> str:
        """The account whose token, password and facility all belong together."""
        names = self._settings.form
        if self._is_too_large(inbound):
            raise Refused("too-large", f"at most {self._settings.size_limit} characters of base64")
        fields = self._fields(inbound)
        if not fields or not set(fields) <= set(names.model_dump().values()):
            raise Refused("malformed", "a form with the agreed fields is expected, and no other field")
        account = fields.get(names.username, "")
        token = fields.get(names.token, "")
        if not self._knows(account, fields.get(names.password, "")):
            raise Refused("forbidden", "account and password do not go together")
        identity = fields.get(names.identity, "").encode()
        paired = hmac.compare_digest(identity, self._mark(account, token).encode())
        if not paired or not self._holds(token, account):
            raise Refused("forbidden", "the token has ended, or is of another account")
        if fields.get(names.facility) != account:
            raise Refused("forbidden", "the account is of another facility")
        return account

    def _unpacked(self, packed: str) -> etree._Element:
        if len(packed) > self._settings.size_limit:
            raise Refused("too-large", f"at most {self._settings.size_limit} characters of base64")
        try:
            data = base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError) as error:
            raise Refused("malformed", f"{self._settings.form.document} is not base64") from error
        return self._parsed(data)

    def _parsed(self, data: bytes) -> etree._Element:
        try:
            return parse(data, limits=Limits(size=self._settings.size_limit))
        except XmlRefused as error:
            raise Refused("invalid", error.reason) from error

    def _is_too_large(self, inbound: Inbound) -> bool:
        """Whether the form cannot hold a document of the agreed size; taking it apart would take many times as much."""
        return len(inbound.body) > _ESCAPED * self._settings.size_limit + _BESIDE

    def _fields(self, inbound: Inbound) -> dict[str, str]:
        if self._is_too_large(inbound):
            return {}
        try:
            return dict(
                parse_qsl(inbound.body.decode("ascii"), max_num_fields=_FIELDS, keep_blank_values=True)
            )
        except ValueError:
            return {}  # what is no form has no account, and is refused for that

    # ------------------------------------------------------------------ answers

    def answer(self, received: Received, payload: bytes) -> Answer:
        """The hub's document. Raises ValueError if it breaks the contract."""
        root = parse(payload)
        problems = self._schema.problems(root)
        if root.tag != self._settings.output or problems:
            raise ValueError(f"the answer breaks the contract: {'; '.join(problems) or root.tag}")
        return _xml(200, serialize(root))

    def refuse(self, inbound: Inbound, error: Exception) -> Answer:
        """The answer document with the code for the reason."""
        said = words(error)
        reason = error.reason if isinstance(error, Refused) else "internal"
        code = self._settings.codes.get(reason, "500")
        at = (self._resources.clock() + timedelta(hours=self._settings.zone_hours)).strftime("%Y%m%d%H%M%S")
        filled = {"code": code, "text": said.vi[:1000], "time": at}
        root = parse(self._settings.refusal.encode())
        for node in root.iter():
            node.text = templates.HOLE.sub(lambda hole: filled.get(hole[1], ""), node.text or "") or None
        return _xml(401 if code == "401" else said.status, serialize(root))

    def documents(self, base_url: str) -> Mapping[str, tuple[str, bytes]]:
        """The schema, with what it imports."""
        files = self._schema.files
        return {f"xsd={quote(name)}": ("text/xml; charset=utf-8", data) for name, data in files.items()}


def _json(status: int, content: Mapping[str, object]) -> Answer:
    return Answer(status, json.dumps(content, ensure_ascii=False).encode(), "application/json; charset=utf-8")


def _xml(status: int, body: bytes) -> Answer:
    return Answer(status, body, "application/xml; charset=utf-8")


SPEC = Spec(
    name="gateway-service",
    direction="receive",
    summary="Takes signed documents that accounts post inside a form, after taking a token.",
    settings=GatewayServiceSettings,
    build=GatewayService,
    features=Features(verifies=True, network=False),
)
"""Declaration of the adapter."""
