"""A canonical document as a tree: read safely, put into its normal form, looked into by path.

Comments and processing instructions are taken out on reading, because they are not part of the data; the parser
refuses them inside of values.
"""

from __future__ import annotations

import re
import unicodedata

from lxml import etree

from broker.canonical.plan import NAMESPACE, Node
from broker.canonical.words import collapse
from signing.errors import XmlRefused
from signing.xml import parse, serialize

DS_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
"""The signature that a request may carry as its last child."""

DECLARATIONS = ("BirthDeclaration", "DeathDeclaration")
"""What a citizen can declare: roots of birth.xsd and death.xsd."""

_NUMBERS = tuple(
    f"{{{NAMESPACE}}}{name}" for name in ("PersonalNumber", "HeadPersonalNumber", "DeceasedPersonalNumber")
)
_NUMBER = re.compile("[0-9]{12}")
_SPACE = re.compile("[ \t\r\n\u00a0]+")
_SEGMENT = re.compile(r"([A-Za-z0-9]+)(?:\[(\d+)\])?")


def tag(name: str) -> str:
    """The canonical element ``name`` as lxml writes it."""
    return f"{{{NAMESPACE}}}{name}"


def read(document: bytes) -> Node:
    """The root of a document from outside. Raises signing.errors.XmlRefused."""
    root = parse(document)
    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    return root


def as_tree(document: bytes | Node) -> Node:
    """The document's root, parsed if it is bytes. Raises signing.errors.XmlRefused."""
    return read(document) if isinstance(document, bytes) else document


def as_bytes(document: bytes | Node) -> bytes:
    """The document's bytes, serialised if it is a tree."""
    return document if isinstance(document, bytes) else serialize(document)


def normalize(root: Node) -> None:
    """Put every canonical text into Unicode form NFC with single spaces, in place.

    Decomposed Vietnamese and no-break spaces come from keyboards and copied text; length limits count code
    points, and agencies compare names literally. Signatures are not touched: verify before you normalise.
    """
    content = tag("Content")
    for element in root.iter(f"{{{NAMESPACE}}}*"):
        text = element.text
        if not text or element.tag == content:
            continue
        if len(element):
            element.text = None if not text.strip() else text
            continue
        element.text = _SPACE.sub(" ", unicodedata.normalize("NFC", text)).strip(" ")


def find(node: Node, path: str) -> Node | None:
    """The element at ``path`` below ``node``, such as ``Mother/Name/Given`` or
    ``Attachments/Attachment[2]``.
    """
    at: Node | None = node
    for segment in path.split("/"):
        found = _SEGMENT.fullmatch(segment)
        if found is None or at is None:
            return None
        same = at.findall(tag(found[1]))
        index = int(found[2] or 1) - 1
        at = same[index] if 0 <= index < len(same) else None
    return at


def text_at(node: Node, path: str) -> str | None:
    """The text at ``path`` below ``node``, white space collapsed; None if there is no such element."""
    found = find(node, path)
    return None if found is None else collapse(found.text or "")


def path_of(element: Node, root: Node) -> str:
    """Where the element stands below the root, as `find` takes it: ``Mother/Residence``."""
    names: list[str] = []
    at: Node | None = element
    while at is not None and at is not root:
        above = at.getparent()
        same = [] if above is None else above.findall(str(at.tag))
        index = f"[{same.index(at) + 1}]" if len(same) > 1 else ""
        names.append(str(at.tag).rpartition("}")[2] + index)
        at = above
    return "/".join(reversed(names))


def is_personal_number(text: str) -> bool:
    """Whether the text is written as a citizen's personal number: twelve digits."""
    return _NUMBER.fullmatch(text) is not None


def personal_numbers(document: bytes | Node) -> frozenset[str]:
    """The personal numbers of all persons in a canonical document; none if it cannot be read."""
    try:
        root = as_tree(document)
    except XmlRefused:
        return frozenset()
    found = {(element.text or "").strip() for element in root.iter(*_NUMBERS)}
    return frozenset(filter(is_personal_number, found))


def declaration_of(root: Node) -> Node | None:
    """The declaration in a document: the root itself or a child of it."""
    tags = tuple(map(tag, DECLARATIONS))
    return root if root.tag in tags else next(root.iterchildren(*tags), None)
