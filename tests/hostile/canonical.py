"""Well-formed submissions that are not what the canonical schema means: look-ups, substitutions, mixtures, masses."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import cast

from lxml import etree

from broker.canonical.document import as_tree
from broker.canonical.schemas import Schemas
from broker.config.hub import Client, digest
from broker.errors import Invalid
from broker.inbox import Inbox
from broker.store.engine import Store
from signing.xml import serialize
from tests import pki
from tests.broker.canonical.samples import RECEIVED, SUBMIT
from tests.hostile import forge
from tests.hostile.attack import Attack, Hostile, fixed
from tests.hostile.canary import canary
from tests.hostile.resources import ROOT

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_SIGNATURE = "signature is not valid|another partner's"
_SCHEMA = (
    "is not in the schema|XML schema|root element must be|value of <|text only|invisible|empty|characters|12 digits"
    "|too many"
)


@functools.cache
def inbox() -> Inbox:
    """What understands submissions; it stores nothing before they are understood."""
    return Inbox(
        cast(Store, None), Schemas(ROOT), pki.trust("hub", "cutru"), lambda: RECEIVED, lambda: "id-1"
    )


def understood(data: bytes) -> object:
    """A submission of a client that may sign and need not; a server must not be asked."""
    client = Client(id="hub", key_sha256=digest("key"), signature="optional", may=frozenset({"submit"}))
    try:
        return inbox().understand(client, "SubmitRequest", data)
    finally:
        canary().must_be_silent()


def _text() -> str:
    return SUBMIT.decode()


def _root(attributes: str, inside: str = "") -> bytes:
    """The sample with attributes on its root, and something more at its end."""
    before, name, rest = _text().partition("<SubmitRequest")
    inner = rest.replace("</SubmitRequest>", f"{inside}</SubmitRequest>")
    return f"{before}{name} {attributes} {inner}".encode()


def _look_ups() -> Iterator[Hostile]:
    bird = canary().url
    xsi = f'xmlns:xsi="{_XSI}"'
    for where in (f"{bird}/lax.xsd", "file:///tmp/lax.xsd", f"ftp://127.0.0.1:{canary().port}/lax.xsd"):
        for name, value in (
            ("schemaLocation", f"urn:lienthong:1.0 {where}"),
            ("noNamespaceSchemaLocation", where),
        ):
            yield fixed(f"{name} {where[:5]}", _root(f'{xsi} xsi:{name}="{value}"', "<Extra/>"), _SCHEMA)
    yield fixed("xml:base", _root(f'xml:base="{bird}/"'), _SCHEMA)
    yield fixed("xml:id", _root('xml:id="a"'), _SCHEMA)
    yield fixed("xml:space", _root('xml:space="preserve"'), _SCHEMA)
    yield fixed("nil", _root(f'{xsi} xsi:nil="true"'), _SCHEMA)
    yield fixed(
        "another type",
        _root(f'{xsi} xmlns:xs="http://www.w3.org/2001/XMLSchema" xsi:type="xs:string"'),
        _SCHEMA,
    )
    yield fixed("an unknown type", _root(f'{xsi} xsi:type="Anything"'), _SCHEMA)
    yield fixed("an attribute", _root('admin="true"'), _SCHEMA)
    yield fixed(
        "an attribute of SOAP",
        _root('xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:actor="x"'),
        _SCHEMA,
    )


def _values() -> Iterator[Hostile]:
    cut = {
        "comment": "12<!-- -->34",
        "instruction": "12<?p?>34",
        "element": "12<b/>34",
        "bidirectional mark": "12\u202e34",
        "zero-width space": "12\u200b34",
        "byte order mark": "12\ufeff34",
        "soft hyphen": "12\u00ad34",
        "tag character": "12\U000e004134",
        "private character": "12\ue00034",
        "no character": "12\ufdd034",
        "line separator": "12\u202834",
        "control character": "12\u008534",
        "nothing": "",
        "white space": "   ",
        "megabyte": "x" * 900_000,
    }  # fmt: skip
    for name, value in cut.items():
        yield Hostile(f"{name} in a name", lambda value=value: _given(value), _SCHEMA)  # type: ignore[misc]
    for name, value in _NUMBERS.items():
        yield Hostile(f"number {name}", lambda value=value: _numbered(value), _SCHEMA)  # type: ignore[misc]


_NUMBERS = {
    "of other digits": "００１０９９００００２３",
    "of Arabic digits": "٠٠١٠٩٩٠٠٠٠٢٣",
    "with a minus": "-01099000023",
    "with an exponent": "1e11",
    "in hexadecimal": "0x1099000023",
    "too long": "0" * 100_000,
    "with spaces": "001 099 000 023",
    "with a comment": "001099<!-- -->000023",
    "with a quote": "001099000023' OR '1'='1",
    "with a path": "../../etc/passwd",
    "of a formula": "=cmd|'/c calc'!A1",
    "with a line end": "001099000023&#10;x",
}


def _given(value: str) -> bytes:
    text = _text()
    at = text.index("<Given>") + len("<Given>")
    return (text[:at] + value + text[text.index("</Given>") :]).encode()


def _numbered(value: str) -> bytes:
    return re.sub("(<PersonalNumber[^>]*>)[^<]*", lambda found: found[1] + value, _text(), count=1).encode()


def _masses() -> Iterator[Hostile]:
    yield Hostile("unknown elements", lambda: _root("", "<b/>" * 200_000), _SCHEMA)
    yield Hostile("unknown elements with near names", lambda: _root("", "<MessageIdd/>" * 70_000), _SCHEMA)
    yield Hostile("known elements too often", lambda: _root("", "<MessageId>a</MessageId>" * 40_000), _SCHEMA)
    yield Hostile("unknown attributes", lambda: _root("", '<MessageId a="1"/>' * 40_000), _SCHEMA)
    yield Hostile("declarations too often", lambda: _root("", _declaration() * 100), _SCHEMA)
    yield Hostile("an element of mixed content", lambda: _root("", "x<b/>" * 190_000), _SCHEMA)
    yield Hostile("odd characters", lambda: _root("", "<b>" + "\u202e" * 300_000 + "</b>"), _SCHEMA)
    yield Hostile("decomposed characters", lambda: _given("e\u0323\u0302" * 150_000), _SCHEMA)
    yield Hostile("a million line ends", lambda: _root("", "\n" * 1_000_000 + "<b/>"), _SCHEMA)


def _declaration() -> str:
    root = as_tree(SUBMIT)
    return next(
        etree.tostring(child, encoding="unicode", with_tail=False)
        for child in root
        if "Declaration" in str(child.tag)
    )


def _roots() -> Iterator[Hostile]:
    text = _text()
    roots = {
        "another root": text.replace("SubmitRequest", "WithdrawRequest"),
        "a root of no namespace": text.replace('xmlns="urn:lienthong:1.0"', ""),
        "a root of another namespace": text.replace("urn:lienthong:1.0", "urn:lienthong:2.0"),
        "a root in capitals": text.replace("SubmitRequest", "SUBMITREQUEST"),
        "a SOAP envelope": '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body/></Envelope>',
        "a page": "<html><script>alert(1)</script></html>",
        "a drawing": '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "a style sheet": '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>',
        "a schema": '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>',
    }
    for name, document in roots.items():
        yield fixed(name, document.encode(), _SCHEMA)


def _signatures() -> Iterator[Hostile]:
    def made(name: str, **options: object) -> bytes:
        return forge.enveloped(root=as_tree(SUBMIT), name=name, **options)

    yield Hostile("signed by another partner", lambda: made("cutru"), _SIGNATURE)
    yield Hostile("signed by a stranger", lambda: made("stranger"), _SIGNATURE)
    yield Hostile("changed after signing", lambda: made("hub").replace(b"<Copies>", b"<Copies>1"), _SIGNATURE)
    yield Hostile("signed with SHA-1", lambda: made("hub", method=forge.DS + "rsa-sha1"), _SIGNATURE)
    yield Hostile("a signature within", _within, _SCHEMA)
    yield Hostile("two signatures", lambda: _twice(made("hub")), _SIGNATURE)


def _within() -> bytes:
    """A signature where no reader looks for one, and where the schema has none."""
    root = as_tree(SUBMIT)
    forge.sign(root[2], [forge.reference(b"")])
    return serialize(root)


def _twice(data: bytes) -> bytes:
    root = as_tree(data)
    root.append(as_tree(data)[-1])
    return serialize(root)


def _inputs() -> Iterator[Hostile]:
    yield from _look_ups()
    yield from _values()
    yield from _masses()
    yield from _roots()
    yield from _signatures()


SUBMISSIONS = Attack(_inputs, understood, Invalid, honest=lambda: SUBMIT)
