"""Documents that are well-formed and far too much: huge, deep, wide, and costly for their size."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from signing.errors import XmlRefused
from signing.xml import DEFAULT_LIMITS, canonicalize, parse
from tests.hostile.attack import Attack, Hostile

_MOST = DEFAULT_LIMITS.size
_INSIDE = _MOST - 1_000


def processed(data: bytes) -> object:
    """Parse, and do what a verifier does with what was accepted: both canonical forms of the whole."""
    root = parse(data)
    return canonicalize(root), canonicalize(root, exclusive=False)


def filled(head: bytes, unit: bytes, tail: bytes, size: int = _INSIDE) -> bytes:
    """``unit`` as often as goes into ``size`` bytes, between ``head`` and ``tail``."""
    return head + unit * ((size - len(head) - len(tail)) // len(unit)) + tail


def nested(depth: int, name: str = "a", inside: str = "") -> bytes:
    """Elements in elements."""
    return f"<{name}>".encode() * depth + inside.encode() + f"</{name}>".encode() * depth


def numbered(pattern: str, count: int) -> bytes:
    """``pattern`` with every number below ``count`` in place of ``#``."""
    return "".join(pattern.replace("#", str(number)) for number in range(count)).encode()


_MADE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "text beyond the bound": ("bytes", lambda: filled(b"<a>", b"x", b"</a>", _MOST + 1)),
    "white space beyond the bound": ("bytes", lambda: filled(b"<a/>", b" ", b"", _MOST + 1)),
    "a comment beyond the bound": ("bytes", lambda: filled(b"<a><!--", b"x", b"--></a>", _MOST + 1)),
    "UTF-16 beyond the bound": ("bytes", lambda: ("<a>" + "x" * (_MOST // 2) + "</a>").encode("utf-16")),
    "one level too deep": ("deeper", lambda: nested(DEFAULT_LIMITS.depth + 1)),
    "a thousand levels": ("deeper|depth", lambda: nested(1_000)),
    "a hundred thousand levels": ("deeper|depth", lambda: nested(100_000)),
    "a hundred thousand levels, never closed": ("depth|not well-formed", lambda: b"<a>" * 100_000),
    "deep beside wide": ("deeper|depth", lambda: b"<r>" + b"<b/>" * 100_000 + nested(300) + b"</r>"),
    "deep in a huge document": (
        "deeper|depth",
        lambda: filled(nested(1_500)[:4_500], b"x", nested(1_500)[4_500:]),
    ),
    "deep with prefixes": ("deeper|depth|namespaces", lambda: _deep_prefixes(900)),
    "a million empty elements": ("tags", lambda: b"<a>" + b"<b/>" * 1_000_000 + b"</a>"),
    "elements up to the bound of bytes": ("tags", lambda: filled(b"<a>", b"<b/>", b"</a>")),
    "comments up to the bound of bytes": ("tags", lambda: filled(b"<a>", b"<!---->", b"</a>")),
    "instructions up to the bound of bytes": ("tags", lambda: filled(b"<a>", b"<?p?>", b"</a>")),
    "CDATA sections up to the bound of bytes": ("tags", lambda: filled(b"<a>", b"<![CDATA[]]>", b"</a>")),
    "attributes up to the bound of bytes": ("attributes|tags", lambda: filled(b"<a>", _SIXTY, b"</a>")),
    "attributes spread out by white space": ("attributes|tags", lambda: filled(b"<a>", _SPREAD, b"</a>")),
    "an element with a thousand attributes": (
        "attributes",
        lambda: b"<a" + numbered(" b#=''", 1_000) + b"/>",
    ),
    "an element with a hundred thousand attributes": (
        "names|attributes",
        lambda: b"<a" + numbered(" b#=''", 100_000) + b"/>",
    ),
    "attributes of one name by many prefixes": (
        "attributes|namespaces",
        lambda: b"<a" + numbered(" xmlns:p#='u#'", 900) + numbered(" p#:b=''", 900) + b"/>",
    ),
    "names of elements without end": ("names", lambda: b"<a>" + numbered("<b#/>", 100_000) + b"</a>"),
    "names of attributes without end": ("names", lambda: b"<a>" + numbered("<b c#=''/>", 100_000) + b"</a>"),
    "names of instructions without end": ("names", lambda: b"<a>" + numbered("<?p# ?>", 100_000) + b"</a>"),
    "prefixes without end": (
        "namespaces|names",
        lambda: b"<a>" + numbered("<p#:b xmlns:p#='u'/>", 50_000) + b"</a>",
    ),
    "names of ten kilobytes": (
        "names|name",
        lambda: b"<a>" + numbered("<" + "n" * 10_000 + "#/>", 1_000) + b"</a>",
    ),
    "a name of ten megabytes": ("[Nn]ame", lambda: b"<a><" + b"n" * 10_000_000 + b"/></a>"),
    "an attribute's name of ten megabytes": ("[Nn]ame", lambda: b"<a " + b"n" * 10_000_000 + b"=''/>"),
    "an instruction's name of ten megabytes": ("[Nn]ame", lambda: b"<a><?" + b"n" * 10_000_000 + b" ?></a>"),
    "a prefix of ten megabytes": ("[Nn]ame|well-formed", lambda: b"<" + b"n" * 10_000_000 + b":a/>"),
    "an entity's name of ten megabytes": (
        "[Nn]ame|well-formed",
        lambda: b"<a>&" + b"n" * 10_000_000 + b";</a>",
    ),
    "namespaces at every element": ("namespaces", lambda: b"<a>" + b"<b xmlns='u'/>" * 100_000 + b"</a>"),
    "few namespaces over many elements": (
        "namespaces",
        lambda: b"<a" + numbered(" xmlns:p#='u#'", 300) + b">" + b"<b/>" * 50_000 + b"</a>",
    ),
    "namespaces of a megabyte": (
        "namespaces",
        lambda: b"<a>" + numbered(f"<b xmlns='urn:{'u' * 999_000}#'/>", 11) + b"</a>",
    ),
    "a namespace that its canonical form repeats": (
        "namespaces",
        lambda: b"<a xmlns:p='urn:" + b"u" * 500_000 + b"'>" + b"<p:b/>" * 100_000 + b"</a>",
    ),
    "many namespaces that the canonical form repeats": (
        "namespaces",
        lambda: b"<a" + numbered(f" xmlns:p#='urn:{'u' * 900}#'", 60) + b">" + _USED * 2_000 + b"</a>",
    ),
    "namespaces declared in turn": (
        "namespaces",
        lambda: b"<a>" + b"<b xmlns='u'><c xmlns='v'/></b>" * 50_000 + b"</a>",
    ),
    "an attribute of eleven megabytes, not closed": (
        "well-formed",
        lambda: b"<a b='" + b"x" * 11_000_000 + b"/>",
    ),
    "a comment of eleven megabytes, not closed": (
        "well-formed",
        lambda: b"<a><!--" + b"x" * 11_000_000 + b"</a>",
    ),
    "a CDATA section of eleven megabytes, not closed": (
        "well-formed",
        lambda: b"<a><![CDATA[" + b"x" * 11_000_000 + b"</a>",
    ),
    "an instruction of eleven megabytes, not closed": (
        "well-formed",
        lambda: b"<a><?p " + b"x" * 11_000_000 + b"</a>",
    ),
    "a tag of eleven megabytes, not closed": ("well-formed", lambda: b"<a " + b" " * 11_000_000),
    "equal signs up to the bound of bytes": (
        "well-formed|attributes|tags",
        lambda: filled(b"<a ", b"=", b"/>"),
    ),
    "markup in CDATA that nobody reads": (
        "attributes|tags|names",
        lambda: filled(b"<a><![CDATA[", b" a=''", b"]]></a>"),
    ),
    "different markup in CDATA": (
        "attributes|tags|names",
        lambda: b"<a><![CDATA[" + numbered(" a#=''", 900_000) + b"]]></a>",
    ),
    "references up to the bound of bytes": ("well-formed", lambda: filled(b"<a>", b"&#x1F600;", b"x</b>")),
    "emoji in UTF-16": ("well-formed", lambda: ("<a>" + "\U0001f600" * 2_900_000 + "</b>").encode("utf-16")),
    "one emoji among ten megabytes": ("well-formed", lambda: filled("<a>\U0001f600".encode(), b"x", b"</b>")),
    "line ends up to the bound of bytes": ("well-formed", lambda: filled(b"<a>", b"\r\n", b"</b>")),
    "brackets in text": ("well-formed", lambda: filled(b"<a>", b"]]", b"]]></a>")),
    "comments inside a value without end": ("value|tags", lambda: b"<a>1" + b"<!---->2" * 300_000 + b"</a>"),
    "comments in values without end": (
        "value|tags",
        lambda: b"<a>" + b"<b>1<!---->2</b>" * 100_000 + b"</a>",
    ),
    "a value of ten megabytes with a comment": ("value", lambda: filled(b"<a><!-- -->", b"x", b"</a>")),
    "white space beside comments": (
        "well-formed",
        lambda: filled(b"<a>", b"<b> <!----> </b>", b"</b>", 1_900_000),
    ),
    "texts between elements": ("well-formed|tags", lambda: filled(b"<a>", b"x<b/>", b"</b>", 1_900_000)),
}
_USED = b"<b" + numbered(" p#:c=''", 60) + b"/>"
_SIXTY = b"<b" + numbered(" b#='1'", 60) + b"/>"
_SPREAD = b"<b" + numbered(" b# = '1'", 60) + b"/>"


def _deep_prefixes(depth: int) -> bytes:
    opened = "".join(f"<p{n}:a xmlns:p{n}='u{n}'>" for n in range(depth))
    return (opened + "".join(f"</p{n}:a>" for n in reversed(range(depth)))).encode()


def _bulk() -> Iterator[Hostile]:
    for name, (why, make) in _MADE.items():
        yield Hostile(name, make, why)


BULK = Attack(_bulk, processed, XmlRefused)
