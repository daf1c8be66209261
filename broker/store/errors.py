"""What can go wrong between the hub and its database.

The class says what the caller does next::

    StoreError
    ├── StoreUnavailable   disk full, locked, connection lost, closed: nothing was acknowledged, try later
    ├── WrongRevision      the database is missing or at another revision: run ``lienthong db upgrade``
    ├── Conflict           the same key with other content, or a constraint refuses it: do not repeat it
    │   └── Held           a dossier on hold is not erased: release it first
    ├── Missing            no such row: the identifier is wrong
    ├── LeaseLost          this worker no longer holds the delivery: drop the change, another one acts
    └── BlobRefused        the bytes are not those that the hash promises

Errors of SQLAlchemy, sqlite3 and psycopg never leave `broker.store`.
"""

from __future__ import annotations


class StoreError(Exception):
    """The database did not do what was asked."""


class StoreUnavailable(StoreError):
    """The database cannot serve now.

    Nothing was acknowledged. When the connection was lost while COMMIT was under way the change may still be
    there, so a caller that tries again does it under an idempotency key.
    """


class WrongRevision(StoreError):
    """The database is not at the revision that this program needs."""


class Conflict(StoreError):
    """The change contradicts what is stored."""


class Held(Conflict):
    """The dossier is on hold: nobody erases it."""


class Missing(StoreError):
    """There is no such row."""


class LeaseLost(StoreError):
    """The delivery is no longer leased to this worker."""


class BlobRefused(StoreError):
    """The content does not have the promised hash or size."""
