"""Settings of adapters, held against the adapters' own models: faults with file, line and key like all others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from adapters import registry
from broker.config.agency import AdapterUse, AgencyConfig
from broker.config.source import Fault, Place, Source


def faults_of_adapters(
    folder: Path, agencies: Mapping[str, AgencyConfig], overrides: Mapping[str, Any]
) -> list[Fault]:
    """What is wrong with the adapters that ``agencies`` name. Raises `adapters.registry.BadAdapter`.

    ``overrides`` are those with which the project was loaded.
    """
    found: list[Fault] = []
    for agency in agencies.values():
        name = f"config/agencies/{agency.id}.yaml"
        source = Source.read(folder / name, name)
        head = f"agencies.{agency.id}."
        for key, value in overrides.items():
            if key.startswith(head):
                source.override(key.removeprefix(head), value)
        for place, use in _uses(agency):
            found += _faults(source, place, use)
    return sorted(found)


def _uses(agency: AgencyConfig) -> Iterator[tuple[Place, AdapterUse]]:
    endpoints: list[tuple[Place, Any]] = [(("adapters",), agency.adapters)]
    endpoints += [(("variants", number), variant) for number, variant in enumerate(agency.variants)]
    for place, endpoint in endpoints:
        for direction in ("send", "receive"):
            use: AdapterUse | None = getattr(endpoint, direction)
            if use is not None:
                yield (*place, direction), use


def _faults(source: Source, place: Place, use: AdapterUse) -> Iterator[Fault]:
    try:
        spec = registry.get(use.adapter)
    except registry.UnknownAdapter as error:
        yield source.fault((*place, "adapter"), str(error), "Name one of these, or install the plug-in.")
        return
    if spec.direction != place[-1]:
        message = f"{use.adapter!r} is an adapter to {spec.direction}"
        yield source.fault((*place, "adapter"), message, f"Name one to {place[-1]}: see lienthong adapters.")
        return
    try:
        spec.settings.model_validate(dict(use.settings))
    except ValidationError as error:
        yield from source.faults(error, (*place, "settings"))
