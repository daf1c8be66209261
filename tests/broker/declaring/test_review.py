"""The review finds what the destinations would find, where the citizen can mend it; and what it passes, passes."""

from __future__ import annotations

import dataclasses
import functools
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from broker.agency import Agency
from broker.canonical import build
from broker.canonical.document import as_tree, declaration_of, find, tag
from broker.canonical.plan import Node
from broker.canonical.schemas import Schemas
from broker.clock import local_day
from broker.config.project import Project
from broker.declaring.meanings import Meanings
from broker.declaring.review import Review, Reviewer
from broker.hub import Hub
from broker.mapping import codes
from broker.routing import Router
from lienthong.demo.death import Death
from lienthong.demo.document import Birth, submission
from tests import births
from tests.worlds import MONDAY, ROOT, birth, mappings, population

REGISTERED = (
    '<Registration xmlns="urn:lienthong:1.0"><PersonalNumber>001326000123</PersonalNumber><Number>1234/2026</Number>'
    "<Book>01/2026</Book><Page>7</Page><RegisteredOn>2026-11-23</RegisteredOn><ChildName>{}</ChildName></Registration>"
)


@functools.cache
def parts() -> tuple[Project, Schemas, dict[str, Agency], Router, Reviewer]:
    """A reviewer over the real mappings, with agencies that cannot send."""
    project, schemas = Project.load(ROOT), Schemas(ROOT)
    agencies = {name: Agency(config, mappings()) for name, config in project.agencies.items()}
    peoples = codes.load(ROOT / "mappings/codes/ethnic-names.yaml", ROOT)
    router = Router(project.units, project.calendar.zone, peoples)
    book = Hub.book.func(cast("Any", SimpleNamespace(project=project, agencies=agencies)))  # type: ignore[attr-defined]
    meanings = Meanings(project.words.lists, project.units)
    reviewer = Reviewer(schemas, book, agencies, router, meanings, "G22.99.08", lambda _: [])
    return project, schemas, agencies, router, reviewer


def declared(one: Birth | Death) -> Node:
    """The declaration of a birth or a death."""
    document = submission(one, message_id="message-0001", portal_code=None, officer="CB1", unit="H1")
    found = declaration_of(as_tree(document))
    assert found is not None
    return found


def reviewed(declaration: Node) -> Review:
    """The review as of a Monday morning."""
    return parts()[4].review(declaration, MONDAY)


def test_a_code_that_no_unit_has_and_a_name_too_long() -> None:
    """Each problem is told once, with the steps whose form it concerns, and nothing of it names a value (T17)."""
    declaration = declared(birth())
    given_name = find(declaration, "Child/Name/Given")
    commune = find(declaration, "Choices/ResidenceOffice/Commune")
    assert given_name is not None
    assert commune is not None
    given_name.text, commune.text = "Ánh" * 11, "99999"
    found = {one.field: one for one in reviewed(declaration).found}
    assert set(found) == {"Child/Name/Given", "Choices/ResidenceOffice/Commune"}
    assert found["Child/Name/Given"].steps == ("registration",)
    assert "Ánh" not in found["Child/Name/Given"].vi


def test_an_incomplete_declaration_is_reviewed_as_far_as_it_goes() -> None:
    """What is missing is told by the declaration's own schema; a destination that misses it too is named there."""
    declaration = declared(birth())
    mother = find(declaration, "Mother")
    assert mother is not None
    for path in ("Mother/Name", "Household/HeadName"):
        node = find(declaration, path)
        assert node is not None
        cast("Node", node.getparent()).remove(node)
    review = reviewed(declaration)
    fields = {one.field: one.steps for one in review.found}
    assert not review.ready
    assert fields["Household/HeadName"] == ("residence",)
    assert "Mother/Name" in fields
    assert {form.rule.id for form in review.forms if form.document is not None} == {
        "registration",
        "identity-card",
    }, "the card shows the mother's name"
    empty = etree.Element(tag("BirthDeclaration"))
    assert {one.field for one in reviewed(empty).found} >= {"Choices", "Applicant", "Child"}


_WORDS = st.sampled_from(["An", "Bảo", "Thuỳ Dương", "Nguyệt Ánh Tuyết Mai Phương Thảo", "Ư", "Ngọc" * 9])
_SHAPES = st.sampled_from(
    [
        birth,
        births.mother_only,
        births.foundling,
        births.two_provinces,
        lambda: birth(insurance=None, identity_card=None),
    ]
)


@st.composite
def drawn(draw: st.DrawFn) -> Birth:
    """A birth of some kind, with names of any length, on any day on which it can be registered in time."""
    plain: Birth = draw(_SHAPES)()
    family = (plain.name or ("Trần", "", ""))[0]
    day = date(2026, 11, draw(st.integers(1, 23)))
    name = (family, draw(st.one_of(st.none(), _WORDS)), draw(_WORDS))
    return dataclasses.replace(plain, name=name, born=day, sex=draw(st.sampled_from("12")))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(one=drawn())
def test_what_the_review_passes_is_taken_by_everybody(one: Birth) -> None:
    """No problem found ⇒ intake takes the declaration, and every form can be made once the birth is registered."""
    _, schemas, agencies, router, _ = parts()
    declaration = declared(one)
    review = reviewed(declaration)
    if not review.ready:
        assert all(found.field for found in review.found), "each can be mended somewhere"
        return
    rules = review.engine.rules
    assert schemas.validate(declaration, "BirthDeclaration", received=MONDAY) == []
    assert router.problems(rules, declaration, MONDAY) == ()
    name = " ".join(part for part in one.name or () if part).upper()
    for form in review.forms:
        head = build.Head(
            "G22.99.08-261123-000001", {"dvcqg": "A"}, form.rule.id, rules.procedure, "k:1", MONDAY, form.due
        )
        basis = REGISTERED.format(name).encode() if form.rule.after else None
        source = build.step("BirthStep", head, declaration, basis)
        agency = agencies[form.rule.agency]
        operation = agency.operation_for("submit", form.rule.id)
        assert agency.payload(operation, source, local_day(MONDAY), form.rule.mapping)


def test_a_death_is_reviewed_like_a_birth() -> None:
    """The review knows no process: an empty death declaration names what is missing in it."""
    review = reviewed(etree.Element(tag("DeathDeclaration")))
    assert review.engine.process.process == "death"
    assert {one.field for one in review.found} >= {"Choices", "Applicant", "Deceased"}
    assert population().couples()
