"""Attachments: bytes on disk under their SHA-256, what is known of them in the database.

A file is complete or absent: it is written aside, synced, renamed, and its folder is synced. Losing the
folder loses the attachments; the database still knows which. The bytes on disk are sealed for their name; a file from
before there were data keys is plain, and told apart by its hash.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, select, update

from broker.store.errors import BlobRefused, Missing, StoreUnavailable
from broker.store.rows import Blob
from broker.store.schema import blob_uses, blobs
from broker.store.sql import Repository, between
from signing.errors import SealBroken
from signing.vault import OVERHEAD, Vault, key_of

_HEX = frozenset("0123456789abcdef")


class Blobs(Repository):
    """Which attachments there are. A row is added after its file is on disk."""

    __slots__ = ()

    def add(self, sha256: str, size: int, media_type: str) -> None:
        """Note an attachment that was handed over now.

        One that is known keeps its first media type. Raises BlobRefused on another size.
        """
        row = {"sha256": sha256, "size": size, "media_type": media_type, "at": self._tx.clock()}
        if self._tx.insert_new(blobs, **row):
            return
        if self.get(sha256).size != size:
            raise BlobRefused(f"attachment {sha256} has another size")
        self._conn.execute(update(blobs).where(blobs.c.sha256 == sha256), {"at": row["at"]})

    def use(self, dossier: str, hashes: Iterable[str]) -> None:
        """Note that the dossier of that code names these attachments: they stay as long as it does."""
        for sha256 in hashes:
            self._tx.insert_new(blob_uses, sha256=sha256, dossier=dossier)

    def used_by(self, dossier: str) -> Sequence[str]:
        """The attachments that the dossier of that code names."""
        query = select(blob_uses.c.sha256).where(blob_uses.c.dossier == dossier).order_by("sha256")
        return self._conn.execute(query).scalars().all()

    def unused(
        self, before: datetime | None, limit: int, *, among: Collection[str] | None = None
    ) -> Sequence[str]:
        """Attachments that no dossier names, and if ``before`` is set, last handed over before that time."""
        used = select(blob_uses.c.sha256).where(blob_uses.c.sha256 == blobs.c.sha256).exists()
        query = (
            select(blobs.c.sha256)
            .where(*between(blobs.c.at, None, before), ~used)
            .order_by(blobs.c.at)
            .limit(limit)
        )
        if among is not None:
            query = query.where(blobs.c.sha256.in_(among))
        return self._conn.execute(query).scalars().all()

    def forget(self, sha256: str) -> None:
        """Remove what is known of an attachment."""
        self._conn.execute(delete(blobs).where(blobs.c.sha256 == sha256))

    def get(self, sha256: str) -> Blob:
        """What is known of the attachment. Raises Missing."""
        found = self.find(sha256)
        if found is None:
            raise Missing(f"no attachment {sha256}")
        return found

    def find(self, sha256: str) -> Blob | None:
        """What is known of the attachment, None if nothing."""
        row = self._conn.execute(select(blobs).where(blobs.c.sha256 == sha256)).one_or_none()
        return None if row is None else Blob(row.sha256, row.size, row.media_type)


class BlobFolder:
    """A folder of files named by their hash. Safe for several processes: they would write the same bytes."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        """``folder`` must exist: it is created with the project, so that a wrong path is noticed."""
        self._folder = folder
        self._vault = vault

    def path(self, sha256: str) -> Path:
        """Where the file of that hash is or would be.

        Raises BlobRefused if it is not a hash in lower-case hex.
        """
        if len(sha256) != 64 or not _HEX.issuperset(sha256):
            raise BlobRefused("an attachment is named by its SHA-256 in 64 lower-case hexadecimal digits")
        return self._folder / sha256[:2] / sha256

    def __contains__(self, sha256: str) -> bool:
        """Whether the bytes are here."""
        return self.path(sha256).is_file()

    def put(self, chunks: Iterable[bytes], sha256: str) -> int:
        """Store the bytes durably under their hash and say how many they are.

        Raises BlobRefused if they have another hash, StoreUnavailable if the disk refuses them; nothing stays
        then.
        """
        target = self.path(sha256)
        try:
            data = b"".join(chunks)
            if (digest := hashlib.sha256(data).hexdigest()) != sha256:
                raise BlobRefused(f"the content has SHA-256 {digest}, not {sha256}")
            target.parent.mkdir(exist_ok=True)
            _write(target, self._vault.seal(data, _place(sha256)))
        except OSError as error:
            raise StoreUnavailable(f"cannot store an attachment in {target.parent}: {error}") from error
        return len(data)

    def read(self, sha256: str) -> bytes:
        """The bytes, checked against their hash.

        Raises Missing, BlobRefused if the file was changed, KeyProblem if its data key is not there.
        """
        try:
            data = self.path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise Missing(f"no attachment {sha256}") from error
        if _is(data, sha256):
            return data
        try:
            opened = self._vault.open(data, _place(sha256))
        except SealBroken as error:
            raise BlobRefused(f"the file of attachment {sha256} was changed on disk") from error
        if not _is(opened, sha256):
            raise BlobRefused(f"the file of attachment {sha256} holds another attachment")
        return opened

    def sealed_by(self, sha256: str) -> str | None:
        """Id of the data key that sealed the file, None if it is plain. Raises Missing.

        Its beginning tells, unless it names no key that there is: then it is plain, or its key is lost.
        """
        try:
            with self.path(sha256).open("rb") as file:
                key_id = key_of(file.read(OVERHEAD))
                if (
                    key_id is not None
                    and key_id not in self._vault.ids
                    and _is(self.path(sha256).read_bytes(), sha256)
                ):
                    return None
        except FileNotFoundError as error:
            raise Missing(f"no attachment {sha256}") from error
        return key_id

    def names(self) -> Iterator[str]:
        """The hashes of all files, in order."""
        for path in sorted(self._folder.glob("[0-9a-f][0-9a-f]/*")):
            if len(path.name) == 64 and _HEX.issuperset(path.name):
                yield path.name

    def erase(self, sha256: str) -> None:
        """Remove the file, if it is there. Raises StoreUnavailable if the disk refuses."""
        target = self.path(sha256)
        try:
            target.unlink(missing_ok=True)
            if target.parent.is_dir():
                _sync_folder(target.parent)
        except OSError as error:
            raise StoreUnavailable(f"cannot erase an attachment in {target.parent}: {error}") from error


def _place(sha256: str) -> str:
    return f"blobs/{sha256}"


def _is(data: bytes, sha256: str) -> bool:
    return hashlib.sha256(data).hexdigest() == sha256


def _write(target: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    aside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(target)
    finally:
        aside.unlink(missing_ok=True)
    _sync_folder(target.parent)
    _sync_folder(target.parent.parent)


def _sync_folder(folder: Path) -> None:
    """Make names durable, not only contents."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
