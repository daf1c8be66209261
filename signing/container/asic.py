"""Associated signature containers (ASiC-E with XAdES): files and one signature over all of them in a ZIP archive.

Standard: ETSI EN 319 162-1 V1.1.1 §4.4 and annex A; the manifest is that of OpenDocument 1.2 part 3 §3.
"""

from __future__ import annotations

import io
import types
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from lxml import etree

from signing.container.zipped import DEFAULT_LIMITS, STORED, Limits, Reader, Writer
from signing.errors import ContainerRefused, XmlRefused
from signing.xml import parse

MIMETYPE = "application/vnd.etsi.asic-e+zip"
ASIC = "http://uri.etsi.org/02918/v1.2.1#"
FIRST = "mimetype"
MANIFEST = "META-INF/manifest.xml"
SIGNATURES = "META-INF/signatures001.xml"

_META = "META-INF/"
_ODF = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_SMALL = 64 * 1024 * 1024
_MEDIA_TYPES = {
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".xml": "text/xml",
    ".html": "text/html",
    ".note": "text/plain",
    ".proof": "text/plain",
    ".vkey": "text/plain",
    ".tst": "application/vnd.etsi.timestamp-token",
}


def media_type(name: str) -> str:
    """The media type of a file in a container, by its name."""
    return _MEDIA_TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")


def write(
    files: Mapping[str, bytes | Path],
    signature: etree._Element,
    out: BinaryIO,
    *,
    compressed: Collection[str] = (),
) -> None:
    """Write a container: ``files``, which ``signature`` (a detached ``ds:Signature``) covers, to an empty stream.

    The same files and signature give the same bytes. Files are read in pieces; those in ``compressed`` are deflated,
    the others stored as they are. Raises ValueError for a name that a container must not hold.
    """
    if reserved := [name for name in files if name == FIRST or name.startswith(_META)]:
        raise ValueError(f"{reserved[0]} is the container's own")
    archive = Writer(out)
    archive.add(FIRST, MIMETYPE.encode())
    archive.add(MANIFEST, manifest(sorted(files)))
    archive.add(SIGNATURES, signatures_document(signature))
    for name in sorted(files):
        archive.add(name, files[name], compress=name in compressed)
    archive.finish()


def manifest(names: Collection[str]) -> bytes:
    """The manifest of a container with these files."""
    lines = [_entry("/", MIMETYPE), *(_entry(name, media_type(name)) for name in names)]
    head = f'<manifest:manifest xmlns:manifest="{_ODF}" manifest:version="1.2">\n'
    return _DECLARATION + (head + "".join(lines) + "</manifest:manifest>\n").encode()


def signatures_document(signature: etree._Element) -> bytes:
    """The document that holds the signature (annex A.5), the signature in it byte by byte as it stands."""
    head, tail = f'<asic:XAdESSignatures xmlns:asic="{ASIC}">'.encode(), b"</asic:XAdESSignatures>\n"
    return _DECLARATION + head + _written(signature) + tail


def read(source: Path | bytes, *, limits: Limits = DEFAULT_LIMITS, strict: bool = True) -> Container:
    """Open a container; close it when done.

    Raises ContainerRefused for what is no container or beyond ``limits``; if ``strict``, also for everything that
    `write` would have written otherwise, else that is in `Container.problems`.
    """
    stream = source.open("rb") if isinstance(source, Path) else io.BytesIO(source)
    try:
        container = Container(stream, limits)
        if strict and container.problems:
            place, text = container.problems[0]
            raise ContainerRefused(f"{place}: {text}")
    except BaseException:
        stream.close()
        raise
    return container


