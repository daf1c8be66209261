"""The one HTTP client of the hub: a shared, bounded, distrustful session.

It answers one question that ordinary clients leave open: *may the agency have taken the message in?* A
failure before the first byte was written is `Unavailable`; after it, `Ambiguous` — unless the caller
says that the request is ``safe`` to repeat (RFC 9110 §9.2.1). Redirects are never followed: a body meant
for one host is not posted to another.
"""

from __future__ import annotations

import asyncio
import dataclasses
import ssl
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver
from pydantic import Field

from adapters.base import Settings
from adapters.errors import (
    AdapterError,
    Ambiguous,
    Malformed,
    Rejected,
    Throttled,
    Unauthorized,
    Unavailable,
)

REPLY_LIMIT = 16 * 1024 * 1024
"""Default bound of a reply, in bytes, after decompression."""

_KEEP_ALIVE_SECONDS = 10.0  # short: a POST on a connection that the server just closed ends as Ambiguous
_NOT_THE_CONTRACT = frozenset({404, 405, 406, 410, 415, 501})


class Tls(Settings):
    """What is needed beyond the system's certificate authorities. Verification cannot be turned off."""

    ca: Path | None = Field(None, description="PEM file of the authorities to trust instead of the system's")
    certificate: Path | None = Field(None, description="PEM file of the client certificate and its chain")
    key: Path | None = Field(None, description="PEM file of the client certificate's private key")


@dataclasses.dataclass(frozen=True, slots=True)
class HttpReply:
    """A complete reply: header names are lower case, ``body`` is decompressed and within the limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """One session for all adapters of a process; opened on first use, inside the running event loop."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        connections: int = 128,
        connections_per_host: int = 32,
        connect_seconds: float = 10.0,
        resolver: AbstractResolver | None = None,
    ) -> None:
        """``clock`` reads Retry-After dates; ``connect_seconds`` bounds waiting for a connection, TLS included;
        ``resolver`` decides where names lead.
        """
        self._clock = clock
        self._connections = connections
        self._connections_per_host = connections_per_host
        self._connect_seconds = connect_seconds
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None
        self._contexts: dict[Tls, ssl.SSLContext] = {}

    async def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float = 30.0,
        limit: int = REPLY_LIMIT,
        safe: bool = False,
        tls: Tls | None = None,
    ) -> HttpReply:
        """Send one request and read its whole reply, whatever its status. Raises `AdapterError` if there
        is none.

        ``timeout_seconds`` bounds the exchange from start to last byte; ``limit`` bounds the reply in bytes.
        """
        host = _host(url)
        sent = SimpleNamespace(written=False)
        try:
            async with self._open().request(
                method,
                url,
                data=body or None,
                headers={"Accept-Encoding": "gzip", **(headers or {})},
                allow_redirects=False,
                ssl=self._context(tls),
                timeout=aiohttp.ClientTimeout(total=timeout_seconds, connect=self._connect_seconds),
                trace_request_ctx=sent,
            ) as response:
                received = await _read(response, host, limit)
                names = {name.lower(): value for name, value in response.headers.items()}
                return HttpReply(response.status, names, received)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            _raise_for_failure(error, host, written=sent.written and not safe)
        except ValueError as error:  # aiohttp's word for a header or address that cannot be written
            raise Rejected(f"the request to {host} cannot be written: {error}") from error

    def checked(self, reply: HttpReply, url: str, *, safe: bool = False) -> HttpReply:
        """Give back ``reply`` if its status is 2xx; else raise the `AdapterError` that the status means."""
        if not 200 <= reply.status < 300:
            _raise_for_status(reply, _host(url), self._clock(), safe=safe)
        return reply

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(
                limit=self._connections,
                limit_per_host=self._connections_per_host,
                ttl_dns_cache=300,
                keepalive_timeout=_KEEP_ALIVE_SECONDS,
                resolver=self._resolver,
            )
            tracing = aiohttp.TraceConfig()
            tracing.on_request_headers_sent.append(_note_written)
            self._session = aiohttp.ClientSession(
                connector=connector,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "lienthong"},
                trace_configs=[tracing],
            )
        return self._session

    def _context(self, tls: Tls | None) -> ssl.SSLContext | bool:
        if tls is None:
            return True
        if tls not in self._contexts:
            self._contexts[tls] = tls_context(tls)
        return self._contexts[tls]


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110 §10.2.3: seconds or a date); None if absent
    or unreadable.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:  # "-0000" in a mail date: HTTP dates are always GMT
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


