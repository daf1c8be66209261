"""One HTTP exchange over plain ASGI: headers looked at strictly, a body read within bounds, an answer sent.

Standards: RFC 9110 (semantics), RFC 6585 (429, 431).
"""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, TypeAlias

from adapters.base import Answer
from signing.xml import DEFAULT_LIMITS

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

CLIENT = "lienthong.client"
"""Key of the scope under which the authenticated caller's id stands; None for nobody."""

CITIZEN = "lienthong.citizen"
"""Key of the scope under which the declarant stands whose session it is; None for nobody."""

REQUEST_ID = "lienthong.request_id"
"""Key of the scope under which the id of this request stands."""

_ONCE = frozenset(
    {"content-type", "content-length", "content-encoding", "x-api-key", "x-request-id", "soapaction"}
)
_MEDIA_TYPE = re.compile(
    r"\s*([!#$&^_.+a-z0-9-]+/[!#$&^_.+a-z0-9-]+)\s*(?:;(.*))?", re.IGNORECASE | re.DOTALL
)
_CHARSET = re.compile(r"""charset\s*=\s*"?([a-z0-9._-]+)"?""", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class Bounds:
    """What a caller may take of us. Sizes in bytes, times in seconds."""

    document: int = 1024 * 1024
    """A request document; files are handed over apart."""
    report: int = DEFAULT_LIMITS.size
    """A report, call-back or SOAP message, which may carry result papers."""
    attachment: int = 5 * 1024 * 1024
    """One file (common.xsd, Attachment/Size)."""
    body_seconds: float = 30.0
    """From the first look at a body to its last byte."""
    header_bytes: int = 16 * 1024
    """All header fields together."""
    fields: int = 100
    """Number of header fields."""
    in_flight: int = 512
    """Requests under way in this process."""
    per_client: int = 128
    """Requests under way of one caller."""


class HttpRefusal(Exception):
    """The request is refused as HTTP, before anybody looks at what it says."""

    def __init__(
        self, status: int, reason: str, vi: str, en: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        """``reason`` is one word for machines; ``vi`` and ``en`` say the same to people."""
        super().__init__(en)
        self.status = status
        self.reason = reason
        self.vi = vi
        self.en = en
        self.headers = dict(headers or {})


class ClientGone(Exception):
    """The caller hung up in the middle of its own body: there is nobody to answer."""


def headers_of(scope: Scope, bounds: Bounds) -> dict[str, str]:
    """The header fields, names in lower case, repeated ones joined. Raises `HttpRefusal`."""
    fields = scope["headers"]
    if (
        len(fields) > bounds.fields
        or sum(len(name) + len(value) for name, value in fields) > bounds.header_bytes
    ):
        raise HttpRefusal(
            431, "headers-too-large", "Phần đầu HTTP quá lớn.", "The header fields are too large."
        )
    headers: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip()
        if name in headers and name in _ONCE:
            raise HttpRefusal(
                400, "bad-request", f"Trường {name} bị lặp lại.", f"The field {name} is repeated."
            )
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def media_type_of(headers: Mapping[str, str]) -> str:
    """The media type of the body, in lower case; "" if none is given.

    Raises `HttpRefusal` 415 for a coding or a charset other than UTF-8 (and, for XML, UTF-16, which says so
    itself).
    """
    if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise unsupported("Content-Encoding")
    found = _MEDIA_TYPE.fullmatch(headers.get("content-type", ""))
    if found is None:
        return ""
    charset = _CHARSET.search(found[2] or "")
    if charset is not None and charset[1].lower() not in ("utf-8", "utf8", "utf-16", "us-ascii"):
        raise unsupported("charset")
    return found[1].lower()


def unsupported(what: str, allowed: Iterable[str] = ()) -> HttpRefusal:
    """415: the body is of a kind that is not taken here."""
    accepted = ", ".join(allowed)
    vi = f"Định dạng nội dung không được hỗ trợ ({what})." + (f" Hãy dùng: {accepted}." if accepted else "")
    en = f"The body is not of a supported kind ({what})." + (f" Use: {accepted}." if accepted else "")
    return HttpRefusal(
        415, "unsupported-media-type", vi, en, headers={"Accept-Post": accepted} if accepted else None
    )


def not_allowed(allowed: str) -> HttpRefusal:
    """405, with the methods that are."""
    vi, en = f"Chỉ dùng được phương thức: {allowed}.", f"Only these methods are allowed: {allowed}."
    return HttpRefusal(405, "method-not-allowed", vi, en, headers={"Allow": allowed})


async def read_body(
    receive: Receive,
    headers: Mapping[str, str],
    limit: int,
    seconds: float,
    each: Callable[[bytes], object] | None = None,
) -> bytes:
    """The whole body, at most ``limit`` bytes, within ``seconds``; ``each`` sees every piece as it comes.

    Raises `HttpRefusal` 413 as soon as more is announced or sent, 408 if it takes too long, and `ClientGone`.
    """
    if _announced(headers) > limit:
        raise _too_large(limit)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in _pieces(receive):
                body += piece
                if len(body) > limit:
                    raise _too_large(limit)
                if each is not None:
                    each(piece)
    except TimeoutError as error:
        vi, en = "Nội dung gửi đến quá chậm.", "The body arrived too slowly."
        raise HttpRefusal(408, "too-slow", vi, en, headers={"Connection": "close"}) from error
    return bytes(body)


async def _pieces(receive: Receive) -> Any:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        more = message.get("more_body", False)
        yield message.get("body", b"")


def _announced(headers: Mapping[str, str]) -> int:
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise HttpRefusal(400, "bad-request", "Content-Length không hợp lệ.", "Content-Length is not valid.")
    return int(length)


def _too_large(limit: int) -> HttpRefusal:
    vi, en = f"Nội dung lớn hơn {limit} byte cho phép.", f"The body is larger than the {limit} bytes allowed."
    return HttpRefusal(413, "too-large", vi, en, headers={"Connection": "close"})


async def send_answer(send: Send, answer: Answer, *, head: bool = False) -> None:
    """Put an answer on the wire; ``head`` leaves the body out."""
    fields = {"content-type": answer.content_type, "content-length": str(len(answer.body)), **answer.headers}
    raw = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields.items() if value
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})
