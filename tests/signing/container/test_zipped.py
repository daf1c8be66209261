"""ZIP archives in the exact form; `tests/signing/container/test_asic.py` tries everything that is refused."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import pytest

from signing.container import zipped
from signing.errors import ContainerRefused

FILES = {
    "a": b"",
    "b/c.bin": random.Random(1).randbytes(200_000),
    "d.txt": b"".join(b"line %d\n" % at for at in range(20_000)),
}


def written(files: dict[str, bytes] | None = None) -> bytes:
    """An archive, text deflated."""
    out = io.BytesIO()
    archive = zipped.Writer(out)
    for name, content in (files or FILES).items():
        archive.add(name, content, compress=name.endswith(".txt"))
    archive.finish()
    return out.getvalue()


def read(data: bytes) -> dict[str, bytes]:
    """All files, after it was seen that nothing departs from the exact form."""
    archive = zipped.Reader(io.BytesIO(data))
    assert archive.problems == []
    return {name: archive.read(name, 1_000_000) for name in archive.members}


def test_what_was_written_is_read_here_and_elsewhere() -> None:
    """The archive is read back by ours and by Python's own."""
    data = written()
    assert read(data) == FILES
    assert len(data) < 300_000
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == FILES


def test_large_files_and_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes, offsets and counts beyond 32 and 16 bits stand in the fields of ZIP64, and others read them."""
    monkeypatch.setattr(zipped, "_LARGE", 1000)
    monkeypatch.setattr(zipped, "_MOST_16", 2)
    data = written()
    assert data.count(b"PK\x06\x06") == 1
    assert read(data) == FILES
    monkeypatch.undo()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == FILES


def test_a_far_offset_stands_in_the_wide_field() -> None:
    """A file behind four gigabytes is found where it is."""
    member = zipped.Member("a", zipped.STORED, 1, 2, 2, 5_000_000_000)
    at = len(b"x" * 46 + b"a") + 4
    assert member.central_header[at : at + 8] == (5_000_000_000).to_bytes(8, "little")
    assert zipped.end_records(1, 5_000_000_000, 60)[:4] == b"PK\x06\x06"


def test_a_file_that_grows_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive of something that changed meanwhile is not finished."""
    path = tmp_path / "growing"
    path.write_bytes(b"1234")
    monkeypatch.setattr(zipped, "_chunks_of", lambda _: iter([b"12345"]))
    with pytest.raises(ValueError, match="changed while"):
        zipped.Writer(io.BytesIO()).add("growing", path)


def test_a_name_is_there_once() -> None:
    """The same name is not written twice."""
    archive = zipped.Writer(io.BytesIO())
    archive.add("a", b"")
    with pytest.raises(ValueError, match="already"):
        archive.add("a", b"")


def test_damaged_bytes_are_never_the_end_of_the_story() -> None:
    """A file whose bytes are others than its checksum says raises behind the last piece, stored or deflated."""
    data = written()
    for name in ("b/c.bin", "d.txt"):
        member = zipped.Reader(io.BytesIO(data)).members[name]
        changed = bytearray(data)
        changed[member.offset + len(member.local_header) + member.compressed // 2] ^= 1
        with pytest.raises(ContainerRefused, match="damaged"):
            list(zipped.Reader(io.BytesIO(bytes(changed))).chunks(name))
