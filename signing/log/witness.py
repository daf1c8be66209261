"""A witness: remembers the last head that it saw of each log, and co-signs a new one only if it continues that.

What it remembers is its whole worth. A head is on disk before its co-signature is given, so that no crash makes the
witness sign two histories; and one process at a time holds the memory.

Standards: C2SP tlog-witness v1 (https://c2sp.org/tlog-witness), tlog-cosignature v1, RFC 6962 §2.1.2.
"""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from signing.errors import KeyProblem, ProofInvalid, SignatureInvalid
from signing.log import merkle, proof
from signing.log.cosignature import CosignatureSigner
from signing.log.note import Checkpoint, NoteVerifier, open_note, split_note

REQUEST_LIMIT = 16 * 1024
"""Bytes of the largest request that is read."""
SIZE_TYPE = "text/x.tlog.size"
"""Media type of the size in a conflict."""

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_LOCK = "lock"


class WitnessRefusal(Exception):
    """The witness does not co-sign. ``status`` is the answer's in HTTP, ``known`` the size it remembers if that is
    why."""

    def __init__(self, status: int, reason: str, known: int | None = None) -> None:
        """``reason`` is for people."""
        super().__init__(reason)
        self.status = status
        self.known = known


@dataclasses.dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request: the checkpoint ``note`` continues the log of ``old`` entries, as the hashes of ``path`` prove."""

    old: int
    path: tuple[bytes, ...]
    note: str

    @property
    def text(self) -> str:
        """The request's body."""
        return "\n".join([f"old {self.old}", *proof.lines(self.path), "", self.note])

    @classmethod
    def from_bytes(cls, body: bytes) -> AddCheckpoint:
        """Request from its body, nothing of it checked. Raises WitnessRefusal (400)."""
        if len(body) > REQUEST_LIMIT:
            raise WitnessRefusal(400, f"a request has at most {REQUEST_LIMIT} bytes")
        try:
            head, separator, note = body.decode().partition("\n\n")
            first, *path = head.split("\n")
            old = _OLD.fullmatch(first)
            if old is None or not separator:
                raise WitnessRefusal(400, "this is not a request to add a checkpoint")
            return cls(int(old[1]), tuple(proof.hashes(path)), note)
        except (UnicodeDecodeError, ProofInvalid) as error:
            raise WitnessRefusal(400, f"the request cannot be read: {error}") from error


class Memory:
    """The last head of every log, each a signed checkpoint in a file of its own."""

    def __init__(self, folder: Path) -> None:
        """Takes ``folder`` for this process, and makes it if it is new. Raises KeyProblem if another has it."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._lock = (folder / _LOCK).open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise KeyProblem(f"another process is the witness that remembers in {folder}") from error

    def close(self) -> None:
        """Let another process have the folder."""
        self._lock.close()

    def last(self, origin: str) -> str | None:
        """The note that was remembered last for the log, None for one that is new. Raises KeyProblem."""
        try:
            return self._file(origin).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise KeyProblem(f"the memory of {origin} cannot be read: {error}") from error

    def keep(self, origin: str, note: str) -> None:
        """Remember this one instead. On disk when it returns, whole or not at all. Raises KeyProblem."""
        file = self._file(origin)
        new = file.with_suffix(".new")
        try:
            with new.open("w", encoding="utf-8") as written:
                written.write(note)
                written.flush()
                os.fsync(written.fileno())
            new.replace(file)
            _sync(self._folder)
        except OSError as error:
            raise KeyProblem(f"the memory of {origin} cannot be written: {error}") from error

    def _file(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.note"


class Witness:
    """One witness over its key and memory. Safe to share between threads."""

    def __init__(
        self,
        signer: CosignatureSigner,
        logs: Mapping[str, Sequence[NoteVerifier]],
        memory: Memory,
        clock: Callable[[], datetime],
    ) -> None:
        """``logs``: origin → the keys that may sign its checkpoints; the witness has no word about others."""
        self._signer = signer
        self._logs = logs
        self._memory = memory
        self._clock = clock
        self._one_at_a_time = threading.Lock()

    def add_checkpoint(self, body: bytes) -> str:
        """The co-signature line for the checkpoint in the request. Raises WitnessRefusal, KeyProblem if the memory
        fails."""
        asked = AddCheckpoint.from_bytes(body)
        text, new = self._signed(asked.note)
        if asked.old > new.size:
            raise WitnessRefusal(400, f"a log of {new.size} entries does not continue one of {asked.old}")
        with self._one_at_a_time:
            self._continues(asked, new)
            self._memory.keep(new.origin, asked.note)
        return self._signer.cosignature_line(text, self._clock())

    def _signed(self, note: str) -> tuple[str, Checkpoint]:
        """The checkpoint, if its log is known and has signed it."""
        try:
            text = split_note(note)[0]
            checkpoint = Checkpoint.from_text(text)
        except SignatureInvalid as error:
            raise WitnessRefusal(400, error.reason) from error
        keys = self._logs.get(checkpoint.origin)
        if keys is None:
            raise WitnessRefusal(404, "this witness does not know the log")
        try:
            open_note(note, keys)
        except SignatureInvalid as error:
            raise WitnessRefusal(403, error.reason) from error
        return text, checkpoint

    def _continues(self, asked: AddCheckpoint, new: Checkpoint) -> None:
        remembered = self._memory.last(new.origin)
        last = Checkpoint(new.origin, 0, merkle.EMPTY_ROOT) if remembered is None else self._own(remembered)
        if asked.old != last.size:
            raise WitnessRefusal(409, f"the last head that was seen has {last.size} entries", last.size)
        try:
            merkle.verify_consistency(last.size, new.size, last.root, new.root, asked.path)
        except ProofInvalid as error:
            raise WitnessRefusal(422, error.reason) from error

    def _own(self, remembered: str) -> Checkpoint:
        """What was remembered; a damaged memory stops the witness, it does not begin anew."""
        try:
            return Checkpoint.from_text(split_note(remembered)[0])
        except SignatureInvalid as error:
            raise KeyProblem(f"the witness's memory is damaged: {error.reason}") from error


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
