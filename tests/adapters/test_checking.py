"""Lines of connection tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from adapters import checking
from adapters.base import Answer
from adapters.errors import Unauthorized
from adapters.http import HttpClient
from lienthong.testing import FakeAgency, fixed_clock
from tests import pki


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    """An HTTP client."""
    client = HttpClient(clock=fixed_clock)
    yield client
    await client.close()


@pytest.mark.parametrize(
    ("status", "ok"), [(200, True), (404, True), (401, True), (500, False), (503, False)]
)
async def test_whoever_answers_is_there(http: HttpClient, status: int, ok: bool) -> None:
    """Only an error of the agency's own is bad news."""
    async with FakeAgency(lambda _: Answer(status, b"", "text/plain")) as agency:
        line = await checking.reach(http, f"{agency.url}/x?wsdl", 5, None)
    assert line == (ok, f"{agency.url}/x: reached, HTTP {status}")


async def test_nobody_there(http: HttpClient) -> None:
    """The line says why."""
    async with FakeAgency(lambda _: b"") as agency:
        ok, text = await checking.reach(http, agency.url, 5, None)
    assert not ok
    assert "no answer" in text


async def test_log_in_that_fails() -> None:
    """An error becomes a line."""

    async def refused() -> None:
        raise Unauthorized("wrong password")

    async def received() -> str:
        return "token"

    assert await checking.log_in(refused()) == (False, "token: wrong password")
    assert await checking.log_in(received()) == (True, "token: received")


@pytest.mark.parametrize(
    ("days", "ok", "said"),
    [(-400, False, "NOT valid"), (0, True, "valid"), (345, True, "renew it"), (400, False, "NOT")],
)
def test_certificate_line(days: int, ok: bool, said: str) -> None:
    """Not yet, in time, soon over, over."""
    line = checking.certificate_line(pki.signer("hub"), pki.NOW + timedelta(days=days))
    assert line[0] is ok
    assert said in line[1]


def test_report_is_good_if_all_is() -> None:
    """One bad line is enough."""
    assert checking.report([(True, "a"), (True, "b")]).ok
    assert not checking.report([(True, "a"), (False, "b")]).ok
