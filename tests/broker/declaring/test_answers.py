"""The documents of declaring.xsd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from broker.canonical.document import tag
from broker.clock import local_day
from broker.declaring import answers
from broker.declaring.meanings import Meanings
from broker.model import Problem
from broker.store.drafts import Draft
from signing.xml import parse
from tests.broker.declaring.test_review import declared, parts, reviewed
from tests.worlds import MONDAY, birth

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DRAFT = Draft(
    "draft-0001", "client:dvcqg", "birth", 3, AT, AT, b'<BirthDeclaration xmlns="urn:lienthong:1.0"/>'
)
DAY = local_day(MONDAY)


def values(document: bytes, *names: str) -> list[str | None]:
    """Texts of the root's children with these names."""
    root = parse(document)
    return [root.findtext(tag(name)) for name in names]


def test_procedures_of_a_day() -> None:
    """Each procedure in force is told with its basis, its form, and every step with who settles it and until when."""
    project, _, agencies, *_ = parts()
    in_force = [(one, one.rule_sets[-1]) for one in project.processes.values()]
    root = parse(answers.procedures(DAY, in_force, agencies))
    assert root.findtext(tag("On")) == DAY.isoformat()
    assert [node.findtext(tag("Process")) for node in root.iterfind(tag("Procedure"))] == list(
        project.processes
    )
    steps = [node.findtext(tag("AgencyName")) for node in root.iter(tag("Step"))]
    assert len(steps) == sum(len(rules.steps) for _, rules in in_force)
    assert all(steps)


def test_units() -> None:
    """A unit is its code and its name."""
    project, *_ = parts()
    province = project.units.province("01", DAY)
    assert province is not None
    root = parse(answers.units(DAY, [province]))
    assert [node.text for node in root[1]] == [province.code, province.name]


@pytest.mark.parametrize("ready", [True, False])
def test_a_review(ready: bool) -> None:
    """What was found is told at its field with the steps it concerns; each agency's form follows, line by line."""
    project, *_ = parts()
    result = reviewed(declared(birth() if ready else birth(name=("Trịnh", "Minh", "A" * 31))))
    document = answers.review(result, Meanings(project.words.lists, project.units))
    root = parse(document)
    assert values(document, "Ready", "Process") == [str(ready).lower(), "birth"]
    assert [node.findtext(tag("Field")) for node in root.iterfind(tag("Problem"))] == (
        [] if ready else ["Child/Name/Given"]
    )
    forms = root.findall(tag("AgencyForm"))
    assert [node.findtext(tag("Step")) for node in forms] == [form.rule.id for form in result.forms]
    assert [node.find(tag("Line")) is not None for node in forms] == [
        bool(form.lines) for form in result.forms
    ]


def test_a_draft_has_its_declaration_inside() -> None:
    """Version, end and problems stand around the declaration as it is; a submitted draft has none."""
    problem = Problem("Child", "Thiếu thông tin trẻ.", "The child is missing.")
    root = parse(answers.draft(DRAFT, AT + timedelta(days=30), [problem]))
    assert root.findtext(tag("Version")) == "3"
    assert root.findtext(f"{tag('Problem')}/{tag('Field')}") == "Child"
    assert root[-1].tag == tag("BirthDeclaration")


def test_drafts_are_listed_with_their_dossiers() -> None:
    """A draft that was submitted is listed with the code that it got."""
    root = parse(answers.drafts([(DRAFT, None), (DRAFT, "G22.99.08-1")]))
    assert [node.findtext(tag("DossierCode")) for node in root] == [None, "G22.99.08-1"]
