"""Attachments are what their hash says, whole or not there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.store.blobs import BlobFolder
from broker.store.engine import Store
from broker.store.errors import BlobRefused, Missing, StoreUnavailable

DATA = b"giay chung sinh" * 1000
SHA = hashlib.sha256(DATA).hexdigest()


def files(folder: Path) -> list[Path]:
    """Everything that is a file below the folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def test_bytes_come_back(tmp_path: Path) -> None:
    """Stored in pieces, read whole; storing again changes nothing."""
    folder = BlobFolder(tmp_path)
    assert SHA not in folder
    for _ in range(2):
        assert folder.put([DATA[:7], DATA[7:]], SHA) == len(DATA)
    assert SHA in folder
    assert folder.read(SHA) == DATA
    assert files(tmp_path) == [folder.path(SHA)]


def test_other_bytes_are_refused(tmp_path: Path) -> None:
    """Content with another hash leaves nothing behind."""
    folder = BlobFolder(tmp_path)
    with pytest.raises(BlobRefused):
        folder.put([b"other"], SHA)
    assert SHA not in folder
    assert files(tmp_path) == []


def test_an_upload_that_breaks_off(tmp_path: Path) -> None:
    """If the bytes stop coming nothing is left behind, and the error is the sender's."""

    def broken() -> Iterator[bytes]:
        yield DATA[:7]
        raise ConnectionResetError

    with pytest.raises(StoreUnavailable):
        BlobFolder(tmp_path).put(broken(), SHA)
    assert files(tmp_path) == []


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    """Bytes that were changed on disk are not given out."""
    folder = BlobFolder(tmp_path)
    folder.put([DATA], SHA)
    folder.path(SHA).write_bytes(b"changed")
    with pytest.raises(BlobRefused, match="changed"):
        folder.read(SHA)


@pytest.mark.parametrize("name", ["../../etc/passwd", SHA.upper(), SHA[:-1], ""])
def test_only_hashes_are_names(tmp_path: Path, name: str) -> None:
    """What is not a hash cannot lead to a file."""
    with pytest.raises(BlobRefused):
        BlobFolder(tmp_path).read(name)


def test_a_missing_attachment(tmp_path: Path) -> None:
    """Unknown hashes are an error."""
    with pytest.raises(Missing):
        BlobFolder(tmp_path).read(SHA)


def test_a_missing_folder_is_not_created(tmp_path: Path) -> None:
    """A wrong path is noticed at the first attachment."""
    with pytest.raises(StoreUnavailable):
        BlobFolder(tmp_path / "wrong").put([DATA], SHA)


def test_what_is_known_of_an_attachment(store: Store) -> None:
    """Size and first media type are kept; another size is refused."""
    store.write_sync(lambda tx: tx.blobs.add(SHA, 5, "image/png"))
    store.write_sync(lambda tx: tx.blobs.add(SHA, 5, "application/pdf"))
    known = store.read(lambda tx: tx.blobs.get(SHA))
    assert (known.size, known.media_type) == (5, "image/png")
    with pytest.raises(BlobRefused):
        store.write_sync(lambda tx: tx.blobs.add(SHA, 6, "image/png"))
    assert store.read(lambda tx: tx.blobs.find("0" * 64)) is None
    with pytest.raises(Missing):
        store.read(lambda tx: tx.blobs.get("0" * 64))
