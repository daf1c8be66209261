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
from broker.declaring.basis import Basis, stood_in
from broker.declaring.meanings import Meanings
from broker.declaring.review import Review, Reviewer
from broker.hub import Hub
from broker.mapping import codes
from broker.routing import Router
from lienthong.demo.death import Death
from lienthong.demo.document import Birth, submission
from signing.xml import serialize
from tests import births
from tests.cases.test_funeral_support import supported
from tests.cases.test_insurance import insured, lump_sum
from tests.worlds import MONDAY, ROOT, birth, death, mappings, population

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
    """The declaration of a birth or a death, with the code of the paper that a health facility has given."""
    if isinstance(one, Birth):
        one = dataclasses.replace(one, certificate="00001.GCS.01005.26")
    elif one.notice is not None:
        one = dataclasses.replace(one, notice=dataclasses.replace(one.notice, code="00001.GBT.01005.26"))
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


def taken_by_everybody(declaration: Node, review: Review, result: bytes) -> None:
    """Intake takes the declaration, and every form can be made once civil status has given its result."""
    _, schemas, agencies, router, _ = parts()
    rules, process = review.engine.rules, review.engine.process
    assert schemas.validate(declaration, process.document, received=MONDAY) == []
    assert router.problems(rules, declaration, MONDAY) == ()
    for form in review.forms:
        head = build.Head(
            "G22.99.08-261123-000001", {"dvcqg": "A"}, form.rule.id, rules.procedure, "k:1", MONDAY, form.due
        )
        source = build.step(process.step_document, head, declaration, result if form.rule.after else None)
        agency = stood_in(agencies[form.rule.agency])
        operation = agency.operation_for("submit", form.rule.id)
        assert agency.payload(operation, source, local_day(MONDAY), form.rule.mapping)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(one=drawn())
def test_what_the_review_passes_is_taken_by_everybody(one: Birth) -> None:
    """No problem found ⇒ intake takes the declaration, and every form can be made once the birth is registered."""
    declaration = declared(one)
    review = reviewed(declaration)
    if not review.ready:
        assert all(found.field for found in review.found), "each can be mended somewhere"
        return
    name = " ".join(part for part in one.name or () if part).upper()
    taken_by_everybody(declaration, review, REGISTERED.format(name).encode())


@st.composite
def drawn_deaths(draw: st.DrawFn) -> Death:
    """A death with any choice of procedures, a name of any length, a time that is known as far as it is."""
    number, case = draw(st.integers(0, 3)), draw(st.sampled_from("123456"))
    funeral = draw(st.booleans())
    lump = lump_sum(number) if draw(st.booleans()) else {}
    one = insured(case, number, funeral=funeral, **lump)
    kinds = draw(st.sets(st.sampled_from(["merit", "protection", "emergency"])))
    if kinds:
        help_ = supported(*kinds, number=number)
        offices = {f"{kind}_funeral": help_.registration for kind in kinds}
        one = dataclasses.replace(one, funeral=help_.funeral, merit=help_.merit, **offices)
    if draw(st.booleans()):
        one = dataclasses.replace(one, notice=None)
    if draw(st.booleans()):
        one = dataclasses.replace(one, residence=None, household=None)
    person = dataclasses.replace(one.deceased, middle=draw(_WORDS), given=draw(_WORDS))
    died = draw(st.sampled_from(["2026-11-20", "2026-11", "2026-11-23"]))
    time = draw(st.sampled_from([None, "04:30"])) if len(died) == len("2026-11-20") else None
    return dataclasses.replace(one, deceased=person, died=died, time=time)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(one=drawn_deaths())
def test_what_the_review_passes_of_a_death_is_taken_by_everybody(one: Death) -> None:
    """The same for deaths: residence, social insurance and social protection, alone and together."""
    declaration = declared(one)
    review = reviewed(declaration)
    if not review.ready:
        assert all(found.field for found in review.found), "each can be mended somewhere"
        return
    result = Basis.of(parts()[1].elements["DeathStep"]).placeholder(declaration, MONDAY.date())
    assert result is not None
    for path, text in (("Number", "57"), ("Book", "01/2026"), ("Certificate/Kind", "KQ.G15.000034")):
        node = find(result, path)
        assert node is not None
        node.text = text
    taken_by_everybody(declaration, review, serialize(result))


def test_a_paper_that_is_missing() -> None:
    """A required paper is asked for at the attachments, with the step that needs it; the code of the facility, another
    case or the paper itself stand in for it.
    """
    declaration = declared(insured("1", **lump_sum(consent="given-paper")))
    code = find(declaration, "DeathPaper/Code")
    assert code is not None
    cast("Node", code.getparent()).remove(code)
    found = [(one.field, one.steps, one.vi) for one in reviewed(declaration).found]
    wanting = [("registration",), ("survivor-allowance",)]
    assert [one[:2] for one in found] == [("Attachments", steps) for steps in wanting]
    assert {one[2].partition(": ")[2].split()[0] for one in found} == {"giấy", "Mẫu"}
    papers = etree.SubElement(declaration, tag("Attachments"))
    for kind in ("death-paper", "survivors-form"):
        etree.SubElement(etree.SubElement(papers, tag("Attachment")), tag("Kind")).text = kind
    assert not any(one.vi.startswith("Thiếu giấy tờ") for one in reviewed(declaration).found)
    at_home = declared(dataclasses.replace(death(), notice=None))
    assert reviewed(at_home).ready


def test_every_kind_of_support_is_reviewed_at_once() -> None:
    """A pensioner of merit with survivors: seven forms, none with a problem; the unit is the one of its own step."""
    one = insured("1", **lump_sum())
    merit = supported("merit")
    elsewhere = supported("merit", number=3).registration
    one = dataclasses.replace(
        one, merit=merit.merit, merit_funeral=elsewhere, protection_funeral=one.registration
    )
    review = reviewed(declared(one))
    assert [(found.field, found.vi) for found in review.found] == []
    forms = {form.rule.id: {line.path: line for line in form.lines} for form in review.forms}
    assert len(forms) == 7
    assert forms["funeral-merit"]["DonViXuLy"].field == "Choices/MeritFuneralOffice/Commune"
    assert forms["funeral-protection"]["DonViXuLy"].field == "Choices/ProtectionFuneralOffice/Commune"
    assert forms["funeral-insurance"]["MAITANGPHI/SO_KT"].pending
    assert not any(path.endswith("DULIEU") for path in forms["funeral-insurance"]), "nothing to read"


def test_a_death_is_reviewed_like_a_birth() -> None:
    """The review knows no process: an empty death declaration names what is missing in it."""
    review = reviewed(etree.Element(tag("DeathDeclaration")))
    assert review.engine.process.process == "death"
    assert {one.field for one in review.found} >= {"Choices", "Applicant", "Deceased"}
    assert population().couples()
