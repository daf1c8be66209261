"""Settings of ``xml-http``: plain XML over HTTP, each agency in its own dress."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from adapters import templates
from adapters.auth import BasicAuth, KeyAuth, NoAuth
from adapters.base import Settings
from adapters.http import REPLY_LIMIT, Tls
from adapters.profiles import UNSIGNED, Profile
from adapters.soap_settings import Ask

Verdict = Literal["unavailable", "throttled", "unauthorized", "rejected"]
"""Classes of error that a code in the answer may mean."""

_FIELD = re.compile(
    r"document|key|operation|(?:secret|md5|token):[\w.-]+|payload:[\w./-]+|attribute:[\w./-]*@[\w.-]+"
)


class TokenEndpoint(Settings):
    """A token given as JSON in exchange for credentials."""

    kind: Literal["token-endpoint"] = Field(description="a token fetched from an address of its own")
    path: str = Field(description="address of the token service, relative to the endpoint")
    encoding: Literal["form", "json"] = Field("form", description="how credentials are sent")
    credentials: Mapping[str, str] = Field(description="field → name of the secret that goes into it")
    bearer: str | None = Field(None, description="field of the answer that is sent as Authorization: Bearer")
    lifetime_seconds: float = Field(
        1800, gt=0, description="how long a token is used before a new one is fetched"
    )


Identity = Annotated[NoAuth | BasicAuth | KeyAuth | TokenEndpoint, Field(discriminator="kind")]


class XmlOperation(Settings):
    """One exchange of documents."""

    path: str = Field(description="address relative to the endpoint, with holes such as {payload:MaHoSo}")
    method: Literal["POST", "GET"] = Field("POST", description="GET sends no document: the path says it all")
    input: str = Field(description="Clark name of the payload's root")
    output: str | None = Field(None, description="Clark name of the answer's root; none if it is empty")
    xsd: str = Field(description="schema of both, relative to the contracts folder")
    encoding: Literal["xml", "form"] = Field(
        "xml", description="the document itself, or a form with it inside"
    )
    fields: Mapping[str, str] = Field(
        default_factory=dict,
        description="form: field → text with {document} (base64), {operation} (its name), {secret:…}, {md5:…}, "
        "{token:…}, {payload:…}",
    )
    secrets: Mapping[str, str] = Field(
        default_factory=dict,
        description="element (path of local names) → secret put there while sending; the log keeps what stood there",
    )
    signature: Profile = Field(UNSIGNED, description="how the document is signed")
    verify_reply: Profile = Field(UNSIGNED, description="how the answer must be signed")
    safe: bool = Field(False, description="the exchange changes nothing at the agency")

    @field_validator("path")
    @classmethod
    def _known_holes(cls, value: str) -> str:
        return templates.check(value)

    @model_validator(mode="after")
    def _form_is_whole(self) -> XmlOperation:
        unknown = [hole for text in self.fields.values() for hole in templates.HOLE.findall(text)]
        unknown = [hole for hole in unknown if not _FIELD.fullmatch(hole)]
        if unknown:
            raise ValueError(f"{{{unknown[0]}}} is not known in a form field")
        if (self.encoding == "form") != bool(self.fields):
            raise ValueError("fields and encoding: form belong together")
        if self.secrets and (self.encoding == "form" or self.signature.kind != "none"):
            raise ValueError(
                "secrets go into a plain document: a form has its fields, a signature would break"
            )
        return self


class XmlHttpSettings(Settings):
    """An agency that takes XML documents over HTTP."""

    address: str = Field(description="endpoint, for example https://agency.example/api")
    operations: Mapping[str, XmlOperation] = Field(description="name → exchange")
    auth: Identity = Field(
        default_factory=lambda: NoAuth(kind="none"), description="identity beside the message"
    )
    partner: str | None = Field(None, description="who signs the answers, where several are trusted")
    code: str | None = Field(None, description="path (local names) of a result code in every answer")
    verdicts: Mapping[str, Verdict] = Field(default_factory=dict, description="result code → class of error")
    tls: Tls | None = Field(None, description="certificate authorities and client certificate")
    timeout_seconds: float = Field(30, gt=0, description="bound of one exchange, from start to last byte")
    reply_limit: int = Field(REPLY_LIMIT, gt=0, description="bound of an answer in bytes")
    payload_limit: int = Field(32 * 1024 * 1024, gt=0, description="bound of a payload in bytes")
    asks: Mapping[str, Ask] = Field(
        default_factory=dict, description="operation → how to ask whether it arrived"
    )
