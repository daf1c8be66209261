"""The composition root: every part of a hub is made and joined here, and nowhere else.

What it stands on (database, keys, connections, adapters) is brought by `broker.opening`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import random
import socket
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property

from adapters.base import Resources
from broker import clock as clocks
from broker.agency import Agency
from broker.answering import Answering
from broker.asking import Asking
from broker.book import Book
from broker.callbacks import Callbacks
from broker.canonical.schemas import Schemas
from broker.certificates import OPERATION as CERTIFICATE
from broker.certificates import Certificates
from broker.changes import Changes
from broker.checks import Checks
from broker.codes import DossierCodes
from broker.config import hooks as hooks_of
from broker.config.agency import AgencyConfig
from broker.config.project import Project
from broker.counting import Counting
from broker.delivery.attempt import Attempts
from broker.delivery.queue import Queue, SqlQueue
from broker.delivery.worker import Worker, WorkerSettings
from broker.fetching import Fetching
from broker.inbox import Inbox
from broker.intake import Intake
from broker.keys.keyring import Keeping
from broker.log.joined import Believed, HubLog
from broker.mapping import codes
from broker.outbox import Outbox
from broker.outcomes import Outcomes, Questions
from broker.process.engine import Abilities
from broker.reconciliation import Reconciliation
from broker.reports import Reports
from broker.requests import Requests
from broker.reseal import Reseal
from broker.retention import Retention
from broker.rounds import Rounds
from broker.routing import Router
from broker.scheduler import Scheduler
from broker.standing import Standing
from broker.store import invariants
from broker.store.blobs import BlobFolder
from broker.store.engine import Store
from broker.store.errors import StoreUnavailable
from broker.store.salt import new_salt
from broker.telling import Telling
from signing.trust import Trust
from signing.vault import Vault


@dataclasses.dataclass(frozen=True)
class Outside:
    """What a hub takes from the world; a simulation passes its own."""

    clock: clocks.Clock = clocks.system_clock
    new_id: clocks.NewId = clocks.random_id
    rng: random.Random = dataclasses.field(default_factory=random.SystemRandom)
    salt: Callable[[], bytes] = new_salt


class Hub:
    """A hub, ready to serve, to work, or both. Its parts are made when they are first asked for, and once."""

    def __init__(
        self,
        project: Project,
        outside: Outside,
        store: Store,
        resources: Resources,
        agencies: Mapping[str, Agency],
        blobs: BlobFolder,
        vault: Vault,
        believed: Believed,
    ) -> None:
        """Takes over the store and the connections of ``resources``; see `broker.opening.open_hub`."""
        self.project = project
        self.store = store
        self.resources = resources
        self.agencies = agencies
        self.blobs = blobs
        self.vault = vault
        self.schemas = Schemas(project.folder)
        self.queue: Queue = SqlQueue(store)
        self._outside = outside
        self._clock, self._new_id = outside.clock, outside.new_id
        self._clients = {client.id: client for client in project.hub.clients}
        self.believed = believed
        self.log = HubLog(project, store, resources, believed, lambda: outside.rng.getrandbits(64))

    def wake(self) -> None:
        """Tell the worker that something may be due."""
        self.queue.wake()

    def check(self) -> list[str]:
        """Everything in the store that contradicts itself, one sentence each; empty if it is sound."""
        return invariants.check(self.store)

    async def close(self) -> None:
        """Release connections. What was acknowledged is stored already."""
        await self.scheduler.stop()
        for agency in self.agencies.values():
            if agency.sender is not None:
                await agency.sender.close()
        await self.resources.http.close()
        await self.log.revoking.close()
        with contextlib.suppress(StoreUnavailable):
            await self.log.refusals.close()
        self.store.close()

    @cached_property
    def book(self) -> Book:
        """The rules in force."""
        return Book(
            self.project.processes,
            self.project.calendar,
            {agency.id: _abilities(agency.config) for agency in self.agencies.values()},
            {agency.id: agency.config.owner for agency in self.agencies.values()},
            self.project.hub.owner,
        )

    @cached_property
    def outbox(self) -> Outbox:
        """Makes deliveries. A client that is also an agency with a ``state`` operation is told of its dossiers."""
        agencies = self.agencies
        portals = {
            name: name for name in self._clients if name in agencies and agencies[name].offers("state")
        }
        return Outbox(agencies, portals, self._clock, self._new_id)

    @cached_property
    def changes(self) -> Changes:
        """The one place where dossiers change."""
        return Changes(
            self.store, self.book, self.outbox, self._clock, self._new_id, followers=(self.telling,)
        )

    @cached_property
    def telling(self) -> Telling:
        """Tells citizens, clients and keepers of results what happens."""
        hooks = {
            client.id: hooks_of.agency_of(client.id) for client in self._clients.values() if client.webhook
        }
        return Telling(self.book, self.outbox, self.agencies, self.project.notices, hooks)

    @cached_property
    def reports(self) -> Reports:
        """Applies what agencies report."""
        return Reports(self.store, self.book, self.changes, self.blobs, self._clock, self._new_id)

    @cached_property
    def checks(self) -> Checks:
        """Runs population checks."""
        return Checks(
            store=self.store,
            book=self.book,
            register=self.agencies[self.project.population.agency],
            policy=self.project.population.decisions(),
            changes=self.changes,
            outbox=self.outbox,
            clock=self._clock,
            new_id=self._new_id,
        )

    @cached_property
    def rounds(self) -> Rounds:
        """What is done by the clock."""
        return Rounds(
            store=self.store,
            book=self.book,
            agencies=self.agencies,
            changes=self.changes,
            checks=self.checks,
            outbox=self.outbox,
            log=self.log,
            reconciliation=self.reconciliation,
            retention=self.retention,
            reseal=Reseal(self.store, self.blobs, self.vault, self._clock),
            keeping=Keeping(
                self.believed.ring, self.resources.signer, self.believed.partners, self.vault, self.store
            ),
            clock=self._clock,
            wake=self.wake,
            confirm=self.project.hub.delivery.confirm,
        )

    @cached_property
    def reconciliation(self) -> Reconciliation:
        """Compares what agencies have with what the hub has sent."""
        settings = self.project.hub.reconciliation
        return Reconciliation(
            self.store, self.book, self.agencies, self.outbox, settings, self._clock, self.wake
        )

    @cached_property
    def retention(self) -> Retention:
        """Erases what is no longer needed."""
        return Retention(self.store, self.blobs, self.project.retention, self._clock, self._new_id)

    @cached_property
    def scheduler(self) -> Scheduler:
        """Runs the rounds."""
        return Scheduler(self.store, self._clock, self.rounds.jobs(self.project.schedule))

    @cached_property
    def inbox(self) -> Inbox:
        """Understands what arrives."""
        return Inbox(self.store, self.schemas, self._trust, self._clock, self._new_id)

    @cached_property
    def intake(self) -> Intake:
        """Takes requests in."""
        zone = self.project.calendar.zone
        return Intake(
            store=self.store,
            answering=self.answering,
            inbox=self.inbox,
            schemas=self.schemas,
            book=self.book,
            changes=self.changes,
            checks=self.checks,
            reports=self.reports,
            outbox=self.outbox,
            telling=self.telling,
            certificates=self.certificates,
            codes=DossierCodes(self.store, self.project.hub.dossier_prefix, zone),
            router=self.router,
            clock=self._clock,
            new_id=self._new_id,
        )

    @cached_property
    def answering(self) -> Answering:
        """What all requests have in common."""
        return Answering(self.inbox, self._clients, self.wake)

    @cached_property
    def requests(self) -> Requests:
        """Takes in what is asked of a dossier later."""
        return Requests(
            store=self.store,
            answering=self.answering,
            inbox=self.inbox,
            schemas=self.schemas,
            book=self.book,
            changes=self.changes,
            checks=self.checks,
            router=self.router,
            asking=self.asking,
            clock=self._clock,
        )

    @cached_property
    def standing(self) -> Standing:
        """Answers how dossiers stand."""
        return Standing(
            self.store, self.schemas, self.book, self.agencies, self._clients, self.asking, self._clock
        )

    @cached_property
    def asking(self) -> Asking:
        """Works out what a dossier asks of the citizen."""
        return Asking(self.book, self.router, self.checks, self.certificates)

    @cached_property
    def counting(self) -> Counting:
        """Counts."""
        return Counting(self.store, self._clients, self._clock)

    @cached_property
    def callbacks(self) -> Callbacks:
        """Takes agencies' callbacks in."""
        return Callbacks(
            self.store,
            self.agencies,
            self.reports,
            self.certificates,
            self.log.refusals,
            self._clock,
            self._new_id,
            self.wake,
        )

    @cached_property
    def certificates(self) -> Certificates:
        """Keeps what health facilities certify."""
        return Certificates(self.store, self.project.calendar, self._clock)

    @cached_property
    def fetching(self) -> Fetching:
        """Finds certificates by their code."""
        offering = (agency for agency in self.agencies.values() if agency.offers(CERTIFICATE))
        attempts = Attempts(self.store, self._clock, self._new_id)
        return Fetching(
            next(offering, None), self.certificates, self.outbox, attempts, self._clock, self._new_id
        )

    @cached_property
    def worker(self) -> Worker:
        """Delivers."""
        outcomes = Outcomes(
            store=self.store,
            book=self.book,
            agencies=self.agencies,
            changes=self.changes,
            reports=self.reports,
            checks=self.checks,
            reconciliation=self.reconciliation,
            outbox=self.outbox,
            clock=self._clock,
            new_id=self._new_id,
        )
        return Worker(
            store=self.store,
            queue=self.queue,
            agencies=self.agencies,
            attempts=Attempts(self.store, self._clock, self._new_id),
            handlers=outcomes.handlers(),
            asker=Questions(outcomes),
            clock=self._clock,
            rng=self._outside.rng,
            settings=self._worker_settings(),
        )

    def _worker_settings(self) -> WorkerSettings:
        delivery = self.project.hub.delivery
        return WorkerSettings(
            owner=f"{socket.gethostname()}-{os.getpid()}-{self._new_id()[-6:]}",
            lease=delivery.lease,
            batch=delivery.claim,
            in_flight=delivery.workers,
            idle=delivery.idle.total_seconds(),
            limits={agency.id: agency.config.limits.concurrency for agency in self.agencies.values()},
        )

    @cached_property
    def router(self) -> Router:
        """Whether the units that a declaration names exist."""
        folder = self.project.folder
        peoples = codes.load(folder / "mappings/codes/ethnic-names.yaml", folder)
        return Router(self.project.units, self.project.calendar.zone, peoples)

    @property
    def _trust(self) -> Trust:
        assert self.resources.trust is not None, "a hub is opened with its partners' certificates"
        return self.resources.trust


def _abilities(config: AgencyConfig) -> Abilities:
    return Abilities(
        poll=config.poll.every if config.poll else None,
        supplement=config.offers("supplement"),
        withdraw=config.offers("withdraw"),
        correct=config.offers("correct") or any(name.startswith("correct-") for name in config.operations),
        later=config.poll.later if config.poll else None,
        later_for=config.poll.later_for if config.poll else timedelta(),
    )
