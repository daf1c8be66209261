"""The synthetic population."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest

from sandbox.core.places import commune
from sandbox.dancu.population import Population, generate


@pytest.fixture(scope="module")
def people() -> Population:
    """The default population."""
    return generate()


def test_same_seed_gives_same_people(people: Population) -> None:
    """A declaration that is built in one process matches the register of another."""
    assert generate.__wrapped__(1).people == people.people
    assert generate(2).people != people.people


def test_some_thousand_people_of_all_groups(people: Population) -> None:
    """Every ethnic group of the official list lives here."""
    assert len(people.citizens()) > 2000
    assert {person.ethnicity for person in people.people} == {f"{code:02d}" for code in range(1, 55)}


def test_names_are_composed_unicode(people: Population) -> None:
    """A decomposed name would be another name to every register."""
    assert all(unicodedata.is_normalized("NFC", person.full_name) for person in people.people)
    assert all(person.full_name == " ".join(person.full_name.split()) for person in people.people)


def test_couples_are_married_to_each_other(people: Population) -> None:
    """Husband and wife live together, name each other, and are old enough."""
    for couple in people.couples():
        assert (couple.husband.spouse, couple.wife.spouse) == (couple.wife.number, couple.husband.number)
        assert couple.husband.household == couple.wife.household
        assert (couple.husband.sex, couple.wife.sex) == ("1", "2")


def test_parents_are_older_than_children(people: Population) -> None:
    """A mother is at least 18 years older than her child."""
    for child in people.people:
        if child.mother is not None:
            assert people.by_number[child.mother].birth_year + 18 <= child.birth_year


def test_three_generations_live_together(people: Population) -> None:
    """Some grandchildren live in the household of a grandparent."""
    child = next(person for person in people.people if person.relation == "Cháu nội")
    household = people.household(child)
    assert household[0].number == child.head
    assert people.by_number[child.father or ""].father == child.head


@pytest.mark.parametrize(
    "group", ["couples", "single_mothers", "one_person_households", "year_only", "lumped"]
)
def test_every_kind_of_case_is_there(people: Population, group: str) -> None:
    """Declarations of every kind can be built many times over."""
    assert len(getattr(people, group)()) >= 40


def test_single_mothers_have_no_husband(people: Population) -> None:
    """They are women without a spouse."""
    assert all(person.spouse is None and person.sex == "2" for person in people.single_mothers())


def test_year_only_people_are_old(people: Population) -> None:
    """Only people born long ago may lack a date of birth."""
    assert all(person.birth_year < people.today.year - 50 for person in people.year_only())


def test_some_heads_are_wives(people: Population) -> None:
    """No default for the household head can be right: in some families it is the mother."""
    assert any(couple.wife.head == couple.wife.number for couple in people.couples())


def test_addresses_exist(people: Population) -> None:
    """Communes are real, and lie in the province that is given."""
    for person in people.people:
        place = commune(person.residence.commune)
        assert place is not None
        assert place.province == person.residence.province


def test_nobody_is_born_in_the_future() -> None:
    """Infants are born before the day that ages are counted from."""
    today = date(2026, 6, 15)
    assert max(person.birth for person in generate(5, 200, today).people) < today.isoformat()