async def _note_written(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceRequestHeadersSentParams
) -> None:
    # Fires just before the first byte goes to the socket: errs on the side of "may have been taken in".
    context.trace_request_ctx.written = True


def _host(url: str) -> str:
    """Host and port of an http(s) address without credentials: the only part of an address that errors
    show.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise Rejected("an agency's address is http(s)://host[:port]/path, without user or password in it")
    return parts.netloc


def tls_context(tls: Tls | None) -> ssl.SSLContext:
    """A context that verifies, with the files of ``tls`` beyond the system's. Raises Unauthorized if they are wrong."""
    tls = tls or Tls(ca=None, certificate=None, key=None)
    try:
        context = ssl.create_default_context(cafile=tls.ca)
        if tls.certificate is not None:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise Unauthorized(f"TLS files cannot be loaded ({error}): check ca, certificate and key") from error
    return context


async def _read(response: aiohttp.ClientResponse, host: str, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > limit:
            raise Malformed(f"the reply of {host} is larger than {limit} bytes")
        chunks.append(chunk)
    return _decode(b"".join(chunks), response.headers.get("Content-Encoding", "identity"), host, limit)


def _decode(data: bytes, encoding: str, host: str, limit: int) -> bytes:
    """Undo the content coding without ever holding more than ``limit`` bytes of output."""
    if encoding.lower() in ("", "identity"):
        return data
    if encoding.lower() not in ("gzip", "x-gzip"):
        raise Malformed(f"the reply of {host} is encoded as {encoding!r}, which was not asked for")
    inflater = zlib.decompressobj(wbits=31)
    try:
        plain = inflater.decompress(data, limit + 1)
    except zlib.error as error:
        raise Malformed(f"the reply of {host} is not the gzip that it claims to be") from error
    if len(plain) > limit:
        raise Malformed(f"the reply of {host} is larger than {limit} bytes when decompressed")
    if not inflater.eof or inflater.unused_data:
        raise Malformed(f"the reply of {host} is an incomplete or padded gzip stream")
    return plain


def _pointed_to(location: str) -> str:
    """The host of a redirect, which somebody hostile may have written."""
    try:
        return urlsplit(location).netloc[:200] or "nowhere"
    except ValueError:
        return "no address"


def _raise_for_failure(error: BaseException, host: str, *, written: bool) -> NoReturn:
    what = _describe(error)
    if isinstance(error, aiohttp.NonHttpUrlClientError | aiohttp.InvalidURL):
        raise Rejected(f"{host} is not an address that can be called") from error
    if written:
        raise Ambiguous(f"the request was sent to {host}, but no complete answer came ({what})") from error
    raise Unavailable(f"{host} gave no answer ({what})") from error


def _describe(error: BaseException) -> str:
    # Certificate errors are also connection errors, and time-outs are also OS errors: the order matters.
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its TLS certificate is not trusted: " + str(error.certificate_error)
    if isinstance(error, aiohttp.ClientSSLError):
        return "TLS handshake failed"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be resolved"
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return "time-out"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "connection refused"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the reply was cut short"
    if isinstance(error, aiohttp.ClientResponseError):
        return "the reply is not HTTP"
    return "connection lost"


def _raise_for_status(reply: HttpReply, host: str, now: datetime, *, safe: bool) -> NoReturn:
    kind, detail = _meaning(reply, host, safe=safe)
    code = str(reply.status)
    if issubclass(kind, Unavailable):
        raise kind(detail, retry_after=retry_after(reply.headers, now), code=code, raw=reply.body)
    raise kind(detail, code=code, raw=reply.body)


def _meaning(reply: HttpReply, host: str, *, safe: bool) -> tuple[type[AdapterError], str]:
    status = reply.status
    if status < 400:
        target = _pointed_to(reply.headers.get("location", ""))
        return Malformed, f"{host} answered {status} and points to {target}: redirects are not followed"
    if status in (401, 403):
        return Unauthorized, f"{host} answered {status}: it does not accept our identity"
    if status == 429:
        return Throttled, f"{host} asks for fewer requests (429)"
    if status == 504 and not safe:  # the gateway had passed the request on
        return Ambiguous, f"a gateway at {host} got no answer in time (504)"
    if status in _NOT_THE_CONTRACT:
        return Malformed, f"{host} answered {status}: the address or method is not the contract's"
    if status >= 500 or status == 408:
        return Unavailable, f"{host} is not able to serve ({status})"
    return Rejected, f"{host} refused the request ({status})"
