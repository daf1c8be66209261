"""The bytes that stand for a message in the log (the leaf input of RFC 6962 §2.1).

A leaf is canonical JSON: keys sorted, no spaces, UTF-8, absent values as ``null``. It holds the salted hash
of the body, not the body, so that a body can be erased while the log still proves that it was there. What answers
another message holds the leaf hash of that one too (since version 2), so that neither can be exchanged alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from broker.model import Message
from broker.store.types import utc_text

LEAF_VERSION = 2

_COPIED = (
    "id",
    "direction",
    "kind",
    "agency",
    "operation",
    "outcome",
    "dossier",
    "signer",
    "officer",
    "purpose",
    "content_type",
    "size",
)


def body_hash(salt: bytes, body: bytes) -> str:
    """Hexadecimal SHA-256 of salt and body.

    The salt keeps a short body from being guessed after its erasure.
    """
    return hashlib.sha256(salt + body).hexdigest()


def leaf_bytes(message: Message, salt: bytes, related_leaf: bytes | None = None) -> bytes:
    """The leaf of one message; ``related_leaf`` is the leaf hash of the entry that ``related_id`` names.

    It is null where that is no entry before this one.
    """
    fields = {
        "v": LEAF_VERSION,
        "id": message.id,
        "at": utc_text(message.at),
        "direction": message.direction,
        "kind": message.kind,
        "agency": message.agency,
        "operation": message.operation,
        "outcome": message.outcome,
        "dossier": message.dossier,
        "related": message.related_id,
        "related_leaf": related_leaf.hex() if related_leaf else None,
        "signer": message.signer,
        "officer": message.officer,
        "purpose": message.purpose,
        "content_type": message.content_type,
        "size": len(message.body),
        "body_sha256": body_hash(salt, message.body),
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def differing(row: Any, leaf: Mapping[str, object]) -> list[str]:
    """What the columns of a message say otherwise than its leaf: names of the leaf's fields."""
    columns = {name: getattr(row, name) for name in _COPIED}
    columns |= {"at": utc_text(row.at), "related": row.related_id}
    return [name for name, value in columns.items() if leaf.get(name) != value]
