"""The one XML parser of the hub, and the byte forms of XML: canonical and serialised.

Everything that comes in is parsed here: no DTD, no entities, no network, no style sheet; size, depth, number of
tags, of attributes, of names and of namespaces are bounded. What can be bounded is bounded before libxml2 sees the
bytes, because its dictionary of names is shared by a thread's documents and never shrinks.

Standards: XML 1.0, Namespaces in XML 1.0, Canonical XML 1.0 (REC-xml-c14n-20010315), Exclusive XML
Canonicalization 1.0 (REC-xml-exc-c14n-20020718).
"""

from __future__ import annotations

import codecs
import dataclasses
import re
import threading
from collections.abc import Iterator, Sequence
from typing import cast

from lxml import etree

from signing.errors import XmlRefused

_XML = "{http://www.w3.org/XML/1998/namespace}"
_XINCLUDE = b"http://www.w3.org/2001/XInclude"
_DECLARED_ENCODING = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_TAG_NAME = re.compile(rb"<([^\s/>!?<][^\s/><]*)")
_ATTRIBUTE_NAME = re.compile(rb"""\s([^\s=<>"'/]+)\s*=\s*["']""")
_INSTRUCTION_NAME = re.compile(rb"<\?([^\s?>]+)")
_NAMESPACE = re.compile(rb"""xmlns(?::[^\s=]*)?\s*=\s*("[^"]*"|'[^']*')""")
_NO_NAME = re.compile(rb"[\s=<>\"'/]")
_VALUE_BEHIND = re.compile(rb"=\s*[\"']")

# Canonical forms write <, >, & and quotes with up to six characters: they have this many bytes at most.
_CANONICAL_BYTES = 36_000_000

# Only documents larger than this are looked through for long names: smaller ones cannot do much harm with them.
_SMALL = 16 * 1024

# This much is decoded at a time: the characters of a text take up to four times as much memory as its bytes.
_PIECE = 1024 * 1024

# libxml2 quotes the document in some messages; a reason is for people.
_LONGEST_REASON = 200

# Inclusive C14N compares every pair of declarations in scope at every element: this much takes a second.
_NAMESPACE_WORK = 200_000_000

# Exclusive C14N may write a declaration at every element that uses it: this many bytes of them at most.
_NAMESPACE_BYTES = 32_000_000

# libxml2 refuses a text node from here on, unless told that the document may be huge.
_HUGE = 10_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on an inbound document; the defaults fit a declaration with its attachments.

    ``size`` in bytes; ``depth`` of nested elements; ``tags`` counts every ``<`` and every ``=``, so that
    attributes are in it; ``names`` counts distinct names of elements, attributes and prefixes; ``name`` is the
    longest of them in bytes; ``attributes`` per element; ``namespaces`` counts declarations in the document.
    ``commented_values`` lets comments and instructions stand inside of values, where they are mere documentation.
    """

    size: int = 16 * 1024 * 1024
    depth: int = 64
    tags: int = 400_000
    names: int = 2_000
    name: int = 256
    attributes: int = 64
    namespaces: int = 1_000
    commented_values: bool = False


DEFAULT_LIMITS = Limits()


class _Tools(threading.local):
    """One parser and one set of compiled checks per thread: a shared parser serialises threads."""

    def __init__(self) -> None:
        self.parser = etree.XMLParser(
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            remove_blank_text=False,
            strip_cdata=True,
            recover=False,
        )
        self.huge_parser = etree.XMLParser(
            encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
        )
        # 1234<!-- -->5 is 1234 to one reader and 12345 to another.
        self.commented = etree.XPath(
            "(//*[comment() or processing-instruction()][not(*)][normalize-space()])[1]", smart_strings=False
        )
        self.shape_checks: dict[tuple[int, int], tuple[etree.XPath, etree.XPath]] = {}

    def shape(self, limits: Limits) -> tuple[etree.XPath, etree.XPath]:
        """Compiled checks (too deep, too many attributes) for ``limits``."""
        key = (limits.depth, limits.attributes)
        if key not in self.shape_checks:
            too_deep = etree.XPath("boolean(" + "/*" * (limits.depth + 1) + ")")
            # By position: libxml2 counts the attributes of every element ten times as slowly.
            too_wide = etree.XPath(f"boolean(//*/@*[{int(limits.attributes) + 1}])")
            self.shape_checks[key] = (too_deep, too_wide)
        return self.shape_checks[key]


_tools = _Tools()


def parse(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> etree._Element:
    """Parse inbound bytes into a tree and return its root.

    Accepts UTF-8, and UTF-16 with a byte order mark. Raises XmlRefused with the line if the bytes are not
    well-formed, carry a document type, or exceed ``limits``.
    """
    if len(data) > limits.size:
        raise XmlRefused(f"the document has {len(data):,} bytes; at most {limits.size:,} are read")
    text = _as_utf8(data)
    _check_markup(text, limits)
    root = _well_formed(text, limits)
    too_deep, too_wide = _tools.shape(limits)
    if too_deep(root):
        raise XmlRefused(f"elements are nested deeper than {limits.depth} levels")
    if too_wide(root):
        raise XmlRefused(f"an element has more than {limits.attributes} attributes")
    if not limits.commented_values and (b"<!--" in text or text.find(b"<?", 1) > 0):
        _check_values(root)
    return root


def _check_values(root: etree._Element) -> None:
    """Refuse comments and instructions inside the text of an element that holds nothing but text."""
    for element in cast("list[etree._Element]", _tools.commented(root)):
        name = _local_name(element)[:_LONGEST_REASON]
        what = f"a comment or instruction stands inside the value of <{name}>"
        raise XmlRefused(what, cast("int | None", element.sourceline))


def _as_utf8(data: bytes) -> bytes:
    """The document in UTF-8 without byte order mark; the declaration must agree with the bytes."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        family = "utf-16"
        text = b"".join(piece.encode("utf-8") for piece in _decoded(data, family))
    else:
        family = "utf-8"
        for _ in _decoded(data, family):
            continue
        text = data.removeprefix(codecs.BOM_UTF8)
    if text.startswith(codecs.BOM_UTF8):
        raise XmlRefused("the document begins with two byte order marks", 1)
    declared = _DECLARED_ENCODING.match(text)
    if declared and not declared[1].decode("ascii").lower().startswith(family):
        name = declared[1].decode("ascii")[:_LONGEST_REASON]
        raise XmlRefused(f"encoding {name} is declared, but the document is read as {family}", 1)
    return text


