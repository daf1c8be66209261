"""Messages that were presented before: as they were, dressed anew, or with what an ECDSA value allows to be changed."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from lxml import etree

from signing.xml import parse, serialize
from signing.xmlsig import xades
from signing.xmlsig.freshness import DEFAULT_WINDOW
from signing.xmlsig.signature import decode_base64
from signing.xmlsig.wss import verify_envelope
from signing.xmlsig.xmldsig import sign_two_reference, verify_two_reference
from tests import pki
from tests.hostile import forge
from tests.hostile.attack import Attack, Hostile
from tests.hostile.notes import find, message, sign

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_NAMES = {"payload": "GIAYCHUNGSINH", "holder": "CHUKYDONVI"}
_CERTIFICATE = (
    b'<HSDLGCS><GIAYCHUNGSINH Id="Id-7"><TEN_CON>An</TEN_CON></GIAYCHUNGSINH><CHUKYDONVI/></HSDLGCS>'
)
_TRUST = pki.trust("cutru", "yte", "hub-ec")

Present = Callable[[bytes, "Memory", datetime], object]


class Memory:
    """What a receiver remembers."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._known: set[str] = set()

    def seen(self, key: str, until: datetime) -> bool:
        """Whether it was there, and it is from now on."""
        known = key in self._known
        self._known.add(key)
        return known


def _enveloped(name: str) -> bytes:
    root = forge.declaration()
    xades.sign_enveloped(root, pki.signer(name), at=pki.NOW)
    return serialize(root)


def _two(name: str) -> bytes:
    root = parse(_CERTIFICATE)
    sign_two_reference(root, pki.signer(name), at=pki.NOW, **_NAMES)
    return serialize(root)


def _soap(name: str) -> bytes:
    return serialize(sign(message(), name))


def _take_soap(data: bytes, memory: Memory, at: datetime) -> object:
    return verify_envelope(parse(data), _TRUST, at, seen=memory.seen)


def _take_xades(data: bytes, memory: Memory, at: datetime) -> object:
    return xades.verify_enveloped(parse(data), _TRUST, at, seen=memory.seen)


def _take_two(data: bytes, memory: Memory, at: datetime) -> object:
    return verify_two_reference(parse(data), _TRUST, at, seen=memory.seen, **_NAMES)


_KINDS: dict[str, tuple[Callable[[str], bytes], Present]] = {
    "SOAP": (_soap, _take_soap),
    "XAdES": (_enveloped, _take_xades),
    "two references": (_two, _take_two),
}


def _as_it_was(data: bytes) -> bytes:
    return data


def _other_half(data: bytes) -> bytes:
    """The signature value (r, n - s) in place of (r, s): it fits the same content."""
    root = parse(data)
    value = find(root, "SignatureValue")
    raw = decode_base64(value)
    s = _ORDER - int.from_bytes(raw[32:], "big")
    value.text = base64.b64encode(raw[:32] + s.to_bytes(32, "big")).decode()
    return serialize(root)


def _broken_lines(data: bytes) -> bytes:
    """The signature value on several lines."""
    root = parse(data)
    value = find(root, "SignatureValue")
    value.text = "\n".join((value.text or "")[at : at + 20] for at in range(0, len(value.text or ""), 20))
    return serialize(root)


def _commented(data: bytes) -> bytes:
    """Comments that no signature covers."""
    root = parse(data)
    root.insert(0, etree.Comment("x"))
    root.addprevious(etree.Comment("y"))
    return serialize(root)


def _in_utf_16(data: bytes) -> bytes:
    """The same characters in other bytes."""
    return data.decode().partition("?>")[2].encode("utf-16")


def _with_chain(data: bytes) -> bytes:
    """A further certificate behind that of the signer, where nobody signs it."""
    root = parse(data)
    info = find(root, "KeyInfo")
    if len(info[0]) and info[0].tag == f"{{{forge.DS}}}X509Data":
        further = etree.SubElement(info[0], f"{{{forge.DS}}}X509Certificate")
        further.text = forge.encoded("ca")
    return serialize(root)


_DRESSES = (_as_it_was, _broken_lines, _commented, _in_utf_16, _with_chain)


def _inputs() -> Iterator[Hostile]:
    for kind, (make, take) in _KINDS.items():
        for name in ("cutru", "yte"):
            dresses = (*_DRESSES, _other_half) if name == "yte" else _DRESSES
            for dress in dresses:
                yield Hostile(
                    f"{kind} of {name} {dress.__name__.strip('_').replace('_', ' ')}",
                    lambda make=make, take=take, name=name, dress=dress: (  # type: ignore[misc]
                        make(name),
                        dress,
                        take,
                        pki.NOW,
                    ),
                    "presented before",
                )
        late = pki.NOW + DEFAULT_WINDOW.longest + DEFAULT_WINDOW.skew + timedelta(seconds=1)
        yield Hostile(
            f"{kind} when nobody remembers it any more",
            lambda make=make, take=take, late=late: (make("yte"), _as_it_was, take, late),  # type: ignore[misc]
            "expired at|too long ago",
        )


def twice(case: tuple[bytes, Callable[[bytes], bytes], Present, datetime]) -> object:
    """Present a message, and later the same again; the first time is right."""
    data, dress, take, at = case
    memory = Memory()
    take(data, memory, pki.NOW)
    return take(dress(data), memory, at)


REPLAYS = Attack(_inputs, twice)
