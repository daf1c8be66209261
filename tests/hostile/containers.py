"""Archives that are bombs, lie about what they hold, lead out of their folder, or say two things at once."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

from signing.container import asic
from signing.errors import ContainerRefused
from signing.xmlsig import xades
from tests import pki
from tests.hostile.attack import Attack, Hostile, fixed

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_FORM = (
    "plain relative name|more than once|exact form|director|header|manifest|overlaps|times its size|link|records"
    "|encrypted|compressed by"
)
_FILES = {"evidence.json": b'{"version": 1}', "log/checkpoint.note": b"x\n"}

Change = Callable[[zipfile.ZipFile], object]


def container() -> bytes:
    """A container as the hub writes it."""
    signature = xades.sign_detached(_FILES, pki.signer("hub-ec"), at=pki.NOW, media_types={})
    out = io.BytesIO()
    asic.write(_FILES, signature, out)
    return out.getvalue()


def _grown(change: Change) -> bytes:
    """A container to which somebody added something."""
    out = io.BytesIO(container())
    with zipfile.ZipFile(out, "a") as archive:
        change(archive)
    return out.getvalue()


def _entry(name: str, data: bytes = b"x", **fields: int) -> Change:
    """One more file, whose directory entry says something particular."""

    def add(archive: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo(name)
        info.compress_type = fields.get("method", zipfile.ZIP_STORED)
        info.external_attr = fields.get("attributes", 0)
        info.create_system = 3
        archive.writestr(info, data)

    return add


_NAMES = {
    "absolute": "/etc/passwd",
    "that leads out": "../../etc/passwd",
    "that leads out within": "a/../../b",
    "that leads out at the end": "a/..",
    "that stays": "./a",
    "with an empty step": "a//b",
    "of Windows": "..\\..\\windows\\system32",
    "of a drive": "C:/x",
    "of a share": "//server/share/x",
    "of a folder": "a/",
    "with a line end": "a\nb",
    "with an escape": "a\x1b[31mb",
    "that is turned around": "a\u202etxt.exe",
    "decomposed": "e\u0323.txt",
    "too long": "n" * 5_000,
    "of a device": "CON",
    "in META-INF": "META-INF/container.xml",
    "of a second signature": "META-INF/signatures002.xml",
    "of a first file": "MIMETYPE",
    "with a space at its end": "a ",
    "with a star": "a*b?",
}


def _names() -> Iterator[Hostile]:
    for said, name in _NAMES.items():
        yield Hostile(f"name {said}", lambda name=name: _grown(_entry(name)), _FORM)  # type: ignore[misc]
    for name in (*_FILES, "mimetype", asic.MANIFEST, asic.SIGNATURES):
        yield Hostile(f"{name} twice", lambda name=name: _twice(name), "more than once")  # type: ignore[misc]
    yield Hostile("a name that differs in its case", lambda: _grown(_entry("Evidence.json")), _FORM)
    yield Hostile(
        "a link", lambda: _grown(_entry("a", b"/etc/passwd", attributes=0o120777 << 16)), "is a link"
    )
    yield Hostile("a device", lambda: _grown(_entry("a", attributes=0o020666 << 16)), "a device")


def _twice(name: str) -> bytes:
    """A name that stands in the directory twice; the library below only warns."""
    out = io.BytesIO(_grown(_entry("x" * len(name))))
    return out.getvalue().replace(b"x" * len(name), name.encode())


def _bombs() -> Iterator[Hostile]:
    deflated = zipfile.ZIP_DEFLATED
    zeros = bytes(100_000_000)
    yield Hostile(
        "a bomb", lambda: _grown(_entry("a", zeros, method=deflated)), "times its size|more than|order"
    )
    yield Hostile("a bomb in the signature's place", _in_place_of_signature, "times its size|more than|once")
    yield Hostile("ten thousand files", lambda: _grown(_many(10_000)), _FORM)
    yield Hostile("overlapping files", _overlapping, _FORM)
    yield Hostile("a container in a container", lambda: _grown(_entry("a.asice", container())), _FORM)
    yield Hostile(
        "by BZIP2", lambda: _grown(_entry("a", zeros, method=zipfile.ZIP_BZIP2)), "compressed by method"
    )
    yield Hostile(
        "by LZMA", lambda: _grown(_entry("a", b"x", method=zipfile.ZIP_LZMA)), "compressed by method"
    )
    yield Hostile("more than its size says", _inflated, _FORM)


def _in_place_of_signature() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", asic.MIMETYPE)
        archive.writestr(asic.MANIFEST, b" " * 100_000_000, zipfile.ZIP_DEFLATED)
        archive.writestr(asic.SIGNATURES, b" " * 100_000_000, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _many(count: int) -> Change:
    return lambda archive: [archive.writestr(f"f{number}", b"") for number in range(count)]


def _overlapping() -> bytes:
    """A thousand directory entries for one and the same file."""
    data = zlib.compress(bytes(1_000_000), 9)[2:-4]
    name = b"a0000"
    local = struct.pack("<4s5H3L2H", _LOCAL, 20, 0, 8, 0, 0, 0, len(data), 1_000_000, 5, 0) + name + data
    entry = struct.Struct("<4s6H3L5H2L")
    directory = b"".join(
        entry.pack(_CENTRAL, 20, 20, 0, 8, 0, 0, 0, len(data), 1_000_000, 5, 0, 0, 0, 0, 0, 0)
        + b"a%04d" % number
        for number in range(1_000)
    )
    end = struct.pack("<4s4H2LH", _END, 0, 0, 1_000, 1_000, len(directory), len(local), 0)
    return local + directory + end


def _inflated() -> bytes:
    """A file whose directory entry says that it is small."""
    data = _grown(_entry("a", bytes(1_000_000), method=zipfile.ZIP_DEFLATED))
    return data.replace(struct.pack("<L", 1_000_000), struct.pack("<L", 10))


def _lies() -> Iterator[Hostile]:
    whole = container()
    end = whole.rindex(_END)
    first = whole.index(_CENTRAL)
    pieces: dict[str, bytes] = {
        "nothing": b"",
        "text": b"not an archive",
        "gzip": b"\x1f\x8b\x08" + bytes(100),
        "an end alone": whole[end:],
        "no end": whole[:end],
        "cut in the middle": whole[: len(whole) // 2],
        "cut by a byte": whole[:-1],
        "bytes behind it": whole + b"x",
        "bytes before it": b"#!/bin/sh\n" + whole,
        "a second end": whole + whole[end:],
        "a second container behind it": whole + whole,
        "a comment": whole[:-2] + struct.pack("<H", 5) + b"hello",
        "a comment that is longer than the file": whole[:-2] + struct.pack("<H", 60_000),
        "more files than there are": whole[: end + 8] + struct.pack("<2H", 9, 9) + whole[end + 12 :],
        "fewer files than there are": whole[: end + 8] + struct.pack("<2H", 1, 1) + whole[end + 12 :],
        "most files that can be said": whole[: end + 8] + b"\xff" * 4 + whole[end + 12 :],
        "a directory elsewhere": whole[: end + 16] + struct.pack("<L", 0) + whole[end + 20 :],
        "a directory beyond the end": whole[: end + 16] + struct.pack("<L", 2**31) + whole[end + 20 :],
        "a directory of gigabytes": whole[: end + 12] + struct.pack("<L", 2**31) + whole[end + 16 :],
        "several disks": whole[: end + 4] + struct.pack("<H", 1) + whole[end + 6 :],
        "an encrypted file": whole[: first + 8] + b"\x01" + whole[first + 9 :],
        "another method": whole[: first + 10] + struct.pack("<H", 99) + whole[first + 12 :],
        "another checksum": whole[: first + 16] + b"\0\0\0\0" + whole[first + 20 :],
        "another name before the file": whole.replace(b"evidence.json", b"evil____.json", 1),
        "no directory signature": whole[:first] + b"PK\0\0" + whole[first + 4 :],
        "the largest sizes": whole[: first + 20] + b"\xff" * 8 + whole[first + 28 :],
    }
    for said, data in pieces.items():
        yield fixed(f"archive: {said}", data, _FORM)


def _inputs() -> Iterator[Hostile]:
    yield from _names()
    yield from _bombs()
    yield from _lies()


def read(data: bytes) -> object:
    """Open a container and read everything in it."""
    with asic.read(data) as opened:
        return [opened.read(name) for name in opened.names]


CONTAINERS = Attack(_inputs, read, ContainerRefused, honest=container)
