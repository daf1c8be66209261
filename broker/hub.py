"""The composition root: every part of a hub is made and joined here, and nowhere else.

Each collaborator can be passed in, so a test or a simulation calls the same function with its own clock, ids,
randomness or adapters.
"""

from __future__ import annotations

import dataclasses
import os
import random
import socket
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.x509 import Certificate

from adapters import registry
from adapters.base import Resources, Sender
from adapters.http import HttpClient
from broker import clock as clocks
from broker.agency import Agency
from broker.book import Book
from broker.callbacks import Callbacks
from broker.canonical.schemas import Schemas
from broker.changes import Changes
from broker.checks import Checks
from broker.codes import DossierCodes
from broker.config.agency import AdapterUse, AgencyConfig
from broker.config.project import Project
from broker.config.source import ConfigError, Fault
from broker.delivery.attempt import Attempts
from broker.delivery.queue import Queue, SqlQueue
from broker.delivery.worker import Worker, WorkerSettings
from broker.inbox import Inbox
from broker.intake import Intake
from broker.logbook import Logbook
from broker.mapping.collection import Mappings, load_all
from broker.outbox import Outbox
from broker.outcomes import Outcomes, Questions
from broker.process.engine import Abilities
from broker.reports import Reports
from broker.rounds import Rounds
from broker.routing import Router
from broker.scheduler import Scheduler
from broker.standing import Standing
from broker.store import invariants
from broker.store.blobs import BlobFolder
from broker.store.engine import Store
from broker.store.salt import new_salt
from signing.errors import KeyProblem
from signing.keys import Signer, load_key, read_certificates
from signing.note import NoteSigner, load_note_key
from signing.trust import Trust


@dataclasses.dataclass(frozen=True)
class Hub:
    """A hub, ready to serve, to work, or both."""

    project: Project
    store: Store
    resources: Resources
    queue: Queue
    schemas: Schemas
    agencies: Mapping[str, Agency]
    book: Book
    inbox: Inbox
    intake: Intake
    standing: Standing
    callbacks: Callbacks
    worker: Worker
    rounds: Rounds
    scheduler: Scheduler
    logbook: Logbook
    blobs: BlobFolder

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
        self.store.close()


@dataclasses.dataclass(frozen=True)
class Outside:
    """What a hub takes from the world; a simulation passes its own."""

    clock: clocks.Clock = clocks.system_clock
    new_id: clocks.NewId = clocks.random_id
    rng: random.Random = dataclasses.field(default_factory=random.SystemRandom)
    salt: Callable[[], bytes] = new_salt


def open_hub(
    project: Project,
    *,
    outside: Outside | None = None,
    mappings: Mappings | None = None,
    senders: Mapping[str, Sender] | None = None,
    signer: Signer | None = None,
    note_signer: NoteSigner | None = None,
) -> Hub:
    """Build the hub of ``project`` over its existing database and keys.

    ``mappings``: the project's, if they are loaded already; ``senders`` replaces agencies' adapters by id.
    Raises WrongRevision or StoreUnavailable for the database, KeyProblem for the keys, MappingFault, BadContract or
    pydantic's ValidationError for what the project says.
    """
    outside = outside or Outside()
    settings = project.hub
    keys = project.path(settings.keys)
    signer = signer or load_key(keys, settings.key)
    note_signer = note_signer or load_note_key(keys, settings.key)
    certificates = partner_certificates(project)
    trust = Trust(certificates)
    trusted = {partner: Trust({partner: chain}) for partner, chain in certificates.items()}
    store = Store.open(
        database_url(project),
        clock=outside.clock,
        new_id=outside.new_id,
        salt=outside.salt,
        batch=settings.store.batch,
        linger=settings.store.linger.total_seconds(),
    )
    blobs = BlobFolder(project.path(settings.data) / "blobs")
    http = HttpClient(clock=outside.clock)
    resources = Resources(
        http=http,
        contracts=project.folder / "xsd",
        clock=outside.clock,
        new_id=outside.new_id,
        secret=project.secrets.get,
        signer=signer,
        trust=trust,
    )
    mappings = mappings or load_all(project.folder)
    agencies = {
        config.id: _agency(
            config, mappings, resources, trusted, blobs, (senders or {}).get(config.id), outside
        )
        for config in project.agencies.values()
    }
    return _join(project, outside, store, resources, agencies, blobs, trust, note_signer)


