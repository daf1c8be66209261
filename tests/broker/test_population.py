"""The conversation with the population register, and what it proves field by field."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.canonical.document import find
from broker.canonical.plan import Node
from broker.canonical.read import Person, PersonRecord, Place
from broker.dates import PartialDate
from broker.population import Check, Declared, Query, checks, declared
from tests.broker.canonical.deaths import death
from tests.broker.families import FATHER, HEAD, MOTHER, Register, declaration, head_xml, person_xml


def verdicts(tree: Node, register: Register) -> dict[str, str]:
    """Path → what the register said, over all persons."""
    talks = [register.ask(check) for check in checks(tree)]
    return {verdict.path: verdict.outcome for talk in talks for verdict in talk.verdicts()}


def of_mother(**changes: str) -> dict[str, str]:
    """The verdicts on a mother declared with ``changes``, short."""
    found = verdicts(declaration(person_xml("Mother", MOTHER, **changes)), Register(MOTHER))
    return {path.removeprefix("Mother/"): outcome for path, outcome in found.items()}


def test_who_is_declared_as_the_register_holds_them_matches_in_one_question() -> None:
    """One look-up confirms all fields."""
    register = Register(MOTHER)
    found = verdicts(declaration(person_xml("Mother", MOTHER)), register)
    assert len(register.asked) == 1
    assert set(found.values()) == {"match"}
    assert len(found) == 6


@pytest.mark.parametrize(
    ("changes", "number", "name", "birth"),
    [
        ({"full_name": "Nguyễn Thị Hạnh"}, "match", "differs", "match"),
        ({"full_name": "Nguyễn Thị Hoa"}, "match", "differs", "match"),
        ({"birth_date": "1992-05-03"}, "match", "match", "differs"),
        ({"personal_number": "079192000999"}, "differs", "unknown", "unknown"),
        ({"full_name": "Lê An", "birth_date": "1990"}, "differs", "unknown", "unknown"),
        ({"birth_date": "1992"}, "match", "match", "match"),
        ({"full_name": "Nguyễn Thị Hoà"}, "match", "match", "match"),
    ],
)
def test_the_differing_field_is_named(changes: dict[str, str], number: str, name: str, birth: str) -> None:
    """The register only says "not found"; questions about two values at a time tell which one is wrong."""
    found = of_mother(**changes)
    assert (found["PersonalNumber"], found["Name"], found["BirthDate"]) == (number, name, birth)


def test_what_only_the_record_can_say_is_compared_or_unknown() -> None:
    """Ethnic group, nationality and residence."""
    assert of_mother(ethnicity="02")["Ethnicity"] == "differs"
    assert of_mother(birth_date="1992-05-03")["Ethnicity"] == "unknown"


@pytest.mark.parametrize(
    ("said", "held", "outcome"),
    [
        (("01", "00004"), ("01", "00004"), "match"),
        (("01", "00097"), ("01", "00001"), "match"),  # Phúc Xá went into Hồng Hà as a whole
        (("52", "23563"), ("64", "23560"), "match"),
        (("01", "00001"), ("01", "00097"), "unknown"),  # said by an old code
        (("01", "00008"), ("01", "00016"), "unknown"),  # old Ngọc Hà went to Ba Đình and Ngọc Hà
        (("01", "00025"), ("01", "00001"), "differs"),
        (("01", "00008"), ("01", "00025"), "unknown"),  # Giảng Võ, or old Ngọc Khánh that went to three
        (("01", "00004"), ("79", "26734"), "differs"),
        (("01", "00004"), ("01", "99999"), "unknown"),
        (("01", None), ("01", "00004"), "unknown"),
        (("01", None), ("01", None), "match"),
    ],
)
def test_a_residence_is_compared_through_the_reform(
    said: tuple[str, str | None], held: tuple[str, str | None], outcome: str
) -> None:
    """T38: the record may still have the old ward; where that went to several, nothing is proved."""
    there = dataclasses.replace(MOTHER, residence=Place("VN", *held))
    (check,) = checks(declaration(person_xml("Mother", MOTHER)))
    moved = Check(tuple(dataclasses.replace(person, place=said) for person in check.people))
    found = {verdict.field: verdict.outcome for verdict in Register(there).ask(moved).verdicts()}
    assert found["Residence"] == outcome


def test_a_year_alone_is_no_difference() -> None:
    """The register knows the father's year only: a whole date in the declaration agrees."""
    found = verdicts(declaration(person_xml("Father", FATHER, birth_date="1978-03-04")), Register(FATHER))
    assert found["Father/BirthDate"] == "match"


def test_a_person_without_a_number_is_not_asked_about() -> None:
    """A foreigner or an unknown number: nothing is known, and nobody was asked."""
    register = Register()
    (check,) = checks(declaration(person_xml("Father", FATHER, number=False)))
    found = register.ask(check).verdicts()
    assert register.asked == []
    assert {(verdict.outcome, verdict.asked) for verdict in found} == {("unknown", False)}


