"""Data keys, and what is sealed with them: personal data at rest, and tags by which a person is found again.

A folder holds one file ``<id>.data.key`` for each data key (mode 0600). What is sealed begins with the version, the id
of its key and a nonce, so that any key of the folder opens what it sealed; the newest seals. A value is bound to its
place (table, column, row): moved to another place it does not open. Losing a data key loses what was sealed with it.

Standards: AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces, HKDF-SHA256 (RFC 5869), HMAC-SHA256 (RFC 2104).
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from signing.errors import KeyProblem, SealBroken
from signing.keys import write_private

SUFFIX = ".data.key"
_VERSION = b"\x01"
_ID, _NONCE, _SECRET = 4, 12, 32
_HEAD = len(_VERSION) + _ID + _NONCE
OVERHEAD = _HEAD + 16
"""Bytes by which sealed data is longer than plain data."""
_CREATE = "create one with `lienthong keys data create`"

Kind = Literal["data", "search"]


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class DataKey:
    """One key. A ``search`` key is what is left of a retired one: it finds tags and opens nothing."""

    kind: Kind
    id: str
    created: datetime
    secret: bytes

    @classmethod
    def of(cls, secret: bytes, created: datetime) -> DataKey:
        """The key that has these 32 secret bytes; its id follows from them."""
        return cls(
            "data", hashlib.sha256(b"lienthong data key" + secret).digest()[:_ID].hex(), created, secret
        )

    @classmethod
    def parse(cls, line: str) -> DataKey:
        """A key from the text of its file. Raises ValueError."""
        kind, key_id, created, secret = line.strip().split("+", 3)
        at, raw = datetime.fromisoformat(created), base64.b64decode(secret, validate=True)
        if kind not in ("data", "search") or len(raw) != _SECRET or len(bytes.fromhex(key_id)) != _ID:
            raise ValueError("this is not a data key")
        key = cls("search" if kind == "search" else "data", key_id, at, raw)
        if key.kind == "data" and cls.of(raw, at).id != key_id:
            raise ValueError("the key is not the one whose id it bears")
        return key

    @property
    def line(self) -> str:
        """The text of its file."""
        created = self.created.isoformat().replace("+00:00", "Z")
        return "+".join((self.kind, self.id, created, base64.b64encode(self.secret).decode())) + "\n"

    def retired(self) -> DataKey:
        """What is kept of the key when nothing is sealed with it any more."""
        return dataclasses.replace(self, kind="search", secret=self.search)

    @property
    def search(self) -> bytes:
        """The secret of its tags."""
        return self.secret if self.kind == "search" else _derived(self.secret, b"lienthong search")


class _Cipher:
    """A key with what it costs to derive from it, made once."""

    def __init__(self, key: DataKey) -> None:
        self.id = key.id
        self.prefix = _VERSION + bytes.fromhex(key.id)
        self.search = key.search
        sealing = _derived(key.secret, b"lienthong seal") if key.kind == "data" else None
        self.aead = AESGCM(sealing) if sealing is not None else None


class Vault:
    """Seals and opens with the keys of a ring. Safe to use from many threads."""

    def __init__(
        self,
        keys: Sequence[DataKey],
        *,
        reread: Callable[[], Sequence[DataKey]] | None = None,
        nonce: Callable[[], bytes] = lambda: os.urandom(_NONCE),
    ) -> None:
        """``reread`` gives the keys that there are now; ``nonce`` 12 bytes that never repeat. Raises KeyProblem."""
        self._reread = reread
        self._nonce = nonce
        self._take(keys)

    @property
    def newest(self) -> str:
        """Id of the key that seals."""
        return self._sealing.id

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all keys, the newest first, retired ones included."""
        return tuple(self._ciphers)

    def refresh(self) -> None:
        """Read the ring again: another process may have added a key. Raises KeyProblem."""
        if self._reread is not None:
            self._take(self._reread())

    def seal(self, plain: bytes, place: str) -> bytes:
        """``plain``, sealed with the newest key for ``place`` alone."""
        cipher, nonce = self._sealing, self._nonce()
        assert cipher.aead is not None, "the newest key is never a retired one"
        return cipher.prefix + nonce + cipher.aead.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """What was sealed for ``place``.

        Raises KeyProblem if its key is not in the ring, SealBroken if the bytes or the place are others.
        """
        key_id = key_of(sealed)
        if key_id is None:
            raise SealBroken(f"{place} is not sealed data")
        cipher = self._known(key_id, place)
        if cipher.aead is None:
            raise KeyProblem(f"{place} is sealed with data key {key_id}, which was retired: restore its file")
        nonce, text = sealed[_HEAD - _NONCE : _HEAD], sealed[_HEAD:]
        try:
            return cipher.aead.decrypt(nonce, text, place.encode())
        except InvalidTag as error:
            raise SealBroken(
                f"{place} was changed or moved since it was sealed with data key {key_id}"
            ) from error

    def tag(self, value: str) -> bytes:
        """A keyed hash by which ``value`` is found again, and from which nobody without the key guesses it."""
        return _tag(self._sealing, value)

    def tags(self, value: str) -> tuple[bytes, ...]:
        """The tags of ``value`` under every key, the newest first."""
        return tuple(_tag(cipher, value) for cipher in self._ciphers.values())

    def _known(self, key_id: str, place: str) -> _Cipher:
        if key_id not in self._ciphers:
            self.refresh()
        if key_id not in self._ciphers:
            remedy = f"bring {key_id}{SUFFIX} back into the keys folder"
            raise KeyProblem(f"{place} is sealed with data key {key_id}, which is not there: {remedy}")
        return self._ciphers[key_id]

    def _take(self, keys: Sequence[DataKey]) -> None:
        ordered = sorted(keys, key=lambda key: (key.created, key.id), reverse=True)
        newest = next((key.id for key in ordered if key.kind == "data"), None)
        if newest is None:
            raise KeyProblem(f"there is no data key: {_CREATE}")
        self._ciphers = {key.id: _Cipher(key) for key in ordered}
        self._sealing = self._ciphers[newest]


