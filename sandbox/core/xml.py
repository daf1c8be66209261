"""The sandbox's own XML reading and writing; nothing is shared with the hub's parser.

Refuses document types, entities and network access, as WS-I Basic Profile 1.1 (R1008, R1009) asks of SOAP
messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from lxml import etree

DSIG = "http://www.w3.org/2000/09/xmldsig#"


class NotXml(Exception):
    """The bytes are not an XML document that this agency reads."""


def parse(data: bytes) -> etree._Element:
    """Read one document; comments and processing instructions are dropped. Raises `NotXml`."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise NotXml("document type declarations are not allowed")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)  # noqa: TID251 - the sandbox must not use the hub's parser
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXml(str(error)) from error
    # Again on the tree: the search above sees no document type in UTF-16.
    docinfo: Any = root.getroottree().docinfo
    if docinfo.doctype:
        raise NotXml("document type declarations are not allowed")
    return root


def serialize(element: etree._Element) -> bytes:
    """UTF-8 bytes with an XML declaration and no white space added."""
    return etree.tostring(element, xml_declaration=True, encoding="UTF-8")


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return str(etree.QName(element).localname)


def child(element: etree._Element, name: str) -> etree._Element | None:
    """The first child with that local name, whatever its namespace; None if there is none."""
    return next((item for item in element if isinstance(item.tag, str) and local_name(item) == name), None)


def text(element: etree._Element, path: str, default: str = "") -> str:
    """The stripped text at a path of local names (``"HoVaTen/Ten"``), or ``default``."""
    place = element
    for name in path.split("/"):
        found = child(place, name)
        if found is None:
            return default
        place = found
    return "".join(map(str, place.itertext())).strip() or default


def add(parent: etree._Element, name: str, value: object = None) -> etree._Element:
    """Append a child in the parent's namespace; ``value`` None leaves it empty."""
    namespace = etree.QName(parent).namespace
    item = etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name)
    if value is not None:
        item.text = str(value)
    return item


def add_all(parent: etree._Element, **values: object) -> None:
    """Append one child per argument, in order; None and the empty string are left out."""
    for name, value in values.items():
        if value is not None and value != "":
            add(parent, name, value)


def spaces(prefixes: Mapping[str | None, str]) -> dict[str, str]:
    """Prefixes for lxml's ``nsmap``, whose type does not know that None is the default namespace."""
    return cast("dict[str, str]", dict(prefixes))


def copy_of(element: etree._Element) -> etree._Element:
    """The element as a document of its own, with the namespaces that were in scope."""
    return parse(etree.tostring(element, with_tail=False))
