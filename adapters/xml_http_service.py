"""Receiver ``xml-http-service``: agencies that post XML documents to the hub, signed in their own profile."""

from __future__ import annotations

import dataclasses
import hmac
from collections.abc import Mapping
from urllib.parse import quote

from lxml import etree
from pydantic import Field

from adapters import profiles, templates
from adapters.base import Answer, Features, Inbound, Received, Resources, Settings, Spec
from adapters.errors import Refused
from adapters.profiles import UNSIGNED, Profile
from adapters.refusal import document_answer
from adapters.schemas import Folder, schema_of
from adapters.trusting import Expected, needs_signer
from signing.errors import Replayed, SigningError, XmlRefused
from signing.xml import DEFAULT_LIMITS, Limits, parse, serialize

__all__ = ["SPEC", "XmlHttpService", "XmlHttpServiceSettings"]

_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


class XmlReception(Settings):
    """One kind of document that is received."""

    input: str = Field(description="Clark name of the document's root")
    output: str | None = Field(None, description="Clark name of the answer's root; none for an empty 204")
    xsd: str = Field(description="schema of both, relative to the contracts folder")
    key: str | None = Field(
        None, description="path (local names) of the sender's own message id in the document"
    )
    signature: Profile = Field(UNSIGNED, description="how it must be signed")
    sign_answer: Profile = Field(UNSIGNED, description="how the answer is signed")


class XmlHttpServiceSettings(Settings):
    """An address to which XML documents are posted."""

    operations: Mapping[str, XmlReception] = Field(description="name → document")
    partners: tuple[str, ...] = Field(
        (), description="who may sign; everybody with a known certificate if empty"
    )
    key: str | None = Field(None, description="name of the secret expected in the header")
    key_header: str = Field("X-Api-Key", description="header in which the key is expected")
    size_limit: int = Field(DEFAULT_LIMITS.size, gt=0, description="bound of a document in bytes")


class XmlHttpService:
    """One address of the hub; documents are told apart by their root."""

    def __init__(self, settings: XmlHttpServiceSettings, resources: Resources) -> None:
        """Compile the schemas and check the settings. Raises ValueError (`ContractError` among them)."""
        self._settings = settings
        self._resources = resources
        receptions = settings.operations.values()
        self._folder = Folder(resources.contracts)
        self._schemas = {xsd: schema_of(self._folder, xsd) for xsd in {each.xsd for each in receptions}}
        self._names = {each.input: name for name, each in settings.operations.items()}
        if len(self._names) != len(settings.operations):
            raise ValueError("two operations take the same document: they could not be told apart")
        verifies = any(each.signature.kind != "none" for each in receptions)
        self._expected = Expected(resources, settings.partners, anyone=True) if verifies else None
        self._signer = needs_signer(resources, any(each.sign_answer.kind != "none" for each in receptions))
        self._key = resources.secret(settings.key) if settings.key is not None else None
        self.features = dataclasses.replace(SPEC.features, signs=self._signer is not None, verifies=verifies)

    def receive(self, inbound: Inbound) -> Received:
        """Key, size, parser, root, signature, schema — in this order. Raises `Refused`."""
        self._check_sender(inbound)
        try:
            root = parse(inbound.body, limits=Limits(size=self._settings.size_limit))
        except XmlRefused as error:
            raise Refused("malformed", error.reason) from error
        name = self._names.get(str(root.tag))
        if name is None:
            raise Refused("unknown-operation", f"{root.tag} is not received here")
        reception = self._settings.operations[name]
        problems = self._schemas[reception.xsd].problems(root)
        signer = None
        if self._expected is not None and reception.signature.kind != "none":
            root, signer = self._proven(root, reception.signature, self._expected, name)
        if problems:
            raise Refused("invalid", "; ".join(problems), operation=name)
        key = templates.in_payload("payload", reception.key, root) if reception.key else None
        return Received(name, serialize(root), key or None, signer)

    def _check_sender(self, inbound: Inbound) -> None:
        given = inbound.headers.get(self._settings.key_header.lower(), "")
        if self._key is not None and not hmac.compare_digest(given.encode(), self._key.encode()):
            raise Refused("forbidden", f"the {self._settings.key_header} header is missing or wrong")
        if inbound.method != "POST":
            raise Refused("malformed", f"{inbound.method} carries no document: POST it")
        if len(inbound.body) > self._settings.size_limit:
            raise Refused("too-large", f"at most {self._settings.size_limit} bytes")

    @staticmethod
    def _proven(
        root: etree._Element, profile: Profile, expected: Expected, name: str
    ) -> tuple[etree._Element, str]:
        if next(root.iter(_SIGNATURE), None) is None:
            raise Refused("unsigned", "there is no ds:Signature in the document", operation=name)
        try:
            proven = profiles.verify(root, profile, expected)
        except SigningError as error:
            reason = "replayed" if isinstance(error, Replayed) else "untrusted"
            raise Refused(reason, error.reason, operation=name) from error
        return proven.element, proven.signer

    def answer(self, received: Received, payload: bytes) -> Answer:
        """The hub's document, signed if so agreed. Raises ValueError if it breaks the contract."""
        reception = self._settings.operations[received.operation]
        if reception.output is None:
            return Answer(204, b"", "application/xml")
        root = parse(payload)
        profiles.sign(root, reception.sign_answer, self._signer, self._resources)
        problems = self._schemas[reception.xsd].problems(root)
        if root.tag != reception.output or problems:
            raise ValueError(
                f"the answer to {received.operation} breaks the contract: {'; '.join(problems) or root.tag}"
            )
        return Answer(200, serialize(root), "application/xml; charset=utf-8")

    def refuse(self, inbound: Inbound, error: Exception) -> Answer:
        """A small document that says why, in two languages."""
        return document_answer(error)

    def documents(self, base_url: str) -> Mapping[str, tuple[str, bytes]]:
        """The schemas, each with what it imports, under the names by which they import each other."""
        files = {name: data for schema in self._schemas.values() for name, data in schema.files.items()}
        return {f"xsd={quote(name)}": ("text/xml; charset=utf-8", data) for name, data in files.items()}


SPEC = Spec(
    name="xml-http-service",
    direction="receive",
    summary="Takes XML documents that agencies post, signed in their own profile.",
    settings=XmlHttpServiceSettings,
    build=XmlHttpService,
    features=Features(signs=True, verifies=True, network=False),
)
"""Declaration of the adapter."""