def key_of(sealed: bytes) -> str | None:
    """Id of the key that sealed these bytes; None if they cannot be sealed data."""
    if len(sealed) < OVERHEAD or not sealed.startswith(_VERSION):
        return None
    return sealed[len(_VERSION) : len(_VERSION) + _ID].hex()


def create_data_key(
    folder: Path,
    *,
    clock: Callable[[], datetime],
    secret: Callable[[], bytes] = lambda: secrets.token_bytes(_SECRET),
) -> DataKey:
    """Add a key to the ring in ``folder``; from now on it seals, also where clocks differ. Raises KeyProblem."""
    after = [key.created + timedelta(microseconds=1) for key in list_data_keys(folder)]
    key = DataKey.of(secret(), max([clock(), *after]))
    folder.mkdir(parents=True, exist_ok=True)
    write_private(folder / f"{key.id}{SUFFIX}", key.line.encode())
    return key


def retire_data_key(folder: Path, key_id: str) -> None:
    """Keep of the key only what finds tags. Whoever calls this has made sure that nothing is sealed with it.

    Raises KeyProblem for a key that is not there, or that seals.
    """
    keys = {key.id: key for key in list_data_keys(folder)}
    if key_id not in keys:
        raise KeyProblem(f"there is no data key {key_id} in {folder}")
    if key_id == Vault(list(keys.values())).newest:
        raise KeyProblem(f"data key {key_id} is the one that seals: rotate first")
    aside = folder / f".{key_id}{SUFFIX}"
    aside.unlink(missing_ok=True)
    write_private(aside, keys[key_id].retired().line.encode())
    aside.replace(folder / f"{key_id}{SUFFIX}")


def list_data_keys(folder: Path) -> list[DataKey]:
    """The keys in ``folder``, oldest first; empty if it does not exist. Raises KeyProblem naming the file."""
    return sorted(map(_read, folder.glob(f"[0-9a-f]*{SUFFIX}")), key=lambda key: (key.created, key.id))


def load_vault(folder: Path) -> Vault:
    """The vault of the keys in ``folder``. Raises KeyProblem with the remedy."""
    keys = list_data_keys(folder)
    if not keys:
        raise KeyProblem(f"{folder} holds no data key: {_CREATE}")
    return Vault(keys, reread=lambda: list_data_keys(folder))


def _read(path: Path) -> DataKey:
    try:
        key = DataKey.parse(path.read_text(encoding="ascii"))
    except (OSError, ValueError, binascii.Error) as error:
        raise KeyProblem(f"{path} cannot be read as a data key: restore it from a backup") from error
    if path.name != f"{key.id}{SUFFIX}":
        raise KeyProblem(f"{path} holds data key {key.id}: rename it to {key.id}{SUFFIX}")
    return key


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=_SECRET, salt=None, info=purpose).derive(secret)


def _tag(cipher: _Cipher, value: str) -> bytes:
    return hmac.digest(cipher.search, value.encode(), "sha256")
