"""ZIP archives in one exact form: every byte follows from the files' names, contents and order, so that a changed one
is noticed.

Written are no times, no comments, no data descriptors, no extra fields but those of ZIP64; read is what any tool wrote,
within limits, and told how it departs from that form. Standard: PKWARE APPNOTE 6.3.10.
"""

from __future__ import annotations

import dataclasses
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from signing.errors import ContainerRefused

STORED, DEFLATED = 0, 8

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_LOCAL_FIELDS = [
    *("signature", "version", "flags", "method", "time", "date", "CRC", "compressed size", "size"),
    *("name length", "extra length"),
]
_CENTRAL_FIELDS = [
    *("signature", "made by", *_LOCAL_FIELDS[1:], "comment length", "disk", "internal attributes"),
    *("attributes", "offset"),
]

_MIDNIGHT_1980 = 0x0021
_MADE_BY_UNIX = 3 << 8
_REGULAR_FILE = 0o100644
_FILE_TYPE, _REGULAR = 0o170000, 0o100000
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_MOST_32, _MOST_16 = 0xFFFFFFFF, 0xFFFF
# From here on sizes stand in the ZIP64 field: below the most that 32 bits hold, because what does not compress grows.
_LARGE = 0xF0000000
_CHUNK = 1 << 16
_NAME = re.compile(rb"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,7}")


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on an archive that is read: how many ``files``, bytes in one ``file`` and in all (``total``).

    A file may be ``ratio`` times as large as it is compressed, and 64 KiB more; ``name`` is the length of a name.
    """

    files: int = 50_000
    file: int = 1 << 40
    total: int = 1 << 40
    ratio: int = 250
    name: int = 200


DEFAULT_LIMITS = Limits()


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: sizes in bytes, ``offset`` of its local header."""

    name: str
    method: int
    crc: int
    compressed: int
    size: int
    offset: int

    @property
    def _large(self) -> bool:
        return self.size >= _LARGE

    @property
    def local_header(self) -> bytes:
        """The header before its bytes (APPNOTE §4.3.7)."""
        compressed, size = (_MOST_32, _MOST_32) if self._large else (self.compressed, self.size)
        extra = struct.pack("<2H2Q", 1, 16, self.size, self.compressed) if self._large else b""
        name = self.name.encode()
        common = (45 if self._large else 20, 0, self.method, 0, _MIDNIGHT_1980, self.crc, compressed, size)
        return _LOCAL.pack(b"PK\x03\x04", *common, len(name), len(extra)) + name + extra

    @property
    def central_header(self) -> bytes:
        """Its header in the directory at the end (APPNOTE §4.3.12)."""
        values = [self.size, self.compressed] if self._large else []
        compressed, size = (_MOST_32, _MOST_32) if self._large else (self.compressed, self.size)
        offset = self.offset
        if offset >= _MOST_32:
            values, offset = [*values, offset], _MOST_32
        extra = struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values) if values else b""
        name, version = self.name.encode(), 45 if extra else 20
        common = (version, 0, self.method, 0, _MIDNIGHT_1980, self.crc, compressed, size)
        rest = (len(name), len(extra), 0, 0, 0, _REGULAR_FILE << 16, offset)
        return _CENTRAL.pack(b"PK\x01\x02", _MADE_BY_UNIX | version, *common, *rest) + name + extra


class Writer:
    """Writes files one after the other to a stream that can seek; nothing of a file is kept in memory."""

    def __init__(self, out: BinaryIO) -> None:
        """``out`` is empty."""
        self._out = out
        self._members: dict[str, Member] = {}

    def add(self, name: str, content: bytes | Path, *, compress: bool = False) -> None:
        """Add a file. Raises ValueError for a name that an archive must not hold, or holds already."""
        if (wrong := name_problem(name)) or name in self._members:
            raise ValueError(f"{name!r} {wrong or 'is in the archive already'}")
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        member = Member(name, DEFLATED if compress else STORED, 0, 0, size, self._out.tell())
        self._out.write(member.local_header)
        member = self._copy(member, _chunks_of(content))
        end = self._out.tell()
        self._out.seek(member.offset)
        self._out.write(member.local_header)
        self._out.seek(end)
        self._members[name] = member

    def finish(self) -> None:
        """Write the directory; nothing can be added afterwards."""
        at = self._out.tell()
        directory = b"".join(member.central_header for member in self._members.values())
        self._out.write(directory + end_records(len(self._members), at, len(directory)))

    def _copy(self, member: Member, chunks: Iterator[bytes]) -> Member:
        deflate = zlib.compressobj(6, zlib.DEFLATED, -15) if member.method == DEFLATED else None
        crc = size = written = 0
        for chunk in chunks:
            crc, size = zlib.crc32(chunk, crc), size + len(chunk)
            written += self._out.write(deflate.compress(chunk) if deflate else chunk)
        if deflate:
            written += self._out.write(deflate.flush())
        if size != member.size:
            raise ValueError(f"{member.name} changed while it was read")
        return dataclasses.replace(member, crc=crc, compressed=written)


