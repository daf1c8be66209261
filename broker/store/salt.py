"""Salt for the hashes in the message log."""

from __future__ import annotations

import secrets

SIZE = 16


def new_salt() -> bytes:
    """Random bytes that keep a short body from being guessed from its hash after its erasure."""
    return secrets.token_bytes(SIZE)
