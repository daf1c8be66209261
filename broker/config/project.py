"""A project folder: ``config`` read, checked as a whole, and handed out as frozen values.

All faults of all files are collected, each with file, line, key and remedy: an editor mends them in one pass.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from broker.calendar import WorkingCalendar
from broker.config.agency import AgencyConfig
from broker.config.base import Frozen
from broker.config.calendar import CalendarConfig
from broker.config.checks import faults_between
from broker.config.forms import FormLayout
from broker.config.hooks import hook_agencies
from broker.config.hub import Hub
from broker.config.notices import NoticesConfig
from broker.config.population import PopulationConfig
from broker.config.retention import Retention
from broker.config.schedule import Schedule
from broker.config.secrets import Secrets
from broker.config.source import ConfigError, Fault, Source
from broker.config.units import ProvinceTable
from broker.config.words import WordLists
from broker.process.rules import Process
from broker.units import Units

M = TypeVar("M", bound=Frozen)

_FILES: Mapping[str, type[Frozen]] = {
    "hub": Hub,
    "calendar": CalendarConfig,
    "population": PopulationConfig,
    "schedule": Schedule,
    "retention": Retention,
    "notices": NoticesConfig,
    "units/provinces": ProvinceTable,
    "words": WordLists,
}
_SQLITE = "sqlite:///"
_FOLDERS: Mapping[str, tuple[type[Frozen], str]] = {
    "agencies": (AgencyConfig, "id"),
    "processes": (Process, "process"),
    "forms": (FormLayout, "mapping"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Project:
    """Everything that the ``config`` folder says."""

    folder: Path
    hub: Hub
    agencies: Mapping[str, AgencyConfig]
    processes: Mapping[str, Process]
    calendar: WorkingCalendar
    population: PopulationConfig
    schedule: Schedule
    retention: Retention
    notices: NoticesConfig
    units: Units
    words: WordLists
    forms: Mapping[str, FormLayout]
    secrets: Secrets

    @classmethod
    def load(cls, folder: Path, overrides: Mapping[str, Any] | None = None) -> Project:
        """Read ``folder``/config and check it as a whole. Raises ConfigError with every fault.

        ``overrides`` puts values on top of the files by dotted keys that begin with the file:
        ``hub.listen.port``, ``agencies.hotich.adapters.send.settings.address``.
        """
        reader = _Reader(folder)
        reader.override(overrides or {})
        reader.build()
        reader.faults += faults_between(folder, reader.sources, reader.models)
        if reader.faults:
            raise ConfigError(reader.faults)
        return _project(folder, reader.models)

    @property
    def mappings(self) -> frozenset[str]:
        """Names of all mappings that the configuration uses."""
        steps = {
            step.mapping
            for process in self.processes.values()
            for rules in process.rule_sets
            for step in rules.steps
        }
        return frozenset(steps).union(*(agency.mappings for agency in self.agencies.values()))

    def missing_mappings(self) -> tuple[str, ...]:
        """Mappings that are used and have no folder under ``mappings``."""
        return tuple(sorted(name for name in self.mappings if not (self.folder / "mappings" / name).is_dir()))

    @property
    def database_url(self) -> str:
        """The database's URL, taken from a secret if the config says so; an SQLite file is relative to the project.

        Raises SecretMissing.
        """
        url = self.hub.database
        if url.startswith("secret:"):
            url = self.secrets.get(url.removeprefix("secret:"))
        file = url.removeprefix(_SQLITE)
        return url if file == url else f"{_SQLITE}{self.folder / file}"

    def path(self, relative: Path) -> Path:
        """A path from the configuration, which is relative to the project."""
        return self.folder / relative


class _Reader:
    """Reads all files, keeping faults instead of stopping at the first."""

    def __init__(self, folder: Path) -> None:
        self.faults: list[Fault] = []
        self.sources: dict[str, Source] = {}
        self.models: dict[str, Frozen] = {}
        for name in [*_FILES, *_listed(folder)]:
            self._read(folder / "config" / f"{name}.yaml", name)

    def _read(self, file: Path, name: str) -> None:
        try:
            self.sources[name] = Source.read(file, f"config/{name}.yaml")
        except ConfigError as error:
            self.faults += error.faults

    def override(self, overrides: Mapping[str, Any]) -> None:
        """Put each value on top of the file that its key begins with."""
        for key, value in overrides.items():
            name = next((name for name in self.sources if key.startswith(name.replace("/", ".") + ".")), None)
            if name is None:
                self.faults.append(
                    Fault("overrides", 1, key, "no file has this name", "Begin with the file.")
                )
                continue
            try:
                self.sources[name].override(key[len(name) + 1 :], value)
            except ConfigError as error:
                self.faults += error.faults

    def build(self) -> None:
        """Turn every file into its model."""
        for name, source in self.sources.items():
            try:
                self.models[name] = self._model(name, source)
            except ValidationError as error:
                self.faults += source.faults(error)

    def _model(self, name: str, source: Source) -> Frozen:
        folder, _, stem = name.partition("/")
        if folder not in _FOLDERS:
            return _FILES[name].model_validate(source.values)
        model, key = _FOLDERS[folder]
        written = source.values.setdefault(key, stem)
        if written != stem:
            self.faults.append(
                source.fault((key,), f"is {written!r} in a file called {stem}.yaml", "Rename one.")
            )
        return model.model_validate(source.values)


def _listed(folder: Path) -> Iterator[str]:
    for name in _FOLDERS:
        yield from (f"{name}/{file.stem}" for file in sorted((folder / "config" / name).glob("*.yaml")))


def _project(folder: Path, models: Mapping[str, Frozen]) -> Project:
    hub = _one(models, "hub", Hub)
    return Project(
        folder=folder,
        hub=hub,
        agencies=MappingProxyType({**_family(models, "agencies", AgencyConfig), **hook_agencies(hub)}),
        processes=_family(models, "processes", Process),
        calendar=_one(models, "calendar", CalendarConfig).calendar(),
        population=_one(models, "population", PopulationConfig),
        schedule=_one(models, "schedule", Schedule),
        retention=_one(models, "retention", Retention),
        notices=_one(models, "notices", NoticesConfig),
        units=_one(models, "units/provinces", ProvinceTable).units(),
        words=_one(models, "words", WordLists),
        forms=_family(models, "forms", FormLayout),
        secrets=Secrets(hub.secrets, folder, os.environ),
    )


def _one(models: Mapping[str, Frozen], name: str, kind: type[M]) -> M:
    model = models[name]
    assert isinstance(model, kind)
    return model


def _family(models: Mapping[str, Frozen], name: str, kind: type[M]) -> Mapping[str, M]:
    members = {key.partition("/")[2]: model for key, model in models.items() if key.startswith(f"{name}/")}
    return MappingProxyType({key: model for key, model in members.items() if isinstance(model, kind)})
