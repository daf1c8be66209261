"""Checks between files: agencies that processes name, secrets that clients name, paths into schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from broker.canonical.plan import Element, UnknownConstruct, read_plan
from broker.config.agency import AgencyConfig
from broker.config.base import Frozen
from broker.config.hub import Hub
from broker.config.notices import NoticesConfig
from broker.config.population import PopulationConfig
from broker.config.source import Fault, Place, Source
from broker.process.rules import Process, RuleSet
from signing.errors import XmlRefused

Sources = Mapping[str, Source]
Models = Mapping[str, Frozen]
Agencies = Mapping[str, Frozen | None]

_SCHEMAS = "xsd/lienthong/1.0"


def faults_between(folder: Path, sources: Sources, models: Models) -> list[Fault]:
    """Every fault that only shows when files are seen together; files that could not be read are left out."""
    # An agency whose own file is faulty exists all the same: one fault must not look like many.
    agencies = {key.partition("/")[2]: models.get(key) for key in sources if key.startswith("agencies/")}
    found: list[Fault] = []
    for name, model in models.items():
        source = sources[name]
        if isinstance(model, Hub):
            found += _hub(source, model)
        elif isinstance(model, Process):
            found += _process(source, model, agencies)
            found += _paths(folder, source, model)
        elif isinstance(model, NoticesConfig) and model.mail is not None:
            found += _offers(source, ("mail",), model.mail, "notice", agencies)
        elif isinstance(model, PopulationConfig) and model.agency not in agencies:
            found.append(_no_agency(source, ("agency",), model.agency, agencies))
    found += _served_twice(sources, models)
    return found


def _hub(source: Source, hub: Hub) -> Iterator[Fault]:
    for name, place in hub.secrets.items():
        kind, _, where = place.partition(":")
        if kind not in ("env", "file") or not where:
            yield source.fault(
                ("secrets", name),
                "must say where the secret is",
                "Write env:VARIABLE or file:path, never the secret.",
            )
    seen: set[str] = set()
    for number, client in enumerate(hub.clients):
        if client.id in seen:
            yield source.fault(("clients", number, "id"), f"{client.id!r} is written twice", "Rename one.")
        seen.add(client.id)
        if client.key is not None and client.key not in hub.secrets:
            yield source.fault(
                ("clients", number, "key"), f"no secret is called {client.key!r}", "Add it to 'secrets'."
            )
        if client.webhook is not None and client.webhook.secret not in hub.secrets:
            missing = f"no secret is called {client.webhook.secret!r}"
            yield source.fault(("clients", number, "webhook", "secret"), missing, "Add it to 'secrets'.")
    if hub.database.startswith("secret:") and hub.database.partition(":")[2] not in hub.secrets:
        yield source.fault(("database",), "names a secret that does not exist", "Add it to 'secrets'.")


def _process(source: Source, process: Process, agencies: Agencies) -> Iterator[Fault]:
    for number, rules in enumerate(process.rule_sets):
        for position, keeper in enumerate(rules.results_to):
            yield from _offers(
                source, ("rule_sets", number, "results_to", position), keeper, "result", agencies
            )
        for position, step in enumerate(rules.steps):
            place = ("rule_sets", number, "steps", position, "agency")
            agency = agencies.get(step.agency)
            if step.agency not in agencies:
                yield _no_agency(source, place, step.agency, agencies)
            elif isinstance(agency, AgencyConfig) and not agency.offers("submit"):
                yield source.fault(
                    place,
                    f"{step.agency!r} takes no submissions",
                    f"Add it to config/agencies/{step.agency}.yaml.",
                )


def _offers(source: Source, place: Place, agency: str, logical: str, agencies: Agencies) -> Iterator[Fault]:
    """The agency must exist and have that operation."""
    config = agencies.get(agency)
    if agency not in agencies:
        yield _no_agency(source, place, agency, agencies)
    elif isinstance(config, AgencyConfig) and not config.offers(logical):
        remedy = f"Add it to config/agencies/{agency}.yaml."
        yield source.fault(place, f"{agency!r} has no operation {logical!r}", remedy)


def _paths(folder: Path, source: Source, process: Process) -> Iterator[Fault]:
    """Paths into the declaration must exist in its schema."""
    try:
        root = read_plan(folder / _SCHEMAS).get(process.document)
    except (OSError, XmlRefused, UnknownConstruct) as error:
        yield source.fault(
            ("document",), f"the canonical schemas cannot be read: {error}", f"Check {_SCHEMAS}."
        )
        return
    if root is None:
        yield source.fault(("document",), f"no schema declares {process.document}", f"Look into {_SCHEMAS}.")
        return
    for number, rules in enumerate(process.rule_sets):
        for place, path in _written_paths(rules):
            if not _declares(root, path):
                yield source.fault(
                    ("rule_sets", number, *place), f"{process.document} has no {path}", "Correct the path."
                )


def _written_paths(rules: RuleSet) -> Iterator[tuple[Place, str]]:
    for position, step in enumerate(rules.steps):
        yield ("steps", position, "office"), step.office
        if step.chosen_by is not None:
            yield ("steps", position, "chosen_by"), step.chosen_by
    for position, case in enumerate(rules.excludes):
        yield ("excludes", position, "field"), case.field


def _declares(element: Element, path: str) -> bool:
    for name in path.split("/"):
        options = [option for slot in element.slots for option in slot.options if option.name == name]
        if not options:
            return False
        element = options[0]
    return True


def _served_twice(sources: Sources, models: Models) -> Iterator[Fault]:
    """Two agencies cannot call back at one path."""
    seen: dict[str, str] = {}
    for name, model in models.items():
        receive = model.adapters.receive if isinstance(model, AgencyConfig) else None
        if receive is None:
            continue
        place = ("adapters", "receive", "path")
        if receive.path is None:
            yield sources[name].fault(
                place, "a receiving adapter needs a path", "Write one such as /agency/cutru."
            )
        elif receive.path in seen:
            yield sources[name].fault(
                place, f"{receive.path} belongs to {seen[receive.path]}", "Take another path."
            )
        else:
            seen[receive.path] = name


def _no_agency(source: Source, place: Place, agency: str, agencies: Agencies) -> Fault:
    known = ", ".join(sorted(agencies)) or "none"
    return source.fault(place, f"no agency is called {agency!r}", f"Known are: {known}.")
