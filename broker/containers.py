"""Writes evidence files: whatever is in them, they are signed, time-stamped and provided for later in one way.

A time-stamping authority that is away, or revocation that cannot be had, lowers the level of the signature; the page in
the file then says so. Format: docs/evidence-format.md.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import structlog
from cryptography import x509
from lxml import etree

from broker.clock import Clock
from broker.store.proofs import SignedHead
from broker.store.types import utc_text
from signing import asic, cms, xades
from signing.algorithms import Content
from signing.cosignature import with_lines
from signing.errors import SigningError
from signing.keys import Signer
from signing.xades_opened import Level

log = structlog.get_logger(__name__)

CHECKPOINT, TOKEN, COSIGNED, KEYS = (
    "log/checkpoint.note",
    "log/checkpoint.tst",
    "log/cosigned.note",
    "log/log.vkey",
)
STATEMENT, PAGE = "evidence.json", "explanation.html"

Stamp = Callable[[bytes], Awaitable[bytes]]
"""A token (DER) over these bytes. Raises SigningError if no authority gives one."""
Files = Mapping[str, bytes | Path]


@dataclasses.dataclass(frozen=True, slots=True)
class Answers:
    """What issuers say of certificates: lists and responses (DER), and issuers' certificates that the path needs."""

    certificates: Sequence[x509.Certificate] = ()
    crls: Sequence[bytes] = ()
    ocsps: Sequence[bytes] = ()


class Revocation(Protocol):
    """Where answers about certificates come from."""

    async def answers(self, certificates: Sequence[x509.Certificate]) -> Answers:
        """What is known of each of them; what cannot be had is left out. Raises nothing for that."""


class Unanswered:
    """Nobody is asked about certificates."""

    async def answers(self, certificates: Sequence[x509.Certificate]) -> Answers:
        """Nothing."""
        return Answers()


class Containers:
    """Signs files and packs them."""

    def __init__(
        self,
        signer: Signer,
        clock: Clock,
        *,
        stamp: Stamp | None = None,
        revocation: Revocation | None = None,
    ) -> None:
        """``stamp`` asks the time-stamping authorities, ``revocation`` knows about certificates."""
        self._signer = signer
        self._clock = clock
        self._stamp = stamp
        self._revocation = revocation or Unanswered()

    @property
    def signed_by(self) -> str:
        """Who signs, for people."""
        return self._signer.certificate.subject.rfc4514_string()

    async def write(
        self, files: Files, page: Callable[[Level], bytes], out: BinaryIO, *, compressed: Collection[str] = ()
    ) -> Level:
        """Write ``files``, and the ``page`` that fits the level of the signature, to an empty stream; says the level.

        Files on disk are read in pieces, twice: once to be signed and once to be packed.
        """
        level: Level = "B-LT" if self._stamp else "B-B"
        while True:
            whole = {**files, PAGE: page(level)}
            signature = await asyncio.to_thread(self._sign, whole)
            reached = await self._raise(signature) if level != "B-B" else level
            if reached == level:
                break
            level = reached
        await asyncio.to_thread(asic.write, whole, signature, out, compressed=compressed)
        return level

    def _sign(self, files: Files) -> etree._Element:
        contents = {name: _content(files[name]) for name in sorted(files)}
        types = {name: asic.media_type(name) for name in files}
        return xades.sign_detached(contents, self._signer, at=self._clock(), media_types=types)

    async def _raise(self, signature: etree._Element) -> Level:
        """Add time-stamp and validation data as far as they can be had."""
        assert self._stamp is not None
        try:
            token = await self._stamp(xades.stamped_bytes(signature))
        except SigningError as error:
            log.warning("evidence without time-stamp", reason=error.reason)
            return "B-B"
        xades.add_timestamp(signature, token)
        chain = [*chain_of(self._signer), *cms.open_signed(token, "tst_info").certificates]
        answers = await self._revocation.answers(chain)
        others = dict.fromkeys([*chain, *answers.certificates])
        others.pop(self._signer.certificate, None)  # stands in the signature already
        complete = bool(answers.crls or answers.ocsps) or not any(_issued(one) for one in chain)
        if not complete:
            return "B-T"
        xades.add_validation_data(signature, list(others), answers.crls, answers.ocsps)
        return "B-LT"


def head_files(head: SignedHead, keys: Sequence[str]) -> dict[str, bytes]:
    """The files about the signed head that proves the entries. ``keys``: verifier keys of log and witnesses."""
    files = {
        CHECKPOINT: head.note.encode(),
        COSIGNED: cosigned(head).encode(),
        KEYS: "".join(f"{key}\n" for key in keys).encode(),
    }
    return files | ({TOKEN: head.token.token} if head.token else {})


def cosigned(head: SignedHead) -> str:
    """The note of the head with the witnesses' lines below the log's own."""
    return with_lines(head.note, [line.rstrip("\n") for line in head.cosignatures])


def statement(
    kind: str, subject: str, made: str, head: SignedHead, origin: str, root: str, **more: Any
) -> bytes:
    """``evidence.json``; ``more`` are the members of the kind."""
    token = head.token
    stamp = token and {
        "authority": token.authority,
        "independent": token.independent,
        "at": utc_text(token.at),
    }
    said = {
        "version": 1,
        "kind": kind,
        "subject": subject,
        "made": made,
        "origin": origin,
        "size": head.size,
        "root": root,
        **more,
        "timestamp": stamp,
    }
    return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


def chain_of(signer: Signer) -> Sequence[x509.Certificate]:
    """The signer's certificate and those of its issuers, as far as they are at hand."""
    chain: Sequence[x509.Certificate] = getattr(signer, "chain", (signer.certificate,))
    return chain


def _issued(certificate: x509.Certificate) -> bool:
    """Whether somebody else issued it, who could take it back."""
    return certificate.issuer != certificate.subject


def _content(content: bytes | Path) -> Content:
    if isinstance(content, bytes):
        return content
    return lambda: content.open("rb")
