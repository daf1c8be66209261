"""Containers are what the standard says, byte for byte the same each time, and nothing else is read."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from signing.container import asic
from signing.container.zipped import Limits
from signing.errors import ContainerRefused

DSIG = "http://www.w3.org/2000/09/xmldsig#"
FILES: dict[str, bytes | Path] = {
    "evidence.json": '{"là": "chứng cứ"}'.encode(),
    "bodies/17.xml": b"<a>1</a>",
    "log/entries.jsonl": b'{"index":0}\n' * 1000,
}


def signature(text: str = "chữ ký") -> etree._Element:
    """Something that stands where a signature stands."""
    element = etree.Element(f"{{{DSIG}}}Signature", nsmap={"ds": DSIG})
    etree.SubElement(element, f"{{{DSIG}}}SignatureValue").text = text
    return element


def written(files: dict[str, bytes | Path] | None = None) -> bytes:
    """A small container."""
    out = io.BytesIO()
    asic.write(files or FILES, signature(), out, compressed={"log/entries.jsonl"})
    return out.getvalue()


def foreign(change: Callable[[zipfile.ZipFile], object] = lambda _: None, **first: object) -> bytes:
    """The same files written by another tool, and what ``change`` adds."""
    out = io.BytesIO()
    with asic.read(written()) as container, zipfile.ZipFile(out, "w") as archive:
        for name in container.names:
            archive.writestr(name, container.read(name))
        change(archive)
    return out.getvalue()


def test_a_container_is_what_the_standard_says() -> None:
    """EN 319 162-1 A.1: ``mimetype`` first, stored, without extra field; read by a tool that is not ours."""
    data = written()
    assert data[30:38] == b"mimetype"
    assert data[38 : 38 + len(asic.MIMETYPE)] == asic.MIMETYPE.encode()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
        assert {name: archive.read(name) for name in FILES} == FILES
        manifest = etree.fromstring(archive.read(asic.MANIFEST))  # noqa: TID251 - another reading than the hub's
        paths = [entry.get(f"{{{manifest.nsmap['manifest']}}}full-path") for entry in manifest]
        assert paths == ["/", *sorted(FILES)]
        root = etree.fromstring(archive.read(asic.SIGNATURES))  # noqa: TID251
        assert root.tag == "{http://uri.etsi.org/02918/v1.2.1#}XAdESSignatures"
        assert [child.tag for child in root] == [f"{{{DSIG}}}Signature"]


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_finds_no_fault(tmp_path: Path) -> None:
    """Info-ZIP tests the archive and finds nothing wrong."""
    (tmp_path / "a.asice").write_bytes(written())
    done = subprocess.run(["unzip", "-t", tmp_path / "a.asice"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "No errors" in done.stdout


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """Files, names, sizes, lines and the signature come back, from bytes and from a file."""
    path = tmp_path / "a.asice"
    path.write_bytes(written())
    for source in (path, written()):
        with asic.read(source) as container:
            assert container.names[:3] == ("mimetype", asic.MANIFEST, asic.SIGNATURES)
            assert container.files == tuple(sorted(FILES))
            assert {name: container.read(name) for name in container.files} == FILES
            assert container.size("bodies/17.xml") == 8
            assert list(container.lines("log/entries.jsonl")) == [b'{"index":0}'] * 1000
            assert container.signature.findtext(f"{{{DSIG}}}SignatureValue") == "chữ ký"
            assert "evidence.json" in container
            assert "nothing" not in container


def test_the_same_gives_the_same_bytes(tmp_path: Path) -> None:
    """Neither time nor order nor whether a file is on disk changes a byte."""
    on_disk = dict(reversed(FILES.items()))
    (tmp_path / "lines").write_bytes(FILES["log/entries.jsonl"])  # type: ignore[arg-type]
    assert written({**on_disk, "log/entries.jsonl": tmp_path / "lines"}) == written()


def test_every_changed_byte_is_noticed() -> None:
    """Whichever byte is flipped, reading says so: in the archive's structure or in a file's checksum."""
    data = written()
    silent = []
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 0x20
        try:
            with asic.read(bytes(changed)) as container:
                for name in container.names:
                    container.read(name)
            silent.append(at)
        except ContainerRefused:
            continue
    assert silent == []


def test_another_tools_container_is_read_with_its_departures() -> None:
    """A container that somebody packed again is readable; strictly it is refused, else told what differs."""
    data = foreign()
    with pytest.raises(ContainerRefused, match="exact form"):
        asic.read(data)
    with asic.read(data, strict=False) as container:
        assert {name: container.read(name) for name in container.files} == FILES
        assert {place for place, _ in container.problems} <= {*container.names, "container"}


def _symlink(archive: zipfile.ZipFile) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    archive.writestr(link, "/etc/passwd")


def _twice(archive: zipfile.ZipFile) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("evidence.json", b"another")


def _stuffed(archive: zipfile.ZipFile) -> None:
    archive.writestr("bomb", bytes(5_000_000), zipfile.ZIP_DEFLATED)


NEVER: dict[str, tuple[Callable[[zipfile.ZipFile], object], str]] = {
    "parent": (lambda z: z.writestr("../evil", b""), "plain relative name"),
    "parent inside": (lambda z: z.writestr("bodies/../../evil", b""), "plain relative name"),
    "absolute": (lambda z: z.writestr("/etc/evil", b""), "plain relative name"),
    "backslash": (lambda z: z.writestr("a\\b", b""), "plain relative name"),
    "drive": (lambda z: z.writestr("C:evil", b""), "plain relative name"),
    "hidden": (lambda z: z.writestr(".bashrc", b""), "plain relative name"),
    "letters": (lambda z: z.writestr("chữ", b""), "plain relative name"),
    "folder": (lambda z: z.writestr("folder/", b""), "folder"),
    "long": (lambda z: z.writestr("a" * 300, b""), "longer than"),
    "twice": (_twice, "more than once"),
    "other case": (lambda z: z.writestr("Evidence.JSON", b""), "more than once"),
    "symlink": (_symlink, "link"),
    "bomb": (_stuffed, "times its size"),
    "bzip2": (lambda z: z.writestr("b", b"x", zipfile.ZIP_BZIP2), "method 12"),
}


@pytest.mark.parametrize("name", NEVER)
def test_what_is_never_read(name: str) -> None:
    """Names that lead elsewhere, links, files that occur twice and bombs are refused, strictly or not."""
    change, reason = NEVER[name]
    with pytest.raises(ContainerRefused, match=reason):
        asic.read(foreign(change), strict=False)


def test_encrypted_files_are_refused() -> None:
    """What is not readable by everybody is no evidence."""
    data = bytearray(written())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ContainerRefused, match="encrypted"):
        asic.read(bytes(data), strict=False)


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"x" * 1000, written()[:-1]])
def test_what_is_no_archive(data: bytes) -> None:
    """Truncated, empty and other files are refused in words."""
    with pytest.raises(ContainerRefused):
        asic.read(data)


def test_something_before_behind_or_between_is_noticed() -> None:
    """A file that is a container and something else as well is refused."""
    data = written()
    middle = data.index(b"PK\x03\x04", 10)
    for changed in (b"#!/bin/sh\n" + data, data + b"\n", data[:middle] + b"\0" + data[middle:]):
        with pytest.raises(ContainerRefused):
            asic.read(changed)


def test_limits_are_kept() -> None:
    """Too many or too large files are refused before anything is read of them."""
    for limits in (Limits(files=3), Limits(file=100), Limits(total=1000)):
        with pytest.raises(ContainerRefused):
            asic.read(written(), limits=limits)
    with asic.read(written()) as container:
        with pytest.raises(ContainerRefused, match="more than 10 bytes"):
            container.read("log/entries.jsonl", limit=10)
        with pytest.raises(ContainerRefused, match="a line"):
            list(container.lines("evidence.json", longest=5))
        with pytest.raises(ContainerRefused, match="not ended"):
            list(container.lines("evidence.json"))
        with pytest.raises(ContainerRefused, match="not in the container"):
            container.read("nothing")


def test_what_only_looks_like_a_container() -> None:
    """Another media type, no manifest, two signatures: each is named."""

    def named(change: Callable[[dict[str, bytes]], object]) -> set[str]:
        with asic.read(written()) as container:
            files = {name: container.read(name) for name in container.names}
        change(files)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        with asic.read(out.getvalue(), strict=False) as container:
            return {
                place
                for place, text in container.problems
                if "exact form" not in text and "header" not in text
            }

    assert "mimetype" in named(lambda files: files.update(mimetype=b"application/zip"))
    assert asic.MANIFEST in named(lambda files: files.pop(asic.MANIFEST))
    assert asic.MANIFEST in named(lambda files: files.update({"more.bin": b""}))
    twice = asic.signatures_document(signature()).replace(
        b"</asic", b"<ds:Signature xmlns:ds='%s'/></asic" % DSIG.encode()
    )
    assert asic.SIGNATURES in named(lambda files: files.update({asic.SIGNATURES: twice}))
    assert asic.SIGNATURES in named(lambda files: files.pop(asic.SIGNATURES))
    assert asic.SIGNATURES in named(lambda files: files.update({asic.SIGNATURES: b"<!DOCTYPE a><a/>"}))


def test_only_files_are_written() -> None:
    """A name that would lead elsewhere, or is the container's own, is never written."""
    for name in ("../a", "META-INF/x", "mimetype", "/a", "a//b"):
        with pytest.raises(ValueError, match=r"container's own|plain relative name"):
            written({name: b""})
