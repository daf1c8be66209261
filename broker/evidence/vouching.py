"""Joins what makes evidence and archives: for a hub that runs, and for a command beside it."""

from __future__ import annotations

import dataclasses

from adapters.base import Resources
from broker.config.project import Project
from broker.evidence.archives import Archives
from broker.evidence.containers import Containers, Material, chain_of
from broker.evidence.gathering import Evidence
from broker.evidence.logfiles import LogFiles
from broker.evidence.verifying import Verifying
from broker.keys.keyring import ring_of
from broker.log.authorities import anchors_by_name
from broker.log.logbook import Logbook
from broker.log.timestamping import Timestamping
from broker.store.engine import Store
from signing.errors import KeyProblem
from signing.keys import Signer
from signing.log.note import NoteVerifier
from signing.verifier.anchors import Anchors, vkeys


@dataclasses.dataclass(frozen=True, slots=True)
class Vouching:
    """What a hub can hand out about its log."""

    evidence: Evidence
    archives: Archives


def vouching(
    project: Project,
    store: Store,
    logbook: Logbook,
    verifier: NoteVerifier,
    resources: Resources,
    timestamping: Timestamping,
    material: Material = lambda _: ((), ()),
) -> Vouching:
    """``resources`` has the key that signs and the clock; ``material`` gives revocation data that is at hand."""
    signer, clock = resources.signer, resources.clock
    assert signer is not None, "evidence is signed with the hub's key"
    settings = project.hub.evidence
    witnesses = [witness.key for witness in settings.witnesses]
    containers = Containers(signer, clock, stamp=timestamping.stamp, material=material)
    evidence = Evidence(
        store,
        logbook,
        containers,
        verifier,
        clock,
        names={agency.id: agency.name for agency in project.agencies.values()},
        services={name: process.name for name, process in project.processes.items()},
        witnesses=witnesses,
        stamp_head=timestamping.run,
    )
    verifying = Verifying(lambda: own_anchors(project, signer, verifier))
    archives = Archives(
        store,
        logbook,
        LogFiles(store, containers, verifier, clock, verifying, witnesses),
        clock,
        settings=settings.archives,
        folder=project.path(settings.archives.folder),
        owner=project.hub.owner,
        stamp_head=timestamping.run,
    )
    return Vouching(evidence, archives)


def own_anchors(project: Project, signer: Signer, verifier: NoteVerifier) -> Anchors:
    """By whom our own files must be signed, stamped and co-signed."""
    _, witnesses = vkeys("\n".join(witness.key for witness in project.hub.evidence.witnesses))
    try:
        authorities = [one for anchors in anchors_by_name(project).values() for one in anchors]
    except KeyProblem:  # no key of the authority inside: then it has stamped nothing
        authorities = []
    ours = dict.fromkeys((chain_of(signer)[-1], *ring_of(project).anchors()))  # those of retired keys as well
    return Anchors(tuple(ours), tuple(authorities), (verifier,), tuple(witnesses))
