"""The message log of a hub and all that keeps it provable, made and joined in one place for the composition root."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cached_property, partial

from adapters.base import Resources
from broker.config.project import Project
from broker.config.schedule import Schedule
from broker.evidence.vouching import Vouching, vouching
from broker.keys.expiry import Expiry
from broker.keys.partners import Partners
from broker.keys.revocations import Revocations
from broker.keys.revoking import Revoking
from broker.log.authorities import anchors_by_name, authorities
from broker.log.logbook import Logbook
from broker.log.refusals import Refusals
from broker.log.reverifying import JOB, LOOK, Reverification
from broker.log.timestamping import Timestamping
from broker.log.witnessing import Witnessing
from broker.scheduler import Job
from broker.store.engine import Store
from signing.log.note import NoteSigner
from signing.pki.keyring import KeyRing


@dataclasses.dataclass(frozen=True, slots=True)
class Believed:
    """Our own keys, whom we believe, and what is known of revocation."""

    note_signer: NoteSigner
    ring: KeyRing
    partners: Partners
    revocations: Revocations


class HubLog:
    """The log's parts. Each is made when it is first asked for, and once."""

    def __init__(
        self,
        project: Project,
        store: Store,
        resources: Resources,
        believed: Believed,
        nonce: Callable[[], int],
    ) -> None:
        """``nonce`` gives 64 random bits for a time-stamp request."""
        self._project = project
        self._store = store
        self._resources = resources
        self._believed = believed
        self._nonce = nonce
        self._clock, self._new_id = resources.clock, resources.new_id
        self._settings, self._owner = project.hub.evidence, project.hub.owner

    @cached_property
    def book(self) -> Logbook:
        """Signs the head of the log, and verifies all of it."""
        return Logbook(
            self._store,
            self._project.path(self._project.hub.data),
            self._clock,
            self._believed.note_signer,
            self._settings.witness_keys,
            lambda: anchors_by_name(self._project),
        )

    @cached_property
    def witnessing(self) -> Witnessing:
        """Shows heads to those who remember them."""
        http = self._resources.http
        return Witnessing(self._store, http, self._settings.witnesses, self._owner, self._clock)

    @cached_property
    def timestamping(self) -> Timestamping:
        """Has heads of the log, and signatures, time-stamped."""
        return Timestamping(
            self._store,
            authorities(self._project, self._resources.http, self._clock),
            self._settings.timestamps,
            self._owner,
            clock=self._clock,
            new_id=self._new_id,
            nonce=self._nonce,
            revocation=self._believed.revocations,
        )

    @cached_property
    def vouching(self) -> Vouching:
        """Makes evidence and archives."""
        return vouching(
            self._project,
            self._store,
            self.book,
            self._believed.note_signer.verifier,
            self._resources,
            self.timestamping,
            self._believed.revocations.material,
        )

    @cached_property
    def reverification(self) -> Reverification:
        """Verifies the whole log again."""
        signer = self._believed.note_signer
        return Reverification(self._store, self.book, signer, self._owner, self._clock)

    @cached_property
    def refusals(self) -> Refusals:
        """Logs what is turned away."""
        return Refusals(self._store, self._clock, self._new_id)

    @cached_property
    def revoking(self) -> Revoking:
        """Asks whether certificates were revoked: partners', their authorities', and our own."""
        return Revoking(
            self._settings.revocation,
            self._believed.revocations,
            self._store,
            self._clock,
            links=lambda: [
                *self._believed.partners.all.links(),
                *itertools.pairwise(getattr(self._resources.signer, "chain", ())),
            ],
            owner=self._owner,
        )

    @cached_property
    def expiry(self) -> Expiry:
        """Tells of certificates that end."""
        return Expiry(self._project, self._believed.ring, self._store, self._clock)

    def jobs(self, schedule: Schedule) -> list[Job]:
        """What is done for the log by the clock, as often as ``schedule`` says."""
        archives = self.vouching.archives
        found = (
            ("checkpoint", timedelta(minutes=1), self.book.checkpoint, True),
            ("timestamp", timedelta(minutes=1), self.timestamping.run, True),
            ("witness", timedelta(minutes=1), self.witnessing.run, True),
            ("tiles", timedelta(hours=1), self.book.fill_tiles, True),
            ("archive", timedelta(hours=1), archives.run, True),
            ("revocations", timedelta(seconds=15), self.revoking.run, False),
            ("expiry", timedelta(days=1), self.expiry.run, True),
            ("refusals", timedelta(minutes=1), self.refusals.flush, False),
        )
        stops = {"archive": archives.stop}
        return [
            *self._reverify(schedule),
            *(
                Job(name, pause, run, shared, schedule.at(name), stops.get(name))
                for name, default, run, shared in found
                if (pause := schedule.every(name, default)) is not None
            ),
        ]

    def _reverify(self, schedule: Schedule) -> Iterator[Job]:
        """Looked for more often than it is due, so that a run which died is made again."""
        every = schedule.every(JOB, timedelta(days=1))
        if every is not None:
            run = partial(self.reverification.look, every, schedule.at(JOB))
            yield Job(JOB, min(every, LOOK), run, stop=self.reverification.stop)
