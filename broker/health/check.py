"""All checks of a project folder that need no agency: what ``lienthong check`` runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters import registry
from adapters.contract import WSDL
from adapters.contract import load as load_contract
from adapters.outside import ListedHosts
from adapters.schemas import ContractError, Folder, parse_contract, schema_of
from broker.clock import Clock, system_clock
from broker.config.adapters import faults_of_adapters
from broker.config.project import Project
from broker.config.secrets import SecretMissing
from broker.config.source import ConfigError, Fault
from broker.health.installed import check_installed
from broker.keys.expiry import Ending, endings
from broker.keys.keyring import ring_of
from broker.keys.partners import Partners
from broker.mapping import cases, collection
from broker.mapping.errors import Finding, MappingFault, Severity
from broker.mapping.mapping import Mapping as FieldMapping
from broker.store import migrations
from broker.store.errors import StoreError
from signing.errors import KeyProblem
from signing.log.note import load_note_key
from signing.pki.path import name_of
from signing.pki.revocation import sources
from signing.vault import load_vault


def check_project(
    folder: Path, overrides: Mapping[str, Any], *, ready: bool = False, clock: Clock = system_clock
) -> list[Finding]:
    """Every finding, worst first within its part. ``ready``: what is needed to run must be there."""
    findings = [*check_installed(), *_contracts(folder)]
    try:
        project = Project.load(folder, overrides)
        findings += map(_of_fault, faults_of_adapters(folder, project.agencies, overrides))
    except ConfigError as error:
        findings += map(_of_fault, error.faults)
        return findings + _mappings(folder)
    except registry.BadAdapter as error:
        findings.append(Finding("-", 1, "-", str(error), "Remove or repair that distribution."))
        return findings + _mappings(folder)
    findings += _used(project)
    findings += _mappings(folder)
    findings += _keys(project, clock, ready)
    findings += _secrets(project, ready)
    findings += _database(project, ready)
    return findings


def _of_fault(fault: Fault) -> Finding:
    return Finding(fault.file, fault.line, fault.key, fault.message, fault.remedy)


def _contracts(folder: Path) -> Iterator[Finding]:
    """Every pinned schema and WSDL must be understood as a whole."""
    contracts = Folder(folder / "xsd")
    for file in sorted(contracts.path.rglob("*")):
        name = file.relative_to(contracts.path).as_posix()
        try:
            if file.suffix == ".xsd":
                schema_of(contracts, name)
            for service, port in _ports(contracts, name) if file.suffix == ".wsdl" else ():
                load_contract(contracts.path, name, service=service, port=port)
        except ContractError as error:
            message = str(error).removeprefix(f"{name}: ")
            yield Finding(
                f"xsd/{name}", 1, "-", message, "Repair the file, or fetch it from its owner again."
            )


def _ports(contracts: Folder, name: str) -> list[tuple[str | None, str | None]]:
    """Service and port of everything that a WSDL offers."""
    root = parse_contract(contracts.read(name), name)
    return [
        (service.get("name"), port.get("name"))
        for service in root.iterfind(f"{{{WSDL}}}service")
        for port in service.iterfind(f"{{{WSDL}}}port")
    ]


def _used(project: Project) -> Iterator[Finding]:
    for name in project.missing_mappings():
        yield Finding(
            "config", 1, name, "is a mapping that is used and does not exist", f"Write mappings/{name}."
        )


def _mappings(folder: Path) -> list[Finding]:
    findings = collection.check_all(folder)
    if not any(finding.severity == "error" for finding in findings):
        for mapping in collection.load_all(folder):
            findings += _golden(mapping)
    return findings


def _golden(mapping: FieldMapping) -> Iterator[Finding]:
    """Golden cases that do not come out as written."""
    try:
        for case in cases.cases(mapping):
            if not mapping.in_force(case.on):
                continue
            result = cases.run_case(mapping, case)
            if not result.passed:
                remedy = f"Run: lienthong mapping check {mapping.name}"
                file = case.expected if case.expected.is_file() else case.source
                place = f"mappings/{mapping.name}/cases/{file.name}"
                yield Finding(place, 1, case.name, f"is not mapped as expected: {result}", remedy)
    except MappingFault as fault:
        yield from fault.findings


def _keys(project: Project, clock: Clock, ready: bool) -> Iterator[Finding]:
    """The hub's keys and the certificates that it works with: there, readable, and valid for a while."""
    folder, name = project.path(project.hub.keys), project.hub.key
    create = f"Run: lienthong keys create {name}"
    if not folder.is_dir():
        yield Finding(str(project.hub.keys), 1, name, "there are no keys yet", create, _severity(ready))
        return
    ring = ring_of(project, clock)
    try:
        ring.load(ring.active())
        load_note_key(folder, name)
        load_vault(folder)
        found = endings(project, ring)
    except KeyProblem as error:
        yield Finding(str(project.hub.keys), 1, name, str(error), create)
        return
    except SecretMissing:
        return  # said already, among the secrets
    for ending in found:
        yield from _ending(ending, clock(), max(project.hub.evidence.expiry, default=0))
    yield from _unasked(project)


def _ending(ending: Ending, now: datetime, soon: int) -> Iterator[Finding]:
    message = f"the certificate is valid from {ending.start:%Y-%m-%d} to {ending.until:%Y-%m-%d}"
    if not ending.start <= now <= ending.until:
        yield Finding(ending.place, 1, "certificate", message, "Get a new one.")
    elif ending.days_left(now) < soon:
        yield Finding(ending.place, 1, "certificate", message, "Renew it in time.", "warning")


def _unasked(project: Project) -> Iterator[Finding]:
    """Issuers that certificates name and that may not be asked: messages would be refused."""
    settings = project.hub.evidence.revocation
    if settings.check == "off":
        return
    hosts = ListedHosts(settings.hosts)
    for certificate, _ in Partners(project).all.links():
        where = sources(certificate)
        for url in (*where.responders, *where.lists):
            if not hosts.allows(url):
                message = f"{name_of(certificate)} names {url}, which may not be asked about revocation"
                remedy = "List its host in evidence.revocation.hosts."
                yield Finding("config/hub.yaml", 1, "evidence.revocation.hosts", message, remedy, "warning")


def _secrets(project: Project, ready: bool) -> Iterator[Finding]:
    """Secrets must be where the configuration says. Their values are looked at by nobody."""
    missing = []
    for name in project.hub.secrets:
        try:
            project.secrets.get(name)
        except SecretMissing:
            missing.append(name)
    if missing:
        message = f"not where they should be: {', '.join(missing)}"
        remedy = "Put each at the place that is written beside its name."
        yield Finding("config/hub.yaml", 1, "secrets", message, remedy, _severity(ready))


def _database(project: Project, ready: bool) -> Iterator[Finding]:
    remedy = "Run: lienthong db upgrade"
    try:
        found, needed = migrations.current(project.database_url), migrations.head()
    except SecretMissing:
        return  # said already, among the secrets
    except StoreError as error:
        message = f"the database cannot be opened: {error}"
        yield Finding("config/hub.yaml", 1, "database", message, remedy, _severity(ready))
        return
    if found != needed:
        message = f"the database is at revision {found}, this program needs {needed}"
        severity = "error" if found else _severity(ready)
        yield Finding("config/hub.yaml", 1, "database", message, remedy, severity)


def _severity(ready: bool) -> Severity:
    """What is not set up yet is wrong only for somebody who wants to run it now."""
    return "error" if ready else "warning"
