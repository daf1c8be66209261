"""Who declares: a portal on behalf of a citizen, or a citizen who signed in."""

from __future__ import annotations

import dataclasses
import json

PORTAL, CITIZEN = "client", "citizen"
UNIT = "cong-dan"
"""Stands for the unit where no officer stands between a citizen and the hub."""


@dataclasses.dataclass(frozen=True, slots=True)
class Citizen:
    """Who signed in, as the identity provider says. ``birth_date`` may be partial."""

    number: str
    name: str
    birth_date: str
    sex: str | None = None

    def document(self) -> bytes:
        """As JSON, to be sealed into a session."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False).encode()

    @classmethod
    def read(cls, document: bytes) -> Citizen:
        """What `document` wrote."""
        return cls(**json.loads(document))


@dataclasses.dataclass(frozen=True, slots=True)
class Declarant:
    """Whose drafts, and in whose name they are submitted.

    ``client`` is the sender of the dossier; ``owners`` are the names under which drafts are theirs, the newest first.
    """

    client: str
    owners: tuple[str, ...]
    citizen: Citizen | None = None

    @classmethod
    def portal(cls, client: str) -> Declarant:
        """A client of the hub."""
        return cls(client, (f"{PORTAL}:{client}",))

    @property
    def owner(self) -> str:
        """The name under which a new draft is theirs."""
        return self.owners[0]

    @property
    def officer(self) -> str | None:
        """Who answers for a look-up that a citizen makes about themself: a keyed hash stands for the number."""
        return None if self.citizen is None else f"cd-{self.owner.removeprefix(f'{CITIZEN}:')[:24]}"
