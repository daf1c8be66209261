"""Connection tests of agencies, without a database and without mappings: what an engineer tries first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from adapters.base import CheckReport, Resources, Sender
from adapters.http import HttpClient
from broker.clock import Clock, NewId, local_day, random_id, system_clock
from broker.config.project import Project
from broker.config.source import ConfigError
from broker.keys.keyring import ring_of
from broker.keys.partners import Partners
from broker.opening import build_adapter


async def ping(
    project: Project, agencies: Sequence[str], *, clock: Clock = system_clock, new_id: NewId = random_id
) -> dict[str, CheckReport]:
    """Test every named agency, all at once; agency → what was tried.

    Raises KeyProblem for the hub's own keys and the certificates that it trusts.
    """
    trusted = Partners(project).alone
    signer = ring_of(project, clock).signer()
    http = HttpClient(clock=clock)
    try:
        reports = await asyncio.gather(
            *(
                _ping(
                    project,
                    name,
                    Resources(
                        http=http,
                        contracts=project.folder / "xsd",
                        clock=clock,
                        new_id=new_id,
                        secret=project.secrets.get,
                        signer=signer,
                        trust=trusted.get(name),
                    ),
                )
                for name in agencies
            )
        )
    finally:
        await http.close()
    return dict(zip(agencies, reports, strict=True))


async def _ping(project: Project, name: str, resources: Resources) -> CheckReport:
    use = project.agencies[name].endpoint(local_day(resources.clock())).send
    if use is None:
        return CheckReport(True, ("has no adapter that sends: nothing to reach",))
    try:
        sender: Sender = build_adapter(name, use, resources)
    except ConfigError as error:
        return CheckReport(False, (str(error),))
    try:
        return await sender.check()
    finally:
        await sender.close()
