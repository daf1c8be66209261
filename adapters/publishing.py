"""A contract as a service publishes it: the pinned files, with addresses that lead back to the service."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, unquote, urljoin

from lxml import etree

from adapters.contract import Contract
from adapters.schemas import address, parse_contract
from signing.xml import serialize

_SOAP_ADDRESSES = tuple(
    f"{{http://schemas.xmlsoap.org/wsdl/{binding}/}}address" for binding in ("soap", "soap12")
)


def documents(contract: Contract, base_url: str) -> Mapping[str, tuple[str, bytes]]:
    """Query string (``wsdl``, ``xsd=name``) → (content type, bytes) for every file of ``contract``."""
    published = {}
    for name, data in contract.files.items():
        root = parse_contract(data, name)
        _redirect(root, name, base_url, contract.files)
        query = "wsdl" if name == contract.name else f"xsd={quote(name)}"
        published[query] = ("text/xml; charset=utf-8", serialize(root))
    return published


def _redirect(root: etree._Element, name: str, base_url: str, files: Mapping[str, bytes]) -> None:
    """Point imports to published files and the service's address to ``base_url``."""
    for node in root.iter(*_SOAP_ADDRESSES):
        node.set("location", base_url)
    for node in root.iter("{*}import", "{*}include"):
        for attribute in ("schemaLocation", "location"):
            location = node.get(attribute)
            target = _named(name, location) if location else ""
            if target in files:
                node.set(attribute, f"{base_url}?xsd={quote(target)}")


def _named(name: str, location: str) -> str:
    return unquote(urljoin(address(name), location).removeprefix(address("")))
