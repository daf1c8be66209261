"""Opening a hub: its database, keys, connections and adapters, from what the project says.

Each collaborator can be passed in, so a test or a simulation calls the same function with its own clock, ids,
randomness or adapters.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from adapters import registry
from adapters.base import Resources, Sender
from adapters.http import HttpClient
from broker import clock as clocks
from broker.agency import Agency
from broker.config.agency import AdapterUse, AgencyConfig
from broker.config.project import Project
from broker.config.source import ConfigError, Fault
from broker.hub import Hub, Outside
from broker.keys.keyring import ring_of
from broker.keys.partners import Partners
from broker.keys.revocations import Revocations
from broker.log.joined import Believed
from broker.mapping.collection import Mappings, load_all
from broker.store.blobs import BlobFolder
from broker.store.engine import Store
from signing.keys import Signer
from signing.log.note import NoteSigner, load_note_key
from signing.trust import Trust
from signing.vault import load_vault


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
    ring = ring_of(project, outside.clock)
    signer = signer or ring.signer()
    note_signer = note_signer or load_note_key(keys, settings.key)
    revocations = Revocations(settings.evidence.revocation, outside.clock)
    partners = Partners(project, revocations)
    vault = load_vault(keys)
    store = Store.open(
        project.database_url,
        clock=outside.clock,
        new_id=outside.new_id,
        salt=outside.salt,
        vault=vault,
        batch=settings.store.batch,
        linger=settings.store.linger.total_seconds(),
    )
    blobs = BlobFolder(project.path(settings.data) / "blobs", vault)
    http = HttpClient(clock=outside.clock)
    resources = Resources(
        http=http,
        contracts=project.folder / "xsd",
        clock=outside.clock,
        new_id=outside.new_id,
        secret=project.secrets.get,
        signer=signer,
        trust=partners.all,
    )
    mappings = mappings or load_all(project.folder)
    agencies = {
        config.id: _agency(
            config, mappings, resources, partners.alone, blobs, (senders or {}).get(config.id), outside
        )
        for config in project.agencies.values()
    }
    believed = Believed(note_signer, ring, partners, revocations)
    return Hub(project, outside, store, resources, agencies, blobs, vault, believed)


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
