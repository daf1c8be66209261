"""Settings of the SOAP client: everything that differs from one SOAP agency to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator

from adapters import templates
from adapters.auth import Auth, NoAuth
from adapters.base import Settings
from adapters.http import REPLY_LIMIT, Tls
from signing.xmlsig.wss import KeyReference

Security = Literal["none", "enveloped", "wss-x509"]
"""How a SOAP message is signed: not; by a ds:Signature inside the payload; by a WS-Security header."""


class Ask(Settings):
    """How to ask whether a message arrived."""

    operation: str = Field(description="operation that answers the question")
    template: str = Field(description="its payload, with holes such as {key} or {payload:MaHoSo}")

    @field_validator("template")
    @classmethod
    def _known_holes(cls, value: str) -> str:
        return templates.check(value)


class SoapClientSettings(Settings):
    """A SOAP service that the hub calls."""

    wsdl: str = Field(description="pinned WSDL, relative to the contracts folder")
    service: str | None = Field(None, description="service name; only where the WSDL has several")
    port: str | None = Field(None, description="port name; only where the WSDL has several")
    address: str | None = Field(None, description="endpoint instead of the WSDL's")
    security: Security = Field("none", description="how requests are signed")
    unsigned: tuple[str, ...] = Field((), description="operations whose requests are not signed")
    verify_reply: Security = Field("none", description="how answers must be signed")
    unverified: tuple[str, ...] = Field((), description="operations whose answers carry no signature")
    partner: str | None = Field(None, description="who signs the answers, where several are trusted")
    valid_seconds: float = Field(300, gt=0, le=3600, description="validity of a WS-Security time-stamp")
    key_reference: KeyReference = Field("token", description="how WS-Security names our certificate")
    addressing: bool = Field(False, description="send WS-Addressing headers, and demand a matching RelatesTo")
    auth: Auth = Field(default_factory=lambda: NoAuth(kind="none"), description="identity beside the message")
    tls: Tls | None = Field(None, description="certificate authorities and client certificate")
    media_type: str | None = Field(None, description="content type, where an unusual one is demanded")
    timeout_seconds: float = Field(30, gt=0, description="bound of one exchange, from start to last byte")
    reply_limit: int = Field(REPLY_LIMIT, gt=0, description="bound of an answer in bytes")
    payload_limit: int = Field(32 * 1024 * 1024, gt=0, description="bound of a payload in bytes")
    safe: tuple[str, ...] = Field((), description="operations that change nothing at the agency")
    asks: Mapping[str, Ask] = Field(
        default_factory=dict, description="operation → how to ask whether it arrived"
    )
