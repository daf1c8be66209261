"""How a dossier stands, for whoever asks: plain values, and the StatusResponse that says them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime

from lxml import etree

from broker.canonical import document as documents
from broker.canonical.build import fit, put, put_codes, start
from broker.canonical.document import tag
from broker.canonical.plan import Node
from broker.model import CorrectionState, DossierState, StepState, Transition
from signing.xml import serialize


@dataclasses.dataclass(frozen=True, slots=True)
class Missing:
    """Something asked of the citizen, of the whole dossier if ``step`` is None."""

    what: str
    step: str | None = None
    field: str | None = None
    due: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """What the population database said of one field; ``verdict`` is match, differs or unknown."""

    person: str
    field: str
    verdict: str


@dataclasses.dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a result for a keeper; ``state`` is confirmed, waiting or failed, since ``at``."""

    step: str
    keeper: str
    state: str
    at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class StepStatus:
    """One agency's part. ``holder``: who has it now; ``result``: the result element as XML.

    ``correction``: how the agency took the correction of a result on which the step was built.
    """

    id: str
    name: str
    agency: str
    state: StepState
    holder: str
    since: datetime
    due: datetime | None = None
    overdue: bool = False
    reason: str | None = None
    agency_code: str | None = None
    result: bytes | None = None
    correction: CorrectionState | None = None
    correction_note: str | None = None
    copies: tuple[Copy, ...] = ()
    transitions: tuple[Transition, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Status:
    """A dossier as its sender may see it. ``codes``: system → code."""

    dossier_code: str
    codes: Mapping[str, str]
    procedure: str
    received_at: datetime
    state: DossierState
    due: datetime | None = None
    reason: str | None = None
    missing: tuple[Missing, ...] = ()
    checks: tuple[Check, ...] = ()
    steps: tuple[StepStatus, ...] = ()


def status_response(status: Status) -> bytes:
    """The StatusResponse document."""
    root = start("StatusResponse")
    put(root, "DossierCode", status.dossier_code)
    put_codes(root, status.codes)
    put(root, "Procedure", status.procedure)
    put(root, "ReceivedAt", status.received_at)
    put(root, "Due", status.due)
    put(root, "State", status.state.value)
    put(root, "Reason", fit(status.reason))
    for missing in status.missing:
        _missing(etree.SubElement(root, tag("Missing")), missing)
    for check in status.checks:
        _check(etree.SubElement(root, tag("Check")), check)
    for step in status.steps:
        _step(etree.SubElement(root, tag("Step")), step)
    return serialize(root)


def _missing(node: Node, missing: Missing) -> None:
    put(node, "Step", missing.step)
    put(node, "Field", fit(missing.field, 64))
    put(node, "What", fit(missing.what))
    put(node, "Due", missing.due)


def _check(node: Node, check: Check) -> None:
    put(node, "Person", check.person)
    put(node, "Field", check.field)
    put(node, "Verdict", check.verdict)


def _step(node: Node, step: StepStatus) -> None:
    put(node, "Id", step.id)
    put(node, "Name", fit(step.name, 250))
    put(node, "Agency", step.agency)
    put(node, "State", step.state.value)
    put(node, "Holder", fit(step.holder, 250))
    put(node, "Since", step.since)
    put(node, "Due", step.due)
    put(node, "Overdue", step.overdue)
    put(node, "Reason", fit(step.reason))
    put(node, "AgencyCode", step.agency_code)
    if step.result is not None:
        node.append(documents.read(step.result))
    if step.correction is not None:
        correction = etree.SubElement(node, tag("Correction"))
        put(correction, "State", step.correction.value)
        put(correction, "Note", fit(step.correction_note))
    for copy in step.copies:
        kept = etree.SubElement(node, tag("Copy"))
        put(kept, "Keeper", copy.keeper)
        put(kept, "CopyState", copy.state)
        put(kept, "At", copy.at)
    for transition in step.transitions:
        _transition(etree.SubElement(node, tag("Transition")), transition)


def _transition(node: Node, transition: Transition) -> None:
    put(node, "State", transition.state.value)
    put(node, "At", transition.at)
    put(node, "Source", transition.source)
    put(node, "Inferred", transition.inferred)
    put(node, "Note", fit(transition.note))
