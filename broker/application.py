"""A hub as a web application: its services behind its doors, its worker and its clock running while it serves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from adapters import registry
from adapters.base import Receiver
from broker.clock import local_day, random_id
from broker.config.hub import Client, digest
from broker.declaring.joined import declaring, signing_in
from broker.evidence.issuing import Issuing
from broker.hub import Hub
from broker.log.searching import Searching
from broker.rights import Rights
from broker.services import HubServices
from broker.web.app import CallbackDoor, create_app
from broker.web.exchange import App
from broker.web.log import LogRest

INTAKE_CONTRACT = "lienthong/1.0/intake.wsdl"


def application(hub: Hub, *, work: bool = True) -> App:
    """The ASGI application of ``hub``. ``work``: also deliver and tick in this process."""
    return create_app(
        HubServices(hub),
        schemas=hub.schemas,
        keys={client.id: _key(hub, client) for client in hub.project.hub.clients},
        new_id=random_id,
        public_url=hub.project.hub.public_url,
        intake=_intake(hub),
        declaring=declaring(hub),
        signing_in=signing_in(hub),
        counting=hub.counting,
        searching=_searching(hub),
        issuing=_issuing(hub),
        tree=LogRest(hub.store, {client.id: client for client in hub.project.hub.clients}),
        refusals=hub.log.refusals,
        callbacks=_doors(hub),
        lifespan=(lambda: working(hub)) if work else None,
    )


@contextlib.asynccontextmanager
async def working(hub: Hub) -> AsyncIterator[None]:
    """Deliver and tick until left; what is in flight then is finished first."""
    stop = asyncio.Event()
    task = asyncio.create_task(hub.worker.run(stop))
    hub.scheduler.start()
    try:
        yield
    finally:
        await hub.scheduler.stop()
        stop.set()
        hub.wake()
        await task


def _searching(hub: Hub) -> Searching:
    clients = {client.id: client for client in hub.project.hub.clients}
    return Searching(hub.store, clients, hub.believed.note_signer.verifier, hub.resources.clock)


def _issuing(hub: Hub) -> Issuing:
    clients = {client.id: client for client in hub.project.hub.clients}
    return Issuing(hub.log.vouching.evidence, Rights(hub.store, clients, hub.resources.clock))


def _intake(hub: Hub) -> Receiver:
    spec = registry.get("soap-service")
    receiver: Receiver = spec.build(
        spec.settings.model_validate({"wsdl": INTAKE_CONTRACT, "service": "Intake", "port": "IntakeSoap11"}),
        hub.resources,
    )
    return receiver


def _doors(hub: Hub) -> list[CallbackDoor]:
    doors = []
    for agency in hub.agencies.values():
        use = agency.config.endpoint(local_day(hub.resources.clock())).receive
        if use is not None and agency.receiver is not None:
            doors.append(CallbackDoor(use.path or f"/agency/{agency.id}", agency.id, agency.receiver))
    return doors


def _key(hub: Hub, client: Client) -> str:
    if client.key_sha256 is not None:
        return client.key_sha256
    assert client.key is not None, "the config's model wants one of the two"
    return digest(hub.project.secrets.get(client.key))