def test_a_mother_who_applies_is_asked_about_once() -> None:
    """The answer counts for both roles; each look-up of a citizen needs a reason."""
    tree = declaration(
        person_xml("Applicant", MOTHER), person_xml("Mother", MOTHER), person_xml("Father", FATHER)
    )
    assert [check.key for check in checks(tree)] == ["Applicant", "Father"]
    register = Register(MOTHER, FATHER)
    found = verdicts(tree, register)
    assert found["Applicant/Name"] == found["Mother/Name"] == "match"
    assert len(register.asked) == 2


def test_two_spellings_of_one_person_are_two_questions() -> None:
    """What differs between the roles is what must be found out."""
    tree = declaration(
        person_xml("Applicant", MOTHER), person_xml("Mother", MOTHER, full_name="Nguyễn Thị Hạnh")
    )
    found = verdicts(tree, Register(MOTHER))
    assert (found["Applicant/Name"], found["Mother/Name"]) == ("match", "differs")


def test_the_head_of_the_household_is_confirmed_without_a_birth_date() -> None:
    """The form has none; if name and number do not belong together, either may be wrong."""
    assert verdicts(declaration(head_xml(HEAD)), Register(HEAD)) == {
        "Household/HeadPersonalNumber": "match",
        "Household/HeadName": "match",
    }
    stranger = dataclasses.replace(HEAD, full_name="LÊ VĂN TÁM")
    assert verdicts(declaration(head_xml(stranger)), Register(HEAD)) == {
        "Household/HeadPersonalNumber": "unknown",
        "Household/HeadName": "differs",
    }


def test_a_query_is_a_canonical_document_on_behalf_of_an_officer() -> None:
    """Number, name and date as declared; who asks and why."""
    query = Query("lookup", "079192000111", "Nguyễn Thị Hòa", PartialDate(1992))
    text = query.document(request_id="r-1", officer="CB01", unit="26734", purpose="2.002621").decode()
    for part in (">lookup<", ">r-1<", ">CB01<", ">2.002621<", ">Nguyễn Thị Hòa<", ">1992<"):
        assert part in text


def test_answers_without_a_question_are_refused() -> None:
    """A conversation that has ended takes nothing more, and one under way gives no verdict."""
    check = Check((Declared("Mother", "079192000111", "Nguyễn Thị Hòa"),))
    with pytest.raises(ValueError, match="more to ask"):
        check.verdicts()
    ended = check.feed(PersonRecord(True))
    with pytest.raises(ValueError, match="nothing was asked"):
        ended.feed(PersonRecord(True))


def test_an_empty_declaration_has_nobody_to_check() -> None:
    """An abandoned child without applicant data gives no person."""
    assert list(declared(declaration())) == []


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=6, max_size=6), st.booleans())
def test_every_conversation_ends(answers: list[bool], dated: bool) -> None:
    """Whatever the register says, few questions suffice, and replaying the answers gives the same end."""
    person = Declared("Mother", "1" * 12, "Nguyễn Thuý Hòa", PartialDate(1992) if dated else None)
    check = Check((person,))
    for answer in answers:
        if check.next_query() is None:
            break
        check = check.feed(
            PersonRecord(answer, person=Person("1" * 12, "NGUYỄN THUÝ HÒA") if answer else None)
        )
    assert check.next_query() is None
    assert Check((person,), check.answers).verdicts() == check.verdicts()


def everybody(tree: Node) -> Register:
    """A register that holds everyone as they are declared."""
    return Register(
        *(
            Person(
                one.number or "",
                (one.name or "").upper(),
                "1",
                str(one.birth_date) if one.birth_date else "1950",
                one.ethnicity or "01",
                one.nationality or "VN",
                Place("VN", *one.place) if one.place else None,
            )
            for one in sorted(
                declared(tree), key=lambda one: sum(value is not None for value in dataclasses.astuple(one))
            )
        )
    )


def test_everybody_of_a_death_is_asked_about_once() -> None:
    """The deceased, the head, who receives money and each relative; the widower who is three of them once."""
    tree = death()
    roles = [tuple(person.role for person in check.people) for check in checks(tree)]
    assert roles == [("Applicant", "Recipient", "Relative[1]"), ("Deceased",), ("Relative[2]",), ("Head",)]
    found = verdicts(tree, everybody(tree))
    assert set(found.values()) == {"match"}
    assert {path.partition("/")[0] for path in found} == {
        "Applicant",
        "Deceased",
        "Funeral",
        "Household",
        "Survivors",
    }


def test_a_relative_is_told_apart_by_number() -> None:
    """A name that differs is reported at that relative's line."""
    tree = death()
    register = everybody(tree)
    name = find(tree, "Survivors/Relative[2]/Name")
    assert name is not None
    name.text = "Trần Văn Khác"
    found = verdicts(tree, register)
    assert found["Survivors/Relative[2]/Name"] == "differs"
    assert found["Survivors/Relative[1]/Name"] == "match"
