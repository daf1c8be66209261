"""The declarations of the demo."""

from __future__ import annotations

import functools
from collections import Counter
from datetime import date

from broker.canonical.schemas import Schemas
from lienthong.demo.case import DOORS, Case
from lienthong.demo.cases import cases
from lienthong.demo.death_cases import careless
from lienthong.demo.document import consent, declaration, submission
from lienthong.demo.families import Families
from tests.worlds import MONDAY, ROOT, population

TODAY = date(2026, 11, 23)


@functools.cache
def schemas() -> Schemas:
    """The canonical contract."""
    return Schemas(ROOT)


def families() -> Families:
    """The register, from which nobody has been taken yet."""
    return Families(population(), TODAY)


def document(case: Case) -> bytes:
    """What the portal sends."""
    return submission(
        case.event, message_id="message-0001", portal_code=None, officer="CB000001", unit="G22.99.08"
    )


def test_forty_births_and_twenty_deaths_over_all_doors() -> None:
    """Every door is used for both groups, and every death is somebody else's."""
    found = cases(families())
    assert Counter(case.group for case in found) == {"birth": 40, "death": 20}
    assert {(case.group, case.door) for case in found} == {
        (group, door) for group in ("birth", "death") for door in DOORS
    }
    deaths = [case.person for case in found if case.group == "death"]
    assert len(set(deaths)) == len(deaths)


def test_what_should_be_taken_in_can_be() -> None:
    """Every declaration is right, but for those that are to be refused at the door."""
    for case in cases(families()):
        problems = schemas().validate(document(case), "SubmitRequest", received=MONDAY)
        assert not problems or case.ends == "refused", (case.name, problems)
        assert problems or case.ends != "refused" or case.written is not None, case.name


def test_the_demo_is_the_same_every_time() -> None:
    """People and names are drawn in one order."""
    assert [document(case) for case in cases(families())] == [document(case) for case in cases(families())]


def test_a_careless_declaration_has_problems() -> None:
    """What is reviewed would be refused, for more than one reason."""
    one = careless(families())
    assert len(schemas().validate(declaration(one), "DeathDeclaration", received=MONDAY)) > 2


def test_a_consent_is_a_message_of_the_contract() -> None:
    """A relative who agrees says so in a ConsentRequest."""
    said = consent(
        "G22.99.08-261123-000001",
        message_id="message-0001",
        officer="CB000001",
        unit="G22.99.08",
        number="001160000001",
    )
    assert schemas().validate(said, "ConsentRequest") == []
