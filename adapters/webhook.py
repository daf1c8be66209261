"""Sender ``webhook``: tells a client's own address what happened, as signed JSON. Any 2xx answer is a confirmation.

The body is the document as JSON: an element is a member, one of ``lists`` an array, a leaf its text, a leaf with
attributes an object with ``value`` beside them. The signature is added while sending, over the time and the exact
bytes, so that a listener can refuse what is old or not ours::

    X-Lienthong-Timestamp: 1795406400
    X-Lienthong-Signature: sha256=HMAC-SHA256(secret, timestamp + "." + body), hexadecimal
    Idempotency-Key: the same on every attempt
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lxml import etree
from pydantic import Field

from adapters import checking
from adapters.base import CheckReport, Features, Reply, Request, Resources, Settings, Spec, Wire
from adapters.http import Tls
from adapters.schemas import Folder, schema_of
from signing.errors import XmlRefused
from signing.xml import parse, serialize

__all__ = ["SPEC", "Webhook", "WebhookSettings", "signature"]

_REPLY_LIMIT = 64 * 1024
_CONFIRMED = "{urn:lienthong:webhook:1.0}Confirmed"


class WebhookSettings(Settings):
    """A client that listens."""

    url: str = Field(pattern=r"^https?://", description="address to which everything is posted")
    secret: str = Field(description="name of the secret that the client shares")
    xsd: tuple[str, ...] = Field(description="schemas of the documents, below the contracts folder")
    operations: Mapping[str, str] = Field(description="operation → Clark name of its document's root")
    lists: frozenset[str] = Field(
        frozenset(), description="local names of elements that are arrays, however many there are"
    )
    tls: Tls | None = Field(None, description="certificate authorities and client certificate")
    timeout_seconds: float = Field(15, gt=0, description="bound of one exchange, from start to last byte")


class Webhook:
    """One client's address."""

    features = Features(signs=False)

    def __init__(self, settings: WebhookSettings, resources: Resources) -> None:
        """Compile the schemas. Raises ValueError (`ContractError` among them)."""
        self._settings = settings
        self._resources = resources
        self._schema = schema_of(Folder(resources.contracts), *settings.xsd)

    def encode(self, request: Request) -> Wire:
        """The JSON body. Raises ValueError if the operation or the document is not what is sent here."""
        settings = self._settings
        if request.operation not in settings.operations:
            raise ValueError(
                f"there is no operation {request.operation!r}; there are {', '.join(settings.operations)}"
            )
        try:
            root = parse(request.payload)
        except XmlRefused as error:
            raise ValueError(f"the payload cannot be read: {error}") from error
        if root.tag != settings.operations[request.operation]:
            raise ValueError(f"the payload is {root.tag}, not {settings.operations[request.operation]}")
        if problems := self._schema.problems(root):
            raise ValueError(f"the payload does not satisfy the contract: {'; '.join(problems)}")
        members = {etree.QName(root).localname: as_json(root, settings.lists)}
        body = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": request.key}
        return Wire(request.operation, request.key, settings.url, body, headers)

    async def send(self, wire: Wire) -> Reply:
        """Post once; every 2xx is a confirmation. Raises `AdapterError`."""
        http, settings = self._resources.http, self._settings
        signed = signature(self._resources.secret(settings.secret), self._resources.clock(), wire.body)
        reply = await http.request(
            "POST",
            wire.url,
            body=wire.body,
            headers={**wire.headers, **signed},
            timeout_seconds=settings.timeout_seconds,
            limit=_REPLY_LIMIT,
            tls=settings.tls,
        )
        http.checked(reply, wire.url)
        return Reply(wire.operation, reply.body, serialize(etree.Element(_CONFIRMED)), reply.status)

    async def check(self) -> CheckReport:
        """Reach the address; any answer will do."""
        settings = self._settings
        line = await checking.reach(
            self._resources.http, settings.url, settings.timeout_seconds, settings.tls
        )
        return checking.report([line])

    async def close(self) -> None:
        """Nothing is open: connections belong to the shared HTTP client."""


def signature(secret: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers that prove to who shares ``secret`` that ``body`` left here at ``now``."""
    timestamp = str(int(now.timestamp()))
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Lienthong-Timestamp": timestamp, "X-Lienthong-Signature": f"sha256={digest}"}


def as_json(element: etree._Element, lists: frozenset[str]) -> Any:
    """A leaf as its text, a group as an object of its children; those called as one of ``lists`` are arrays."""
    children = list(element.iterchildren(etree.Element))
    if not children:
        text = " ".join((element.text or "").split())
        return {"value": text, **dict(element.attrib)} if element.attrib else text
    members: dict[str, Any] = {}
    for child in children:
        name, value = etree.QName(child).localname, as_json(child, lists)
        if name in lists:
            members.setdefault(name, []).append(value)
        else:
            members[name] = value
    return members


SPEC = Spec(
    name="webhook",
    direction="send",
    summary="Posts documents as signed JSON to a client's address; any 2xx answer confirms.",
    settings=WebhookSettings,
    build=Webhook,
    features=Webhook.features,
)
"""Declaration of the sender."""
