"""Evidence that anyone can verify without us: about a message, an exchange, or a whole dossier.

Whoever asks is noted, with the purpose, in the log itself before anything is handed out. Without the right to bodies
the file holds the entries with the hashes of their bodies: it proves what happened when, and tells nothing of citizens.
"""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from broker.clock import Clock
from broker.config.base import Words
from broker.evidence.containers import STATEMENT, Containers, cosigned, head_files, statement
from broker.evidence.explaining import StampTold, Story, Told, page
from broker.log.logbook import Logbook
from broker.store.engine import Store, Tx
from broker.store.erasure import ERASURE
from broker.store.errors import Missing
from broker.store.leaf import body_hash
from broker.store.proofs import SignedHead, StoredToken
from broker.store.rows import Act
from signing.errors import ProofInvalid, SignatureInvalid
from signing.log import merkle
from signing.log.note import Checkpoint, NoteVerifier, open_checkpoint
from signing.log.proof import Proof
from signing.verifier.entries import Entry
from signing.xmlsig.xades_opened import Level

ACT = "evidence"
"""The act that notes a request for evidence."""
MOST_ENTRIES = 8_000  # with three files each, the signature stays below what is read of a document of XML
MOST_BYTES = 256 * 1024 * 1024


class TooMuch(Exception):
    """The evidence would be larger than what is made at once: ask for less, or for an archive."""


class NotAsSigned(Exception):
    """An entry is not what was signed: the log was changed, and no evidence is made of it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """Who wants evidence and what for; ``bodies``: with the messages' bytes, which is a right of its own."""

    who: str
    purpose: str
    bodies: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """What evidence is about; ``indexes`` are its entries."""

    kind: str
    name: str
    indexes: Sequence[int]
    service: Words | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class _Piece:
    """One entry with its proof; ``withheld``: its body is there and is not handed out."""

    entry: Entry
    leaf: Mapping[str, Any]
    path: tuple[bytes, ...]
    withheld: bool

    @property
    def body(self) -> str | None:
        """The file of its body, None if it is not handed out."""
        if self.withheld or self.entry.body is None:
            return None
        kind = str(self.leaf["content_type"])
        suffix = "xml" if "xml" in kind else "json" if "json" in kind else "bin"
        return f"bodies/{self.entry.index}.{suffix}"


