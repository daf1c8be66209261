"""Writes the documents of declaring.xsd."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from lxml import etree

from broker.agency import Agency
from broker.canonical import document as documents
from broker.canonical.build import fit, put, start
from broker.canonical.document import tag
from broker.canonical.plan import Node
from broker.communes import Commune
from broker.declaring.forms import Line, readable
from broker.declaring.meanings import Meanings
from broker.declaring.review import Form, Found, Review
from broker.model import Problem
from broker.process.rules import Process, RuleSet, StepRule
from broker.store.drafts import Draft
from broker.units import Province
from signing.xml import serialize

_LINE = 250


def procedures(
    on: date, in_force: Iterable[tuple[Process, RuleSet]], agencies: Mapping[str, Agency]
) -> bytes:
    """A ProceduresResponse."""
    root = start("ProceduresResponse")
    put(root, "On", on)
    for process, rules in in_force:
        _procedure(etree.SubElement(root, tag("Procedure")), process, rules, agencies)
    return serialize(root)


def _procedure(node: Node, process: Process, rules: RuleSet, agencies: Mapping[str, Agency]) -> None:
    put(node, "Process", process.process)
    put(node, "Name", fit(process.name.vi, _LINE))
    for code in rules.procedures:
        put(node, "Code", code)
    put(node, "Basis", fit(rules.basis, _LINE))
    put(node, "Form", fit(rules.form, _LINE))
    put(node, "Declaration", process.document)
    put(node, "Total", str(rules.total))
    for rule in rules.steps:
        step = etree.SubElement(node, tag("Step"))
        put(step, "Id", rule.id)
        put(step, "Name", rule.name.vi)
        put(step, "Agency", rule.agency)
        put(step, "AgencyName", agencies[rule.agency].config.name.vi)
        put(step, "Office", rule.office)
        put(step, "Optional", rule.chosen_by is not None)
        for before in rule.after:
            put(step, "After", before)
        put(step, "Deadline", str(rule.deadline))
        _costs(step, rule)
        put(step, "Result", None if rule.paper is None else rule.paper.vi)


def _costs(step: Node, rule: StepRule) -> None:
    """What the citizen pays and brings."""
    if rule.fee is not None:
        fee = etree.SubElement(step, tag("Fee"))
        for name, value in (("Amount", str(rule.fee.amount)), ("Vi", rule.fee.vi), ("En", rule.fee.en)):
            put(fee, name, value)
    for paper in rule.papers:
        node = etree.SubElement(step, tag("Paper"))
        for kind in paper.kinds:
            put(node, "Kind", kind)
        put(node, "Vi", paper.vi)
        put(node, "En", paper.en)
        put(node, "Required", paper.required)


def units(on: date, found: Iterable[Province | Commune]) -> bytes:
    """A UnitsResponse."""
    root = start("UnitsResponse")
    put(root, "On", on)
    for unit in found:
        node = etree.SubElement(root, tag("Unit"))
        put(node, "Code", unit.code)
        put(node, "Name", unit.name)
    return serialize(root)


def review(result: Review, meanings: Meanings) -> bytes:
    """A ReviewResponse."""
    root = start("ReviewResponse")
    put(root, "Process", result.engine.process.process)
    put(root, "Procedure", result.engine.rules.procedure)
    put(root, "Form", fit(result.engine.rules.form, _LINE))
    put(root, "Due", result.due)
    put(root, "Ready", result.ready)
    for one in result.found:
        _problem(root, one)
    for form in result.forms:
        _form(etree.SubElement(root, tag("AgencyForm")), form, meanings, result.at)
    return serialize(root)


def _problem(root: Node, one: Found) -> None:
    node = etree.SubElement(root, tag("Problem"))
    put(node, "Field", fit(one.field, _LINE))
    put(node, "Vi", fit(one.vi))
    put(node, "En", fit(one.en))
    put(node, "Warning", one.warning)
    for step in one.steps:
        put(node, "Step", step)


def _form(node: Node, form: Form, meanings: Meanings, at: datetime) -> None:
    put(node, "Step", form.rule.id)
    put(node, "Name", form.rule.name.vi)
    put(node, "Agency", form.agency.id)
    put(node, "AgencyName", form.agency.config.name.vi)
    if form.office is not None and all(form.office):
        office = etree.SubElement(node, tag("Office"))
        for name, code in zip(("Province", "Commune"), form.office, strict=True):
            put(office, name, code)
        put(node, "OfficeName", fit(meanings.place(*form.office, at.date()), _LINE))
    put(node, "Due", form.due)
    put(node, "Preliminary", form.preliminary)
    put(node, "Document", None if form.document is None else readable(form.document))
    for line in form.lines:
        _line(etree.SubElement(node, tag("Line")), line)


def _line(node: Node, line: Line) -> None:
    put(node, "Path", line.path)
    put(node, "Label", fit(line.label, _LINE))
    put(node, "Value", line.value)
    put(node, "Meaning", fit(line.meaning, _LINE))
    put(node, "Field", fit(line.field, _LINE))
    put(node, "Pending", line.pending)


def draft(
    one: Draft, expires: datetime, problems: Sequence[Problem], dossier_code: str | None = None
) -> bytes:
    """A Draft."""
    root = start("Draft")
    put(root, "Id", one.id)
    put(root, "Version", str(one.version))
    put(root, "Process", one.process)
    put(root, "CreatedAt", one.created_at)
    put(root, "ChangedAt", one.changed_at)
    put(root, "ExpiresAt", expires)
    put(root, "DossierCode", dossier_code)
    for notice in one.notices:
        put(root, "Notice", notice)
    for problem in problems:
        _problem(root, Found(problem.field, problem.vi, problem.en))
    if one.content is not None:
        root.append(copy.deepcopy(documents.read(one.content)))
    return serialize(root)


def drafts(found: Iterable[tuple[Draft, str | None]]) -> bytes:
    """A Drafts list: each draft with the code of its dossier, if it was submitted."""
    root = start("Drafts")
    for one, code in found:
        item = etree.SubElement(root, tag("Item"))
        put(item, "Id", one.id)
        put(item, "Version", str(one.version))
        put(item, "Process", one.process)
        put(item, "ChangedAt", one.changed_at)
        put(item, "DossierCode", code)
    return serialize(root)
