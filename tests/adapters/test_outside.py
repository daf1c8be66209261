from __future__ import annotations

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.errors import Unavailable
from adapters.http import HttpClient
from adapters.outside import ListedHosts, is_outside
from tests.clock import ManualClock


class Names(AbstractResolver):
    """A name service that says what it is told to say."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Every address."""
        return [
            ResolveResult(hostname=host, host=each, port=port, family=family, proto=0, flags=0)
            for each in self.addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://crl.example/a.crl", True),
        ("https://CRL.example./a.crl", True),
        ("http://crl.example:80/a.crl", True),
        ("http://crl.example:8080/", False),
        ("https://crl.example:80/", False),
        ("http://127.0.0.1:9000/", True),
        ("http://127.0.0.1/", False),
        ("http://[::1]:9000/", True),
        ("http://2130706433:9000/", False),
        ("http://crl.example@evil.example/", False),
        ("http://user@crl.example/", False),
        ("http://evil.example/crl.example", False),
        ("http://sub.crl.example/", False),
        ("ftp://crl.example/", False),
        ("file:///etc/passwd", False),
        ("//crl.example/", False),
        ("http://[crl.example/", False),
        ("http://crl.example:99999/", False),
    ],
)
def test_only_listed_hosts_are_called(url: str, allowed: bool) -> None:
    """By name and port; another spelling of an address is another name."""
    assert ListedHosts(["crl.example", "127.0.0.1:9000", "[::1]:9000"]).allows(url) is allowed


@pytest.mark.parametrize(
    ("address", "outside"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:a00:1::", False),
    ],
)
def test_what_is_inside(address: str, outside: bool) -> None:
    """Private, local and special addresses, and those that hide one."""
    assert is_outside(address) is outside


async def test_a_listed_name_must_not_lead_inside() -> None:
    """Who answers for the name could otherwise send the hub to its own neighbours; one bad address is enough."""
    for addresses in (("10.0.0.5",), ("8.8.8.8", "127.0.0.1")):
        with pytest.raises(OSError, match="inside address"):
            await ListedHosts(["crl.example"], resolver=Names(*addresses)).resolve("crl.example")
    assert await ListedHosts(["crl.example"], resolver=Names("8.8.8.8")).resolve("crl.example")
    listed = ListedHosts(["crl.example", "10.0.0.5"], resolver=Names("10.0.0.5"))
    assert await listed.resolve("crl.example")
    with pytest.raises(OSError, match="not a listed host"):
        await listed.resolve("other.example")


async def test_the_client_goes_where_the_resolver_says() -> None:
    """A refused name is a host that cannot be reached."""
    client = HttpClient(clock=ManualClock(), resolver=ListedHosts(["a.example"], resolver=Names("127.0.0.1")))
    with pytest.raises(Unavailable, match="cannot be resolved"):
        await client.request("GET", "http://a.example/")
    await client.close()