class Evidence:
    """Makes evidence files."""

    def __init__(
        self,
        store: Store,
        logbook: Logbook,
        containers: Containers,
        verifier: NoteVerifier,
        clock: Clock,
        *,
        names: Mapping[str, Words],
        services: Mapping[str, Words],
        witnesses: Sequence[str] = (),
        stamp_head: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """``names``: agency → its name; ``services``: process → its name; ``witnesses``: their verifier keys.

        ``stamp_head`` asks for a time-stamp on the newest head, for evidence that cannot wait for the next round.
        """
        self._store = store
        self._logbook = logbook
        self._containers = containers
        self._verifier = verifier
        self._clock = clock
        self._names = names
        self._services = services
        self._witnesses = tuple(witnesses)
        self._stamp_head = stamp_head

    async def message(self, message_id: str, asked: Asked) -> bytes:
        """Evidence about one message. Raises Missing."""
        index = await self._store.aread(lambda tx: tx.log.index_of(message_id))
        return await self._make(Subject("message", message_id, [index]), asked)

    async def exchange(self, message_id: str, asked: Asked) -> bytes:
        """Evidence about a request with all attempts and answers, by the id of any message of it. Raises Missing."""
        indexes = await self._store.aread(lambda tx: tx.proofs.exchange(message_id))
        return await self._make(Subject("exchange", message_id, indexes), asked)

    async def dossier(self, code: str, asked: Asked) -> bytes:
        """Evidence about all messages of a dossier, by any of its codes. Raises Missing, TooMuch."""
        return await self._make(await self._store.aread(lambda tx: self._dossier(tx, code)), asked)

    def _dossier(self, tx: Tx, code: str) -> Subject:
        found = tx.dossiers.by_code(code)
        if found is None:
            raise Missing(f"no dossier {code}")
        indexes = [row.index for row in tx.messages.of_dossier(found.code)]
        return Subject("dossier", found.code, indexes, self._services.get(found.process))

    async def _make(self, subject: Subject, asked: Asked) -> bytes:
        subject = await self._store.aread(lambda tx: _with_erasures(tx, subject))
        head = await self._head(subject)
        pieces = await self._store.aread(lambda tx: self._gather(tx, subject, head, asked))
        made = self._clock()
        act = Act(made, asked.who, ACT, f"{subject.kind} {subject.name}", asked.purpose)
        await self._store.write(lambda tx: tx.acts.add(act))
        checkpoint = self._opened(head)
        files = _entry_files(pieces, cosigned(head)) | head_files(
            head, [self._verifier.vkey, *self._witnesses]
        )
        files[STATEMENT] = _statement(subject, made, head, checkpoint, pieces)
        story = self._story(subject, asked, head, checkpoint, pieces)

        def explain(level: Level) -> bytes:
            return page(dataclasses.replace(story, made=made, level=level))

        out = io.BytesIO()
        await self._containers.write(files, explain, out)
        return out.getvalue()

    async def _head(self, subject: Subject) -> SignedHead:
        """The head that covers the subject best; one is signed, and stamped, for an entry that is newer than any."""
        last = max(subject.indexes)
        head = await self._store.aread(lambda tx: tx.proofs.covering(last))
        if head is None:
            await self._logbook.checkpoint()
        if (head is None or head.token is None) and self._stamp_head is not None:
            await self._stamp_head()
        head = await self._store.aread(lambda tx: tx.proofs.covering(last))
        if head is None:
            raise Missing(f"no signed head covers entry {last}, and this process has no key to sign one")
        return head

    def _opened(self, head: SignedHead) -> Checkpoint:
        """What the head says. Raises NotAsSigned."""
        try:
            return open_checkpoint(head.note, self._verifier)
        except SignatureInvalid as error:
            raise NotAsSigned(
                f"the head of {head.size} entries is not as it was signed: {error.reason}"
            ) from error

    def _gather(self, tx: Tx, subject: Subject, head: SignedHead, asked: Asked) -> list[_Piece]:
        """All entries with their proofs. Raises NotAsSigned, TooMuch."""
        root = self._opened(head).root
        pieces, total = [], 0
        for index in subject.indexes:
            entry, path = _proven(tx, index, head.size, root)
            leaf = json.loads(entry.leaf)
            # What an erasure says are numbers of entries, and without them nobody can tell who erased a body.
            withheld = entry.body is not None and not asked.bodies and leaf["kind"] != ERASURE
            total += 0 if withheld else len(entry.body or b"")
            if total > MOST_BYTES:
                raise TooMuch(f"more than {MOST_BYTES:,} bytes of bodies; they are not put into one file")
            if withheld:
                entry = dataclasses.replace(entry, body=b"")
            pieces.append(_Piece(entry, leaf, path, withheld))
        return pieces

    def _story(
        self,
        subject: Subject,
        asked: Asked,
        head: SignedHead,
        checkpoint: Checkpoint,
        pieces: Sequence[_Piece],
    ) -> Story:
        indexes = {str(piece.leaf["id"]): piece.entry.index for piece in pieces}
        return Story(
            kind=subject.kind,
            subject=subject.name,
            made=self._clock(),
            origin=checkpoint.origin,
            size=checkpoint.size,
            root=checkpoint.root,
            signer=self._containers.signed_by,
            level="B-B",
            stamp=told_of(head.token),
            witnesses=witness_names(head),
            service=subject.service,
            asked=asked.who,
            purpose=asked.purpose,
            entries=[self._told(piece, indexes) for piece in pieces],
        )

    def _told(self, piece: _Piece, indexes: Mapping[str, int]) -> Told:
        leaf, agency = piece.leaf, str(piece.leaf["agency"])
        content = "withheld" if piece.withheld else "erased" if piece.body is None else "included"
        return Told(
            index=piece.entry.index,
            at=datetime.fromisoformat(leaf["at"]),
            direction=leaf["direction"],
            kind=leaf["kind"],
            agency=self._names.get(agency) or Words(vi=agency, en=agency),
            operation=leaf["operation"],
            outcome=leaf["outcome"],
            content="empty" if leaf["size"] == 0 else content,
            file=piece.body,
            answers=indexes.get(leaf["related"]) if leaf["related"] else None,
            signer=leaf["signer"],
            officer=leaf["officer"],
            purpose=leaf["purpose"],
            body_sha256=leaf["body_sha256"],
        )


def told_of(token: StoredToken | None) -> StampTold | None:
    """A time-stamp as the page tells it."""
    return StampTold(token.authority, token.independent, token.at) if token else None


def witness_names(head: SignedHead) -> list[str]:
    """Who co-signed the head: the first word of each line behind its dash."""
    return [line.split(" ")[1] for line in head.cosignatures]


def _with_erasures(tx: Tx, subject: Subject) -> Subject:
    """The subject with the entries that say what was erased of it. Raises Missing, TooMuch."""
    if not subject.indexes:
        raise Missing(f"the log has nothing of {subject.kind} {subject.name}")
    if len(subject.indexes) > MOST_ENTRIES:
        raise TooMuch(f"{len(subject.indexes):,} entries; at most {MOST_ENTRIES:,} are put into one file")
    indexes = sorted({*subject.indexes, *tx.proofs.erasures(subject.indexes)})
    return dataclasses.replace(subject, indexes=indexes)


def _proven(tx: Tx, index: int, size: int, root: bytes) -> tuple[Entry, tuple[bytes, ...]]:
    """An entry with its proof: nothing is handed out that would not verify. Raises NotAsSigned."""
    try:
        entry = next(tx.log.entries(index, index + 1), None)
        if entry is None:
            raise ProofInvalid("the entry is gone")
        path = tuple(tx.log.inclusion(index, size))
        merkle.verify_inclusion(merkle.leaf_hash(entry.leaf), index, size, path, root)
        if entry.body is not None and json.loads(entry.leaf)["body_sha256"] != _hash(entry):
            raise ProofInvalid("the body is another")
    except ProofInvalid as error:
        text = f"entry {index} is not as it was signed ({error.reason}); `lienthong log verify` says more"
        raise NotAsSigned(text) from error
    return entry, path


def _hash(entry: Entry) -> str:
    return body_hash(entry.salt or b"", entry.body or b"")


def _entry_files(pieces: Sequence[_Piece], note: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for piece in pieces:
        index = piece.entry.index
        files[f"entries/{index}.json"] = piece.entry.leaf
        files[f"entries/{index}.proof"] = Proof(index, piece.path, note).text.encode()
        if piece.body is not None:
            files[piece.body] = piece.entry.body or b""
    return files


def _statement(
    subject: Subject, made: datetime, head: SignedHead, checkpoint: Checkpoint, pieces: Sequence[_Piece]
) -> bytes:
    entries = [
        {
            "index": piece.entry.index,
            "salt": piece.entry.salt.hex() if piece.body is not None and piece.entry.salt else None,
            "body": piece.body,
            "media_type": str(piece.leaf["content_type"]),
        }
        for piece in pieces
    ]
    return statement(subject.kind, subject.name, made, head, checkpoint, entries=entries)