class Container:
    """A container that is open for reading, one thread at a time; what is read is checked against its checksum only."""

    def __init__(self, stream: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> None:
        """Takes over ``stream``; see `read`."""
        self._stream = stream
        self._archive = Reader(stream, limits)
        self._signature: etree._Element | None = None
        self.problems = [*self._archive.problems, *self._shape()]
        """(file, or ``zip`` or ``container``; what is not as `write` writes it)."""

    def __enter__(self) -> Container:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    @property
    def names(self) -> tuple[str, ...]:
        """All files in the order in which they stand."""
        return tuple(self._archive.members)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that a signature has to cover: all but the container's own."""
        return tuple(name for name in self.names if name != FIRST and not name.startswith(_META))

    @property
    def signature(self) -> etree._Element:
        """The ``ds:Signature``, where it stands in its document. Raises ContainerRefused if there is not just one."""
        if self._signature is None:
            self._signature = self._only_signature()
        return self._signature

    def __contains__(self, name: object) -> bool:
        """Whether there is a file of that name."""
        return name in self._archive.members

    def size(self, name: str) -> int:
        """Bytes of a file, as its directory says. Raises KeyError."""
        return self._archive.members[name].size

    def read(self, name: str, *, limit: int = _SMALL) -> bytes:
        """The bytes of a file. Raises ContainerRefused if they are damaged, more than ``limit``, or not there."""
        if name not in self:
            raise ContainerRefused(f"{name} is not in the container")
        return self._archive.read(name, limit)

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a file in pieces. Raises ContainerRefused, at the latest behind the last."""
        if name not in self:
            raise ContainerRefused(f"{name} is not in the container")
        return self._archive.chunks(name)

    def lines(self, name: str, *, longest: int = _SMALL) -> Iterator[bytes]:
        """The lines of a file without their ends; the last must be ended too. Raises ContainerRefused."""
        rest = bytearray()
        for chunk in self.chunks(name):
            rest += chunk
            if b"\n" in chunk:
                *whole, last = bytes(rest).split(b"\n")
                yield from whole
                rest = bytearray(last)
            if len(rest) > longest:
                raise ContainerRefused(f"a line of {name} has more than {longest:,} bytes")
        if rest:
            raise ContainerRefused(f"the last line of {name} is not ended")

    def _shape(self) -> Iterator[tuple[str, str]]:
        """Where the container's own files are not as they must be."""
        members = self._archive.members
        first = next(iter(members), None)
        if first != FIRST or members[FIRST].method != STORED or self._small(FIRST) != MIMETYPE.encode():
            yield FIRST, f"the first file must be {FIRST}, stored, and say {MIMETYPE}"
        expected = [FIRST, MANIFEST, SIGNATURES, *sorted(self.files)]
        if list(self.names) != expected:
            yield "container", "the files are not those, or not in the order, of a container"
        if MANIFEST not in members:
            yield MANIFEST, "there is no manifest"
        elif self._small(MANIFEST) != manifest(sorted(self.files)):
            yield MANIFEST, "it does not list just the files that are there, with their types"
        try:
            root = self.signature.getroottree().getroot()
        except ContainerRefused as error:
            yield SIGNATURES, error.reason
        else:
            if self._small(SIGNATURES) != _DECLARATION + _written(root) + b"\n":
                yield SIGNATURES, "it is not written as it would be from what it says"

    def _small(self, name: str) -> bytes | None:
        """The bytes of one of the container's own files, None if they cannot be read."""
        try:
            return self.read(name)
        except ContainerRefused:
            return None

    def _only_signature(self) -> etree._Element:
        try:
            root = parse(self.read(SIGNATURES))
        except XmlRefused as error:
            raise ContainerRefused(f"{SIGNATURES}: {error.reason}") from error
        inside = list(root)
        if root.tag != f"{{{ASIC}}}XAdESSignatures" or [one.tag for one in inside] != [
            f"{{{_DSIG}}}Signature"
        ]:
            raise ContainerRefused(f"{SIGNATURES} does not hold just one signature")
        return inside[0]


def _written(element: etree._Element) -> bytes:
    return etree.tostring(element, encoding="UTF-8", xml_declaration=False, with_tail=False)


def _entry(path: str, kind: str) -> str:
    return f' <manifest:file-entry manifest:full-path="{path}" manifest:media-type="{kind}"/>\n'
