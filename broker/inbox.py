"""Understands what arrives: parse, verify the signature, normalise, validate, in this order.

Only what was signed is read.

What cannot be accepted is a message in the log like any other, with its reason (promise 5).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json

from broker import attachments
from broker.canonical import document as documents
from broker.canonical.plan import Node
from broker.canonical.schemas import Schemas
from broker.clock import Clock, NewId
from broker.config.hub import Client
from broker.errors import HubError, Invalid, NotNow
from broker.log.refusals import recorded
from broker.model import Message, Problem
from broker.store.engine import Store, Tx
from broker.store.errors import StoreUnavailable
from signing.errors import SigningError, XmlRefused
from signing.trust import Trust
from signing.xml import canonicalize
from signing.xmlsig.xades import verify_document

_MOST_PEOPLE = 50  # nobody fills the index with one message that is refused
_UNSIGNED = Problem(
    "Signature",
    "Thông điệp phải được ký số bởi đơn vị gửi.",
    "The message must be signed by the sender: an enveloped XML signature as last child.",
)


@dataclasses.dataclass(frozen=True)
class Request:
    """A request document that was understood: who sent it, under which id, and what is in it."""

    client: Client
    name: str
    document: bytes
    root: Node
    digest: str
    signer: str | None

    @property
    def message_id(self) -> str:
        """The sender's own id of the message."""
        return self.text("MessageId") or ""

    def text(self, path: str) -> str | None:
        """The text at ``path``, None if absent."""
        return documents.text_at(self.root, path)


class Answered(Exception):
    """The message was answered before: the transaction is given up and the first answer repeated."""

    def __init__(self, answer: bytes) -> None:
        """``answer`` is the first one, as it was sent."""
        super().__init__("answered before")
        self.answer = answer


class Inbox:
    """Reads request documents, and keeps them with their answers."""

    def __init__(self, store: Store, schemas: Schemas, trust: Trust, clock: Clock, new_id: NewId) -> None:
        """``trust`` holds the clients' certificates under their ids."""
        self._store = store
        self._schemas = schemas
        self._trust = trust
        self._clock = clock
        self._new_id = new_id

    def understand(self, client: Client, name: str, document: bytes) -> Request:
        """The request in ``document``, whose root must be ``name``. Raises `Invalid` with every problem."""
        try:
            root = documents.read(document)
        except XmlRefused as error:
            raise Invalid(self._schemas.validate(document, name)) from error
        root, signer = self._verified(client, root)
        documents.normalize(root)
        problems = self._schemas.validate(root, name, received=self._clock())
        if problems:
            raise Invalid(problems)
        return Request(client, name, document, root, hashlib.sha256(canonicalize(root)).hexdigest(), signer)

    def keep(self, tx: Tx, request: Request, dossier: str | None, answer: bytes) -> Message:
        """Log request and answer and remember the answer, once per message id. Raises `Answered`, Conflict."""
        previous = tx.intake.claim(request.client.id, request.message_id, request.digest)
        if previous is not None:
            raise Answered(previous)
        incoming = dataclasses.replace(
            self._message(request.client.id, request.name, request.document, "in", "request", dossier),
            signer=request.signer,
            officer=request.text("Actor/OfficerId"),
        )
        tx.messages.add(incoming)
        tx.people.note(incoming.id, documents.personal_numbers(request.root))
        outgoing = self._message(request.client.id, request.name, answer, "out", "answer", dossier)
        tx.messages.add(dataclasses.replace(outgoing, related_id=incoming.id))
        if dossier is not None:
            tx.blobs.use(dossier, attachments.named(request.root))
        tx.intake.answer(request.client.id, request.message_id, answer)
        return incoming

    async def keep_looked(self, client: str, name: str, document: bytes, answer: bytes) -> None:
        """Log that a client asked how a dossier stands, and what it was told. Raises `NotNow` if it cannot be."""
        dossier = documents.text_at(documents.read(answer), "DossierCode")
        asked = self._message(client, name, document, "in", "request", dossier)
        told = self._message(client, name, answer, "out", "answer", dossier)

        def keep(tx: Tx) -> None:
            tx.messages.add(asked)
            tx.messages.add(dataclasses.replace(told, related_id=asked.id))

        try:
            await self._store.write(keep)
        except StoreUnavailable as away:
            raise NotNow from away

    def handed_over(self, client: str, sha256: str, size: int, media_type: str) -> Message:
        """The entry of a file: its name is its hash, its bytes are kept apart."""
        said = {"sha256": sha256, "size": size, "media_type": media_type}
        message = self._message(client, "attachment", json.dumps(said).encode(), "in", "request", None)
        return dataclasses.replace(message, content_type="application/json")

    async def first_answer(self, request: Request) -> bytes | None:
        """The answer that this message got before, None if it is new. Raises Conflict for another content."""
        client, message_id = request.client.id, request.message_id
        return await self._store.aread(lambda tx: tx.intake.first_answer(client, message_id, request.digest))

    async def keep_refused(
        self,
        client: str,
        name: str,
        document: bytes,
        error: HubError,
        media_type: str = "application/xml",
    ) -> None:
        """Log what was not accepted, and why. Raises `NotNow` if even that cannot be stored."""
        message = dataclasses.replace(
            self._message(client, name, document, "in", "refused", None),
            outcome=error.reason,
            content_type=media_type,
        )
        numbers = sorted(documents.personal_numbers(document))[:_MOST_PEOPLE]

        def keep(tx: Tx) -> None:
            tx.messages.add(message)
            tx.people.note(message.id, numbers)

        try:
            await self._store.write(keep)
        except StoreUnavailable as away:
            raise NotNow from away
        recorded()

    def _verified(self, client: Client, root: Node) -> tuple[Node, str | None]:
        if root.find(documents.DS_SIGNATURE) is None:
            if client.signature == "required":
                raise Invalid([_UNSIGNED])
            return root, None
        try:
            verified = verify_document(root, self._trust, self._clock())
        except SigningError as error:
            en = f"The signature is not valid: {error}"
            raise Invalid([Problem("Signature", "Chữ ký số không hợp lệ.", en)]) from error
        if verified.partner != client.id:
            en = "The signature is another partner's, not the sender's."
            raise Invalid([Problem("Signature", "Chữ ký số không phải của đơn vị gửi.", en)])
        return verified.element, verified.certificate.subject.rfc4514_string()

    def _message(
        self, client: str, operation: str, body: bytes, direction: str, kind: str, dossier: str | None
    ) -> Message:
        return Message(
            id=self._new_id(),
            at=self._clock(),
            direction=direction,
            kind=kind,
            agency=client,
            operation=operation,
            body=body,
            dossier=dossier,
        )
