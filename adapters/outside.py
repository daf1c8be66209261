"""Addresses that other people's documents name, such as a certificate's revocation list: which of them may be called.

Only hosts that the operator listed are called, and a listed name must not lead inside: every address it resolves to
must be one of the public network, or be listed itself. The connection goes to exactly the addresses that were checked.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class ListedHosts(AbstractResolver):
    """Resolves listed hosts to harmless addresses; for `adapters.http.HttpClient`."""

    def __init__(self, hosts: Collection[str], *, resolver: AbstractResolver | None = None) -> None:
        """``hosts``: names or addresses, each with ``:port`` if another than 80 and 443 is meant."""
        self._hosts = frozenset(map(_folded, hosts))
        self._names = frozenset(_without_port(host) for host in self._hosts)
        self._resolver = resolver

    def allows(self, url: str) -> bool:
        """Whether ``url`` is http(s) to a listed host and port, without user or password."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            return False
        if parts.scheme not in _PORTS or not host or parts.username is not None:
            return False
        name = _folded(f"[{host}]" if ":" in host else host)
        standard = port is None or port == _PORTS[parts.scheme]
        return (standard and name in self._hosts) or f"{name}:{port or _PORTS[parts.scheme]}" in self._hosts

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Addresses of a listed host. Raises OSError for others, and if an address leads inside."""
        if _folded(host) not in self._names:
            raise OSError(f"{host} is not a listed host")
        self._resolver = self._resolver or ThreadedResolver()
        found = await self._resolver.resolve(host, port, family)
        for each in found:
            if each["host"] not in self._names and not is_outside(each["host"]):
                raise OSError(f"{host} leads to the inside address {each['host']}, which is not listed")
        return found

    async def close(self) -> None:
        """Release the resolver."""
        if self._resolver is not None:
            await self._resolver.close()


def is_outside(text: str) -> bool:
    """Whether an address belongs to the public network, and no address inside hides in it."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    hidden = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
    if address in _NAT64:
        hidden = ipaddress.IPv4Address(address.packed[-4:])
    return hidden is None or is_outside(str(hidden))


def _folded(host: str) -> str:
    return host.lower().rstrip(".")


def _without_port(host: str) -> str:
    name, _, port = host.rpartition(":")
    return (name if name and port.isdigit() and not name.endswith(":") else host).strip("[]")