def _join(
    project: Project,
    outside: Outside,
    store: Store,
    resources: Resources,
    agencies: Mapping[str, Agency],
    blobs: BlobFolder,
    trust: Trust,
    note_signer: NoteSigner,
) -> Hub:
    clock, new_id, settings = outside.clock, outside.new_id, project.hub
    queue: Queue = SqlQueue(store)
    clients = {client.id: client for client in settings.clients}
    schemas = Schemas(project.folder)
    book = Book(
        project.processes,
        project.calendar,
        {agency.id: _abilities(agency.config) for agency in agencies.values()},
        {agency.id: agency.config.owner for agency in agencies.values()},
        settings.owner,
    )
    portals = {name: name for name in clients if name in agencies and agencies[name].offers("state")}
    outbox = Outbox(agencies, portals, clock, new_id)
    changes = Changes(store, book, outbox, clock, new_id)
    reports = Reports(store, book, changes, blobs, clock, new_id)
    checks = Checks(
        store=store,
        book=book,
        register=agencies[project.population.agency],
        policy=project.population.decisions(),
        changes=changes,
        outbox=outbox,
        clock=clock,
        new_id=new_id,
    )
    outcomes = Outcomes(
        store=store,
        book=book,
        agencies=agencies,
        changes=changes,
        reports=reports,
        checks=checks,
        outbox=outbox,
        clock=clock,
        new_id=new_id,
    )
    logbook = Logbook(store, project.path(settings.data), clock, note_signer)
    rounds = Rounds(
        store=store,
        book=book,
        agencies=agencies,
        changes=changes,
        checks=checks,
        outbox=outbox,
        logbook=logbook,
        clock=clock,
        wake=queue.wake,
    )
    inbox = Inbox(store, schemas, trust, clock, new_id)
    intake = Intake(
        store=store,
        inbox=inbox,
        schemas=schemas,
        book=book,
        changes=changes,
        checks=checks,
        reports=reports,
        outbox=outbox,
        codes=DossierCodes(store, settings.dossier_prefix, project.calendar.zone),
        router=Router(project.units, project.calendar.zone),
        clients=clients,
        clock=clock,
        new_id=new_id,
        wake=queue.wake,
    )
    worker = Worker(
        store=store,
        queue=queue,
        agencies=agencies,
        attempts=Attempts(store, clock, new_id),
        handlers=outcomes.handlers(),
        asker=Questions(outcomes),
        clock=clock,
        rng=outside.rng,
        settings=WorkerSettings(
            owner=f"{socket.gethostname()}-{os.getpid()}-{new_id()[-6:]}",
            lease=settings.delivery.lease,
            batch=settings.delivery.claim,
            in_flight=settings.delivery.workers,
            idle=settings.delivery.idle.total_seconds(),
            limits={agency.id: agency.config.limits.concurrency for agency in agencies.values()},
        ),
    )
    return Hub(
        project=project,
        store=store,
        resources=resources,
        queue=queue,
        schemas=schemas,
        agencies=agencies,
        book=book,
        inbox=inbox,
        intake=intake,
        standing=Standing(store, schemas, book, agencies, clients, clock),
        callbacks=Callbacks(store, agencies, reports, clock, new_id, queue.wake),
        worker=worker,
        rounds=rounds,
        scheduler=Scheduler(store, clock, rounds.jobs(project.schedule.every)),
        logbook=logbook,
        blobs=blobs,
    )


def database_url(project: Project) -> str:
    """The database's URL, taken from a secret if the config says so."""
    return project.database_url


def partner_certificates(project: Project) -> dict[str, list[Certificate]]:
    """Partner → certificates: every ``*.pem`` in the sub-folder of the trust folder that has the partner's name.

    Raises KeyProblem.
    """
    folder = project.path(project.hub.trust)
    if not folder.is_dir():
        raise KeyProblem(
            f"{folder} does not exist: `lienthong keys create` makes it, partners' certificates go there"
        )
    return {
        partner.name: [
            certificate for file in sorted(partner.glob("*.pem")) for certificate in read_certificates(file)
        ]
        for partner in sorted(folder.iterdir())
        if partner.is_dir()
    }


def _agency(
    config: AgencyConfig,
    mappings: Mappings,
    resources: Resources,
    trusted: Mapping[str, Trust],
    blobs: BlobFolder,
    sender: Sender | None,
    outside: Outside,
) -> Agency:
    endpoint = config.endpoint(clocks.local_day(outside.clock()))
    # An adapter believes its own agency and nobody else.
    resources = dataclasses.replace(resources, trust=trusted.get(config.id))
    return Agency(
        config=config,
        mappings=mappings,
        sender=sender or (build_adapter(config.id, endpoint.send, resources) if endpoint.send else None),
        receiver=build_adapter(config.id, endpoint.receive, resources) if endpoint.receive else None,
        blobs=blobs.read,
    )


def build_adapter(agency: str, use: AdapterUse, resources: Resources) -> Any:
    """The adapter that ``use`` names, with its settings. Raises ConfigError naming the agency's file."""
    spec = registry.get(use.adapter)
    try:
        return spec.build(spec.settings.model_validate(dict(use.settings)), resources)
    except ValueError as error:
        remedy = "Mend the settings, or bring what they ask for."
        fault = Fault(f"config/agencies/{agency}.yaml", 1, f"adapters ({use.adapter})", str(error), remedy)
        raise ConfigError([fault]) from error


def _abilities(config: AgencyConfig) -> Abilities:
    return Abilities(
        poll=config.poll.every if config.poll else None,
        supplement=config.offers("supplement"),
        withdraw=config.offers("withdraw"),
    )
