"""Writes evidence files: whatever is in them, they are signed, time-stamped and provided for later in one way.

A time-stamping authority that is away, or revocation that cannot be had, lowers the level of the signature; the page in
the file then says so. Format: docs/evidence-format.md.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import structlog
from cryptography import x509
from lxml import etree

from broker.clock import Clock
from broker.log.timestamping import Unstamped
from broker.store.proofs import SignedHead
from broker.store.types import utc_text
from signing.algorithms import Content
from signing.container import asic
from signing.keys import Signer
from signing.log.cosignature import with_lines
from signing.log.note import Checkpoint
from signing.stamps import cms
from signing.xmlsig import xades
from signing.xmlsig.xades_opened import Level

log = structlog.get_logger(__name__)

CHECKPOINT, TOKEN, COSIGNED, KEYS = (
    "log/checkpoint.note",
    "log/checkpoint.tst",
    "log/cosigned.note",
    "log/log.vkey",
)
STATEMENT, PAGE = "evidence.json", "explanation.html"

Stamp = Callable[[bytes], Awaitable[bytes]]
"""A verified token (DER) over these bytes. Raises `Unstamped` if no authority gives one."""
Files = Mapping[str, bytes | Path]


Material = Callable[[Sequence[x509.Certificate]], tuple[Sequence[bytes], Sequence[bytes]]]
"""Lists and responses (DER) about the certificates of a path, as far as they are at hand."""


class Containers:
    """Signs files and packs them."""

    def __init__(
        self,
        signer: Signer,
        clock: Clock,
        *,
        stamp: Stamp | None = None,
        material: Material = lambda _: ((), ()),
    ) -> None:
        """``stamp`` asks the time-stamping authorities, ``material`` knows what issuers say of certificates."""
        self._signer = signer
        self._clock = clock
        self._stamp = stamp
        self._material = material

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
        except Unstamped as error:
            log.warning("evidence without time-stamp", reason=str(error))
            return "B-B"
        xades.add_timestamp(signature, token)
        chain = [*chain_of(self._signer), *cms.open_signed(token, "tst_info").certificates]
        lists, responses = self._material(chain)
        if any(_issued(one) for one in chain) and not lists and not responses:
            return "B-T"
        # The signer's own certificate stands in the signature already.
        others = [one for one in dict.fromkeys(chain) if one != self._signer.certificate]
        xades.add_validation_data(signature, others, lists, responses)
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
    kind: str, subject: str, made: datetime, head: SignedHead, checkpoint: Checkpoint, **more: Any
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
        "made": utc_text(made),
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": base64.b64encode(checkpoint.root).decode("ascii"),
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
