"""What the connection tests of senders share: one line for each thing that was tried."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime, timedelta

from adapters.base import CheckReport
from adapters.errors import AdapterError
from adapters.http import HttpClient, Tls
from signing.keys import Signer

Line = tuple[bool, str]
"""Whether something went well, and what to tell about it."""


def report(lines: list[Line]) -> CheckReport:
    """All lines in one report."""
    return CheckReport(all(ok for ok, _ in lines), tuple(text for _, text in lines))


async def reach(http: HttpClient, url: str, timeout_seconds: float, tls: Tls | None) -> Line:
    """GET ``url``: whatever answers without an error of its own is there."""
    place = url.partition("?")[0]
    try:
        reply = await http.request("GET", url, timeout_seconds=timeout_seconds, safe=True, tls=tls)
    except AdapterError as error:
        return False, f"{place}: {error.detail}"
    return reply.status < 500, f"{place}: reached, HTTP {reply.status}"


async def log_in(token: Awaitable[object]) -> Line:
    """Whether the agency gives us a token."""
    try:
        await token
    except (AdapterError, ValueError) as error:
        return False, f"token: {error}"
    return True, "token: received"


def certificate_line(signer: Signer, now: datetime) -> tuple[bool, str]:
    """Whether our certificate is valid now, and a line that says until when."""
    until = signer.certificate.not_valid_after_utc
    valid = signer.certificate.not_valid_before_utc <= now <= until
    hint = "" if until - now > timedelta(days=30) else ": renew it"
    return valid, f"our certificate is {'valid' if valid else 'NOT valid'} until {until:%Y-%m-%d}{hint}"