class Reader:
    """An archive that is open for reading, one thread at a time."""

    def __init__(self, stream: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> None:
        """Read the directory and hold it against the files' own headers; every departure goes to `problems`.

        Raises ContainerRefused if there is no directory, or if what it says is beyond ``limits``.
        """
        self._stream = stream
        self._limits = limits
        self.problems: list[tuple[str, str]] = []
        """(file or ``zip``, what is not as it must be)."""
        self.members: dict[str, Member] = {}
        size = stream.seek(0, 2)
        at, length, count = self._end(size)
        self._directory(at, length, count)
        self._layout(at)

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a file, in pieces of at most 64 KiB; raises ContainerRefused behind the last if they are not
        what the directory says, KeyError if there is no such file.
        """
        member = self.members[name]
        crc = size = 0
        for chunk in self._stored(member) if member.method == STORED else self._inflated(member):
            crc, size = zlib.crc32(chunk, crc), size + len(chunk)
            if size > member.size:
                raise ContainerRefused(f"{name} is larger than the directory says")
            yield chunk
        if (crc, size) != (member.crc, member.size):
            raise ContainerRefused(f"{name} is damaged: its checksum or size is another")

    def read(self, name: str, limit: int) -> bytes:
        """The bytes of a file. Raises ContainerRefused if they are damaged or more than ``limit``, KeyError."""
        if self.members[name].size > limit:
            raise ContainerRefused(f"{name} has more than {limit:,} bytes")
        return b"".join(self.chunks(name))

    def _at(self, offset: int, length: int) -> bytes:
        self._stream.seek(offset)
        return self._stream.read(length)

    def _end(self, size: int) -> tuple[int, int, int]:
        """(offset, length, entries) of the directory, from the records at the very end."""
        tail = self._at(max(0, size - _END.size), _END.size)
        if len(tail) < _END.size or tail[:4] != b"PK\x05\x06":
            raise ContainerRefused("the file does not end with the directory of a ZIP archive")
        _, _, _, _, count, length, at, _ = _END.unpack(tail)
        if count == _MOST_16 or _MOST_32 in (length, at):
            count, length, at = self._end64(size, (count, length, at))
        expected = end_records(count, at, length)
        if size < at + length or self._at(at + length, size) != expected:
            self._problem("zip", "something stands between or in the records of the directory")
        return at, length, count

    def _end64(self, size: int, found: tuple[int, int, int]) -> tuple[int, int, int]:
        record = self._at(max(0, size - _END.size - _LOCATOR.size - _END64.size), _END64.size)
        if len(record) < _END64.size or record[:4] != b"PK\x06\x06":
            return found
        _, _, _, _, _, _, _, count, length, at = _END64.unpack(record)
        return count, length, at

    def _directory(self, at: int, length: int, count: int) -> None:
        limits = self._limits
        if count > limits.files or length > count * (_CENTRAL.size + limits.name + 64):
            raise ContainerRefused(f"the archive has {count:,} files in {length:,} bytes of directory")
        data, place, total = self._at(at, length), 0, 0
        seen: set[str] = set()
        for _ in range(count):
            place, member = self._member(data, place)
            total += member.size
            self._check(member, total)
            if member.name.casefold() in seen:
                raise ContainerRefused(f"{member.name!r} occurs more than once")
            seen.add(member.name.casefold())
            self.members[member.name] = member
        if place != len(data) or length != len(data):
            self._problem("zip", "the directory is longer or shorter than its entries")

    def _member(self, data: bytes, place: int) -> tuple[int, Member]:
        if data[place : place + 4] != b"PK\x01\x02" or len(data) < place + _CENTRAL.size:
            raise ContainerRefused("the directory is damaged")
        fields = _CENTRAL.unpack_from(data, place)
        names, extras, comments = fields[10:13]
        start = place + _CENTRAL.size
        end = start + names + extras + comments
        name, extra = data[start : start + names], data[start + names : start + names + extras]
        shown = name.decode("utf-8", "backslashreplace")
        if fields[3] & _ENCRYPTED:
            raise ContainerRefused(f"{shown!r} is encrypted")
        if fields[4] not in (STORED, DEFLATED):
            raise ContainerRefused(f"{shown!r} is compressed by method {fields[4]}, which is not read")
        if (fields[15] >> 16) & _FILE_TYPE not in (0, _REGULAR):
            raise ContainerRefused(f"{shown!r} is a link, a folder or a device")
        compressed, size, offset = _wide(extra, fields[8], fields[9], fields[16])
        member = Member(shown, fields[4], fields[7], compressed, size, offset)
        if data[place:end] != member.central_header:
            odd = _differing(_CENTRAL, _CENTRAL_FIELDS, data[place:end], member.central_header)
            self._problem(shown, f"its entry in the directory is not in the exact form: {odd}")
        return end, member

    def _check(self, member: Member, total: int) -> None:
        limits, name = self._limits, member.name
        if wrong := name_problem(name, limits.name):
            raise ContainerRefused(f"{name!r} {wrong}")
        if member.size > limits.file or total > limits.total:
            raise ContainerRefused(f"the archive holds more than {limits.total:,} bytes")
        if member.size > member.compressed * limits.ratio + _CHUNK:
            raise ContainerRefused(f"{name} grows to more than {limits.ratio} times its size")

    def _layout(self, directory: int) -> None:
        """Files follow each other from the first byte to the directory, each behind the header that it must have."""
        place = 0
        for member in self.members.values():
            if member.offset < place:  # read one by one, such files are more than there is of them
                raise ContainerRefused(f"{member.name} overlaps the file before it (byte {member.offset})")
            if member.offset > place:
                self._problem(member.name, f"stands behind a gap (byte {place})")
            expected = member.local_header
            found = self._at(member.offset, len(expected))
            if found != expected:
                odd = _differing(_LOCAL, _LOCAL_FIELDS, found, expected)
                self._problem(member.name, f"its own header is not that of the directory: {odd}")
            place = member.offset + self._header_size(member) + member.compressed
        if place != directory:
            self._problem("zip", f"files end at byte {place}, and the directory begins at {directory}")

    def _header_size(self, member: Member) -> int:
        """Length of the header as it stands in the file: other tools add fields."""
        found = self._at(member.offset, _LOCAL.size)
        if len(found) < _LOCAL.size or found[:4] != b"PK\x03\x04":
            return len(member.local_header)
        names, extras = _LOCAL.unpack(found)[-2:]
        return int(_LOCAL.size + names + extras)

    def _stored(self, member: Member) -> Iterator[bytes]:
        place = member.offset + self._header_size(member)
        end = place + member.compressed
        while place < end and (chunk := self._at(place, min(_CHUNK, end - place))):
            place += len(chunk)
            yield chunk

    def _inflated(self, member: Member) -> Iterator[bytes]:
        inflate = zlib.decompressobj(-15)
        try:
            for packed in self._stored(member):
                while chunk := inflate.decompress(packed, _CHUNK):
                    packed = inflate.unconsumed_tail
                    yield chunk
        except zlib.error as error:
            raise ContainerRefused(f"{member.name} is damaged: {error}") from error
        if not inflate.eof or inflate.unused_data:
            raise ContainerRefused(
                f"{member.name} is damaged: its compressed bytes do not end where they must"
            )

    def _problem(self, place: str, text: str) -> None:
        self.problems.append((place, text))


def name_problem(name: str, longest: int = DEFAULT_LIMITS.name) -> str | None:
    """What is wrong with the name of a file in an archive, as the end of a sentence; None if nothing is."""
    if len(name) > longest:
        return f"is longer than {longest} characters"
    if not _NAME.fullmatch(name.encode("utf-8", "surrogatepass")):
        return (
            "is not a plain relative name: letters, digits, '.', '-', '_' and '/', no part beginning with '.'"
        )
    return None


def end_records(count: int, at: int, length: int) -> bytes:
    """The records behind a directory of ``count`` entries and ``length`` bytes that begins at ``at`` (§4.3.14-16)."""
    records = b""
    if count >= _MOST_16 or at >= _MOST_32 or length >= _MOST_32:
        made = _MADE_BY_UNIX | 45
        records = _END64.pack(b"PK\x06\x06", _END64.size - 12, made, 45, 0, 0, count, count, length, at)
        records += _LOCATOR.pack(b"PK\x06\x07", 0, at + length, 1)
        count, length, at = min(count, _MOST_16), min(length, _MOST_32), min(at, _MOST_32)
    return records + _END.pack(b"PK\x05\x06", 0, 0, count, count, length, at, 0)


def _wide(extra: bytes, compressed: int, size: int, offset: int) -> tuple[int, int, int]:
    """Sizes and offset with what the ZIP64 field says of those that 32 bits do not hold (§4.5.3)."""
    values: list[int] = []
    while len(extra) >= 4:
        tag, length = struct.unpack_from("<2H", extra)
        if tag == 1 and 4 + length <= len(extra):
            values = [int(value) for (value,) in struct.iter_unpack("<Q", extra[4 : 4 + length // 8 * 8])]
        extra = extra[4 + length :]

    def wide(value: int) -> int:
        return values.pop(0) if value == _MOST_32 and values else value

    size = wide(size)
    return wide(compressed), size, wide(offset)


def _differing(form: struct.Struct, names: list[str], found: bytes, expected: bytes) -> str:
    """The fields in which two headers differ, for people."""
    if len(found) < form.size:
        return "it is cut off"
    pairs = zip(names, form.unpack_from(found), form.unpack_from(expected), strict=True)
    odd = [name for name, one, other in pairs if one != other]
    return ", ".join(odd) or "name or extra field"


def _chunks_of(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        read: Callable[[], bytes] = lambda: file.read(_CHUNK)  # noqa: E731
        yield from iter(read, b"")
