"""The time-stamps that the hub keeps, verified again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from cryptography.x509 import Certificate

from broker.store.engine import Tx
from broker.store.rows import StoredTimestamp
from signing.errors import SigningError
from signing.stamps import timestamp
from signing.verifier.headcheck import verify_alone

Anchors = Mapping[str, Sequence[Certificate]]
"""Name of an authority → the certificates by which its tokens are verified."""

_PAGE = 500


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """A token that is kept, and what is wrong with it: None if nothing is."""

    kept: StoredTimestamp
    fault: str | None


def verify_all(tx: Tx, anchors: Anchors | None) -> Iterator[Checked]:
    """Verify every token against the head that it stamps, newest first.

    Without ``anchors`` who vouches for an authority is not asked.
    """
    notes = {checkpoint.size: checkpoint.note for checkpoint in tx.log.checkpoints()}
    after: str | None = None
    while True:
        page = tx.timestamps.list(limit=_PAGE, after=after)
        yield from (Checked(kept, _fault(kept, notes.get(kept.size), anchors)) for kept in page.items)
        if page.after is None:
            return
        after = page.after


def _fault(kept: StoredTimestamp, note: str | None, anchors: Anchors | None) -> str | None:
    if note is None:
        return "the head that was stamped is not there any more"
    if anchors is not None and kept.authority not in anchors:
        return f"the authority {kept.authority} is not known"
    try:
        if anchors is None:
            stamped = verify_alone(kept.token, note.encode())
        else:
            stamped = timestamp.verify(kept.token, note.encode(), anchors[kept.authority])
    except SigningError as error:
        return error.reason
    if stamped.at != kept.at:
        return f"the time in the token is {stamped.at:%Y-%m-%dT%H:%M:%SZ}, not the one beside it"
    return None
