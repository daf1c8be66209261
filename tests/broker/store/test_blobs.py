"""Attachments are what their hash says, whole or not there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.store.blobs import BlobFolder
from broker.store.engine import Store
from broker.store.errors import BlobRefused, Missing, StoreUnavailable
from tests.vaults import OLD, vault

DATA = b"giay chung sinh" * 1000
SHA = hashlib.sha256(DATA).hexdigest()


def files(folder: Path) -> list[Path]:
    """Everything that is a file below the folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def test_bytes_come_back(tmp_path: Path) -> None:
    """Stored in pieces, read whole; storing again changes nothing."""
    folder = BlobFolder(tmp_path, vault())
    assert SHA not in folder
    for _ in range(2):
        assert folder.put([DATA[:7], DATA[7:]], SHA) == len(DATA)
    assert SHA in folder
    assert folder.read(SHA) == DATA
    assert files(tmp_path) == [folder.path(SHA)]


def test_other_bytes_are_refused(tmp_path: Path) -> None:
    """Content with another hash leaves nothing behind."""
    folder = BlobFolder(tmp_path, vault())
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
        BlobFolder(tmp_path, vault()).put(broken(), SHA)
    assert files(tmp_path) == []


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    """Bytes that were changed on disk are not given out."""
    folder = BlobFolder(tmp_path, vault())
    folder.put([DATA], SHA)
    folder.path(SHA).write_bytes(b"changed")
    with pytest.raises(BlobRefused, match="changed"):
        folder.read(SHA)


@pytest.mark.parametrize("name", ["../../etc/passwd", SHA.upper(), SHA[:-1], ""])
def test_only_hashes_are_names(tmp_path: Path, name: str) -> None:
    """What is not a hash cannot lead to a file."""
    with pytest.raises(BlobRefused):
        BlobFolder(tmp_path, vault()).read(name)


def test_a_missing_attachment(tmp_path: Path) -> None:
    """Unknown hashes are an error."""
    with pytest.raises(Missing):
        BlobFolder(tmp_path, vault()).read(SHA)


def test_a_missing_folder_is_not_created(tmp_path: Path) -> None:
    """A wrong path is noticed at the first attachment."""
    with pytest.raises(StoreUnavailable):
        BlobFolder(tmp_path / "wrong", vault()).put([DATA], SHA)


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


def test_the_disk_holds_no_plain_bytes(tmp_path: Path) -> None:
    """Whoever copies the folder learns nothing of the attachment but its hash and size."""
    folder = BlobFolder(tmp_path, vault())
    folder.put([DATA], SHA)
    assert b"giay chung sinh" not in folder.path(SHA).read_bytes()
    assert folder.sealed_by(SHA) == OLD.id


def test_a_plain_file_from_before_is_read(tmp_path: Path) -> None:
    """A file that was stored before there were data keys is still an attachment, and known to be plain."""
    folder = BlobFolder(tmp_path, vault())
    folder.path(SHA).parent.mkdir()
    folder.path(SHA).write_bytes(DATA)
    assert folder.read(SHA) == DATA
    assert folder.sealed_by(SHA) is None
    assert list(folder.names()) == [SHA]


def test_files_cannot_be_swapped(tmp_path: Path) -> None:
    """One attachment's file under another's name is refused."""
    folder, other = BlobFolder(tmp_path, vault()), hashlib.sha256(b"other").hexdigest()
    folder.put([DATA], SHA)
    folder.put([b"other"], other)
    folder.path(SHA).write_bytes(folder.path(other).read_bytes())
    with pytest.raises(BlobRefused, match="changed"):
        folder.read(SHA)


def test_an_erased_file_is_gone(tmp_path: Path) -> None:
    """Erasing removes the file; erasing again does nothing."""
    folder = BlobFolder(tmp_path, vault())
    folder.put([DATA], SHA)
    folder.erase(SHA)
    folder.erase(SHA)
    assert SHA not in folder
    with pytest.raises(Missing):
        folder.sealed_by(SHA)