def _decoded(data: bytes, family: str) -> Iterator[str]:
    """The characters of the document, a piece at a time. Raises XmlRefused where the bytes are no text."""
    decoder = codecs.getincrementaldecoder(family)()
    for at in range(0, len(data), _PIECE):
        try:
            yield decoder.decode(data[at : at + _PIECE], final=at + _PIECE >= len(data))
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, at + error.start) + 1
            raise XmlRefused(f"the bytes are not {family.upper()} text", line) from error


def _check_markup(text: bytes, limits: Limits) -> None:
    """Refuse what can be refused by looking at the characters, before anything is built."""
    if b"<!DOCTYPE" in text and (line := _doctype_line(text)) is not None:
        raise XmlRefused("a document type declaration (DOCTYPE) is not accepted", line)
    if b"<?xml-stylesheet" in text:
        raise XmlRefused("a style sheet (xml-stylesheet) changes what people see, and is not accepted")
    if _XINCLUDE in text:
        raise XmlRefused("XInclude is not accepted: a document must not pull in others")
    tags, equals, namespaces = text.count(b"<"), text.count(b"="), text.count(b"xmlns")
    if tags + equals > limits.tags:
        raise XmlRefused(f"the document has more than {limits.tags:,} tags and attributes")
    if namespaces > limits.namespaces or namespaces**2 * tags > _NAMESPACE_WORK:
        raise XmlRefused("the document declares too many namespaces for its size")
    if tags * len(text) > _NAMESPACE_BYTES and tags * _namespace_bytes(text) > _NAMESPACE_BYTES:
        raise XmlRefused("the document's namespaces are too long for its size")
    if 6 * len(text) > _CANONICAL_BYTES < _canonical_bytes(text, tags):
        raise XmlRefused("the document grows too large in its canonical form")
    _check_names(text, tags + equals, limits)


def _check_names(text: bytes, most: int, limits: Limits) -> None:
    """Refuse too many names, and too long ones; there are ``most`` at most, as each costs a "<" or a "="."""
    if most > limits.names:
        names = _names(text)
        if len(names) > limits.names:
            raise XmlRefused(f"the document uses more than {limits.names:,} different names")
        long = any(len(name) > limits.name for name in names)
    else:
        long = len(text) > _SMALL and _has_long_name(text, limits.name)
    if long:
        raise XmlRefused(f"a name is longer than {limits.name} bytes")


def _canonical_bytes(text: bytes, tags: int) -> int:
    """At least as much as the canonical form can have, namespaces aside."""
    return len(text) + 5 * text.count(b'"') + 4 * (text.count(b"&") + text.count(b">") + tags)


def _namespace_bytes(text: bytes) -> int:
    """The length of all different namespaces together."""
    return sum(map(len, set(_NAMESPACE.findall(text))))


def _names(text: bytes) -> set[bytes]:
    """The different names that may be in the markup; text that looks like markup counts as well."""
    names = set(_TAG_NAME.findall(text))
    names.update(_ATTRIBUTE_NAME.findall(text))
    names.update(_INSTRUCTION_NAME.findall(text))
    return names


def _has_long_name(text: bytes, most: int) -> bool:
    """Whether an element, instruction or attribute has a longer name; text of that form counts as well."""
    if re.search(rb"<\??[^\s/>!?<][^\s/><?]{%d}" % most, text):
        return True
    at = -1
    while (at := text.find(b"=", at + 1)) >= 0:
        before = text[max(0, at - 2 * most) : at].rstrip()
        long = len(before) > most and not _NO_NAME.search(before, len(before) - most - 1)
        if long and _VALUE_BEHIND.match(text, at):
            return True
    return False


