"""The time-stamps that the hub keeps, verified again, as anybody else could."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from cryptography.x509 import Certificate

from broker.store.engine import Tx
from broker.store.rows import StoredTimestamp
from signing import timestamp
from signing.errors import SigningError

_PAGE = 500


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """A token that is kept, and what is wrong with it: None if nothing is."""

    stored: StoredTimestamp
    fault: str | None


def verify_all(tx: Tx, anchors: Mapping[str, Sequence[Certificate]]) -> Iterator[Checked]:
    """Verify every token against the note that it stamps, newest first; ``anchors`` by the name of the authority."""
    after: str | None = None
    while True:
        page = tx.timestamps.list(limit=_PAGE, after=after)
        yield from (verify(tx, stored, anchors) for stored in page.items)
        if page.after is None:
            return
        after = page.after


def verify(tx: Tx, stored: StoredTimestamp, anchors: Mapping[str, Sequence[Certificate]]) -> Checked:
    """Verify one token: that it stamps the signed head of its size, in the name of its authority, at its time."""
    head = tx.log.first_checkpoint_after(stored.size - 1)
    if head is None or head.size != stored.size:
        return Checked(stored, f"no signed head has {stored.size} entries")
    if stored.authority not in anchors:
        return Checked(stored, f"the authority {stored.authority} is not known")
    try:
        stamped = timestamp.verify(stored.token, head.note.encode(), anchors[stored.authority])
    except SigningError as error:
        return Checked(stored, str(error))
    if stamped.at != stored.at:
        return Checked(stored, f"the token says {stamped.at:%Y-%m-%d %H:%M:%S} UTC")
    return Checked(stored, None)
