"""Time-stamps that must not count: of other data, of another authority, under other names; and DER that is none."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from signing.errors import SigningError
from signing.keys import FileKey
from signing.stamps import timestamp
from signing.stamps.authority import EmbeddedAuthority
from tests.authorities import issue, resigned
from tests.hostile.attack import Attack, Hostile
from tests.pki import NOW

_KEY, _CA_KEY, _OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
_CA = issue("ca", _CA_KEY, "ca", _CA_KEY, NOW, authority=True)
_TSA = issue("tsa", _KEY, "ca", _CA_KEY, NOW)
_DATA = b"signed head\n"
_DIGEST = hashlib.sha256(_DATA).digest()
_WHY = (
    "cannot be read|DER|larger than|imprint|digest|signature|signed|does not|not known|vouches|expired|valid only"
    "|time-stamp|accepted|nonce|token|certificate|policy|version|number|is not"
)


def _answer(
    key: ec.EllipticCurvePrivateKey = _KEY, certificate: x509.Certificate = _TSA, nonce: int = 1
) -> bytes:
    authority = EmbeddedAuthority(FileKey(key, [certificate]), clock=lambda: NOW)
    return authority.issue(timestamp.request(_DIGEST, nonce=nonce))


def _read(answer: bytes, nonce: int = 1) -> bytes:
    return timestamp.read_response(answer, digest=_DIGEST, nonce=nonce)


@functools.cache
def token() -> bytes:
    """An honest one."""
    return _read(_answer())


def _tlv(tag: int, *inside: bytes) -> bytes:
    data = b"".join(inside)
    size = len(data)
    if size < 0x80:
        return bytes([tag, size]) + data
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + data


def _deep(depth: int) -> bytes:
    """Sequences in one another, made from the inside."""
    sizes, data = 0, b""
    heads = []
    for _ in range(depth):
        head = _tlv(0x30, bytes(sizes))[: 2 + (0 if sizes < 0x80 else (sizes.bit_length() + 7) // 8)]
        heads.append(head)
        sizes += len(head)
    return b"".join(reversed(heads)) + data


def _encodings() -> Iterator[Hostile]:
    honest = token()
    oid = bytes.fromhex("06092a864886f70d010702")
    forms = {
        "nothing": b"",
        "a byte": b"\x30",
        "text": b"not a token",
        "zeros": bytes(10_000),
        "PEM": b"-----BEGIN PKCS7-----\n",
        "cut short": honest[:-1],
        "bytes behind it": honest + b"\0",
        "twice": honest * 2,
        "of endless length": b"\x30\x80" + honest[4:] + b"\0\0",
        "endless in one another": b"\x30\x80" * 50_000,
        "of a length in many bytes": b"\x30\x88" + (len(honest) - 4).to_bytes(8, "big") + honest[4:],
        "of a length of exabytes": b"\x30\x88\x7f" + b"\xff" * 7 + honest[4:],
        "of a length of kilobytes": b"\x30\xfe" + b"\xff" * 126,
        "of another type": b"\x31" + honest[1:],
        "of a long tag": b"\x3f\xff\xff\xff\xff\x7f\x00",
        "sequences in one another": _deep(20_000),
        "sequences in one another, within reason": _deep(100),
        "a megabyte of numbers": _tlv(0x30, b"\x02\x01\x01" * 300_000),
        "a number of a megabyte": _tlv(0x30, _tlv(0x02, b"\x7f" * 1_000_000)),
        "an identifier of a megabyte": _tlv(0x30, _tlv(0x06, b"\xff" * 1_000_000 + b"\x01")),
        "an identifier without end": _tlv(0x30, _tlv(0x06, b"\xff" * 100)),
        "signed data that is empty": _tlv(0x30, oid, _tlv(0xA0)),
        "signed data of nothing": _tlv(0x30, oid, _tlv(0xA0, _tlv(0x30))),
        "data that is not signed": _tlv(
            0x30, bytes.fromhex("06092a864886f70d010701"), _tlv(0xA0, _tlv(4, _DATA))
        ),
        "an answer in place of a token": _answer(),
        "a certificate in place of a token": _TSA.public_bytes(Encoding.DER),
    }
    for name, data in forms.items():
        yield Hostile(f"token: {name}", lambda data=data: (data, _DATA, [_CA]), _WHY)  # type: ignore[misc]
    for at in range(0, len(honest), 37):
        changed = honest[:at] + bytes([honest[at] ^ 0x41]) + honest[at + 1 :]
        yield Hostile(f"token: byte {at} changed", lambda data=changed: (data, _DATA, [_CA]), _WHY)  # type: ignore[misc]


def _contents() -> Iterator[Hostile]:
    honest = token()
    sha1 = {"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": hashlib.sha1(_DATA).digest()}
    md5 = {"hash_algorithm": {"algorithm": "md5"}, "hashed_message": hashlib.md5(_DATA).digest()}
    short = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": _DIGEST[:16]}
    changes = {"SHA-1": sha1, "MD5": md5, "half a digest": short}
    for name, imprint in changes.items():
        yield Hostile(
            f"token over {name}",
            lambda imprint=imprint: (_signed(message_imprint=imprint), _DATA, [_CA]),  # type: ignore[misc]
            _WHY,
        )
    yield Hostile("token over other data", lambda: (honest, b"another head\n", [_CA]), _WHY)
    yield Hostile("token over no data", lambda: (honest, b"", [_CA]), _WHY)
    early = NOW - timedelta(days=36_500)
    yield Hostile("token from before its authority", lambda: (_signed(gen_time=early), _DATA, [_CA]), _WHY)
    late = NOW + timedelta(days=36_500)
    yield Hostile("token from after its authority", lambda: (_signed(gen_time=late), _DATA, [_CA]), _WHY)
    yield Hostile(
        "token whose content was signed by another", lambda: (resigned(honest, _OTHER), _DATA, [_CA]), _WHY
    )


def _signed(**values: object) -> bytes:
    def change(info: object) -> None:
        for name, value in values.items():
            info[name] = value  # type: ignore[index]

    return resigned(token(), _KEY, info=change)


def _authorities() -> Iterator[Hostile]:
    stranger = issue("tsa", _OTHER, "tsa", _OTHER, NOW)
    alike = issue("ca", _OTHER, "ca", _OTHER, NOW, authority=True)
    cases = {
        "of a stranger": (_OTHER, stranger, [_CA]),
        "with nobody believed": (_KEY, _TSA, []),
        "where an authority of the same name is believed": (_KEY, _TSA, [alike]),
        "where a stranger is believed": (_KEY, _TSA, [stranger]),
    }
    for name, (key, certificate, anchors) in cases.items():
        yield Hostile(
            f"token {name}",
            lambda key=key, certificate=certificate, anchors=anchors: (  # type: ignore[misc]
                _read(_answer(key, certificate)),
                _DATA,
                anchors,
            ),
            _WHY,
        )


def _inputs() -> Iterator[Hostile]:
    yield from _encodings()
    yield from _contents()
    yield from _authorities()


def verified(case: tuple[bytes, bytes, list[x509.Certificate]]) -> object:
    """A token over data, by one of some authorities."""
    given, data, anchors = case
    return timestamp.verify(given, data, anchors)


def _answers() -> Iterator[Hostile]:
    honest = _answer()
    forms = {
        "to another question": _answer(nonce=2),
        "of nothing": b"",
        "of a refusal": bytes.fromhex("3005300302010206"[:14]),
        "cut short": honest[:-5],
        "with bytes behind it": honest + b"\0",
        "of a token without a status": token(),
        "of endless length": b"\x30\x80" + honest[4:],
        "of sequences in one another": _deep(20_000),
        "of two megabytes": _tlv(0x30, bytes(2_000_000)),
        "of HTML": b"<html>ok</html>",
        "granted, without a token": bytes.fromhex("30053003020100"),
        "with an unknown status": bytes.fromhex("30053003020163"),
    }
    for name, data in forms.items():
        yield Hostile(f"answer {name}", lambda data=data: data, _WHY)  # type: ignore[misc]


TOKENS = Attack(_inputs, verified, SigningError, honest=lambda: (token(), _DATA, [_CA]))
ANSWERS = Attack(_answers, _read, SigningError, honest=_answer)