def _doctype_line(text: bytes) -> int | None:
    """Line of a DOCTYPE in the prolog; None if the root element comes first (the word may occur in CDATA)."""
    at = 0
    while (at := text.find(b"<", at)) >= 0:
        if text.startswith(b"<!DOCTYPE", at):
            return text.count(b"\n", 0, at) + 1
        closing = b"-->" if text.startswith(b"<!--", at) else b"?>" if text.startswith(b"<?", at) else b""
        end = text.find(closing, at) if closing else -1
        if end < 0:
            return None
        at = end
    return None


def _well_formed(text: bytes, limits: Limits) -> etree._Element:
    """Parse with this thread's parser; libxml2's text limit of 10 MB is lifted only if ``limits`` allow."""
    huge = len(text) >= _HUGE <= limits.size
    root = _build(text, _tools.huge_parser if huge else _tools.parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlRefused("a document type declaration (DOCTYPE) is not accepted", 1)
    return root


def reparse(data: bytes) -> etree._Element:
    """Parse UTF-8 bytes that were written from a tree of ours: same hardening, no limits of size."""
    return _build(data, _tools.huge_parser if len(data) >= _HUGE else _tools.parser)


def _build(text: bytes, parser: etree.XMLParser) -> etree._Element:
    try:
        return etree.fromstring(text, parser)  # noqa: TID251 -- this is the hardened parser itself
    except etree.XMLSyntaxError as error:
        what = error.msg.rpartition(", line ")[0] or error.msg
        # What follows the first line is a piece of the document, perhaps somebody's data.
        said = what.strip().partition("\n")[0][:_LONGEST_REASON]
        raise XmlRefused(f"not well-formed XML: {said}", error.lineno or 1) from error
    except ValueError as error:
        raise XmlRefused(f"not well-formed XML: {error}") from error


def canonicalize(
    element: etree._Element, *, exclusive: bool = True, inclusive_prefixes: Sequence[str] = ()
) -> bytes:
    """Canonical bytes of ``element`` and its descendants, without comments.

    Exclusive C14N depends on the element alone. Inclusive C14N takes over the namespaces and ``xml:``
    attributes of the ancestors, and so do ``inclusive_prefixes`` (``#default`` is the default namespace) in
    the exclusive form.
    """
    if exclusive and not inclusive_prefixes:
        return _c14n(element, exclusive=True)
    apex = _standing_alone(element, inherit_xml=not exclusive)
    return _c14n(apex, exclusive=exclusive, prefixes=inclusive_prefixes)


def canonicalize_document(
    root: etree._Element, *, exclusive: bool = True, inclusive_prefixes: Sequence[str] = ()
) -> bytes:
    """Canonical bytes of the whole document, with the processing instructions around its root element."""
    return _c14n(root.getroottree(), exclusive=exclusive, prefixes=inclusive_prefixes)


def _c14n(
    node: etree._Element | etree._ElementTree, *, exclusive: bool, prefixes: Sequence[str] = ()
) -> bytes:
    try:
        return etree.tostring(
            node,
            method="c14n",
            exclusive=exclusive,
            with_comments=False,
            inclusive_ns_prefixes=list(prefixes) or None,
        )
    except etree.LxmlError as error:
        raise XmlRefused(f"the document has no canonical form: {error}") from error


def _standing_alone(element: etree._Element, *, inherit_xml: bool) -> etree._Element:
    """The element as the root of a document of its own, with everything it inherits written on it.

    lxml canonicalises a sub-element as if it had no ancestors, which is wrong for the inclusive form.
    Serialising writes all namespaces in scope with their own prefixes, so parsing the result gives the apex
    that the standard describes.
    """
    parent = element.getparent()
    if parent is None:
        return element
    inherited = {
        name: value
        for ancestor in reversed(list(element.iterancestors()))
        for name, value in ancestor.attrib.items()
        if inherit_xml and str(name).startswith(_XML)
    }
    if not inherited and not parent.nsmap:
        return element
    alone = reparse(etree.tostring(element, encoding="UTF-8", with_tail=False))
    for name, value in inherited.items():
        if name not in alone.attrib:
            alone.set(name, value)
    return alone


def serialize(element: etree._Element) -> bytes:
    """The document as bytes to send or store: UTF-8 with an XML declaration.

    A root element is written with the instructions and comments around it, because they may be signed.
    """
    whole = element.getroottree() if element.getparent() is None else element
    return etree.tostring(whole, encoding="UTF-8", xml_declaration=True, with_tail=False)


def text_of(element: etree._Element) -> str:
    """The whole text of an element with simple content; ``""`` if it is empty.

    ``element.text`` ends at the first comment, so that ``1234<!-- -->5`` reads as 1234. Raises XmlRefused if
    there is anything but text inside.
    """
    if len(element):
        raise XmlRefused(
            f"<{_local_name(element)}> must hold text only", cast("int | None", element.sourceline)
        )
    return element.text or ""


def _local_name(element: etree._Element) -> str:
    return etree.QName(element).localname
