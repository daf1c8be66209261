"""Starting agencies in several ways."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from pathlib import Path

import aiohttp
import pytest

from sandbox import Sandbox, ThreadedSandbox, agency_class, serve

SMALL = {"dancu": {"households": 5}}


async def status(url: str) -> int:
    """The status of a page."""
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status


def test_agencies_by_name() -> None:
    """Each name has its class; others are refused with the list."""
    assert agency_class("dvcqg").name == "dvcqg"
    with pytest.raises(ValueError, match="dancu"):
        agency_class("nobody")


async def test_several_agencies_in_one_loop(tmp_path: Path) -> None:
    """Each has its own port, folder, database and key."""
    async with Sandbox(tmp_path, agencies=["dancu", "dvcqg"], options=SMALL) as box:
        assert box.names == ("dancu", "dvcqg")
        assert [await status(box.url(name) + "/") for name in box.names] == [200, 200]
        assert box.certificate("dancu").read_text() != box.certificate("dvcqg").read_text()
        assert (tmp_path / "dvcqg" / "dvcqg.db").exists()


async def test_agency_that_is_down_is_brought_back_by_http(tmp_path: Path) -> None:
    """The common control server answers for all agencies, also for those that are down."""
    async with Sandbox(tmp_path, agencies=["dvcqg"]) as box, aiohttp.ClientSession() as session:
        for down in (True, False):
            url = f"{box.control_url}/dvcqg/_control/agency"
            async with session.post(url, json={"down": down}) as answer:
                assert answer.status == 200
            while box.agency("dvcqg").is_down is not down:
                await asyncio.sleep(0.001)
            if down:
                with pytest.raises(aiohttp.ClientConnectorError):
                    await status(box.url("dvcqg") + "/")
        assert await status(box.url("dvcqg") + "/") == 200


async def test_hub_may_be_told_later(tmp_path: Path) -> None:
    """Hub and sandbox need each other's address; one of them comes first."""
    async with Sandbox(tmp_path, agencies=["dvcqg"]) as box:
        box.set_hub("http://hub", tmp_path / "hub.pem")
        box.set_hub()
        agency = box.agency("dvcqg")
        assert (agency.hub_url, agency.hub.path) == ("http://hub", tmp_path / "hub.pem")


def test_thread_for_blocking_code(tmp_path: Path) -> None:
    """Code without an event loop uses the same sandbox."""
    runner = ThreadedSandbox(tmp_path, agencies=["dvcqg"])
    with runner as box:
        url = box.url("dvcqg") + "/"
        with urllib.request.urlopen(url) as answer:
            assert answer.status == 200
        runner.run(box.agency("dvcqg").set_down(True))
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(url)


async def test_one_agency_on_its_own(tmp_path: Path) -> None:
    """The body of an agency's own process: it tells its address and serves until it is told to end."""
    known: asyncio.Future[Sandbox] = asyncio.get_running_loop().create_future()
    until = asyncio.Event()
    running = asyncio.create_task(serve("dvcqg", tmp_path, started=known.set_result, until=until))
    assert await status((await known).url("dvcqg") + "/") == 200
    until.set()
    await running
