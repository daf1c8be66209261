"""What follows from verdicts."""

from __future__ import annotations

import pytest

from broker.canonical.document import find
from broker.dates import PartialDate
from broker.population import Declared, Verdict, checks
from broker.verdicts import Ask, Policy, Proceed, Refuse, apply, decide, number_warnings
from signing.xml import serialize
from tests.broker.canonical.deaths import death
from tests.broker.families import HEAD, MOTHER, Register, declaration, head_xml, person_xml

POLICY: Policy = {
    ("Applicant", "PersonalNumber", "differs"): "refuse",
    ("Mother", "Name", "differs"): "ask",
    ("Mother", "Name", "unknown"): "flag",
    ("Mother", "Ethnicity", "differs"): "flag",
}
NUMBER = Verdict("Applicant", "PersonalNumber", "differs", "Applicant/PersonalNumber")
NAME = Verdict("Mother", "Name", "differs", "Mother/Name")
ETHNICITY = Verdict("Mother", "Ethnicity", "differs", "Mother/Ethnicity")


def test_the_gravest_action_wins_and_brings_its_problems() -> None:
    """Refuse before ask before going on with flags."""
    assert isinstance(decide([NAME, NUMBER, ETHNICITY], POLICY), Refuse)
    ask = decide([NAME, ETHNICITY], POLICY)
    assert isinstance(ask, Ask)
    assert [problem.field for problem in ask.problems] == ["Mother/Name"]
    proceed = decide([ETHNICITY], POLICY)
    assert isinstance(proceed, Proceed)
    assert [problem.field for problem in proceed.flags] == ["Mother/Ethnicity"]


def test_what_matches_or_is_not_named_stops_nobody() -> None:
    """A match, a verdict without a rule, and a person whom nobody could ask about."""
    harmless = [
        Verdict("Mother", "Name", "match", "Mother/Name"),
        Verdict("Father", "Name", "differs", "Father/Name"),
        Verdict("Mother", "Name", "unknown", "Mother/Name", asked=False),
    ]
    assert decide(harmless, POLICY) == Proceed()


def test_problems_are_in_two_languages_and_name_no_value() -> None:
    """The citizen reads which field of whom; what the register holds stays there."""
    ask = decide([NAME], POLICY)
    assert isinstance(ask, Ask)
    assert ask.problems[0].vi.startswith(
        "Họ, chữ đệm và tên của mẹ không khớp với Cơ sở dữ liệu quốc gia về dân cư"
    )
    assert ask.problems[0].en.startswith("The name of the mother differs")
    unknown = decide([Verdict("Mother", "Name", "unknown", "Mother/Name")], POLICY)
    assert isinstance(unknown, Proceed)
    assert "không xác nhận được: họ, chữ đệm và tên của mẹ" in unknown.flags[0].vi


def test_values_say_what_the_register_thinks_of_them() -> None:
    """Marks go on the leaves of a copy; a residence has no place for one."""
    tree = declaration(person_xml("Mother", MOTHER, birth_date="1992-05-03"), head_xml(HEAD))
    register = Register(MOTHER, HEAD)
    found = [verdict for check in checks(tree) for verdict in register.ask(check).verdicts()]
    marked = serialize(apply(tree, found)).decode()
    assert '<Given verified="match">Hòa</Given>' in marked
    assert '<BirthDate verified="differs">1992-05-03</BirthDate>' in marked
    assert '<Ethnicity verified="unknown">' in marked
    assert f'<HeadName verified="match">{HEAD.full_name}</HeadName>' in marked
    assert "<Residence>" in marked
    assert b"verified" not in serialize(tree)


@pytest.mark.parametrize(
    ("number", "doubts"),
    [
        ("079192000111", []),
        ("052192000111", []),  # a province that is merged: numbers stay
        ("079092000111", ["sex"]),
        ("079193000111", ["year"]),
        ("079392000111", ["year"]),
        ("099192000111", ["province"]),
        ("179192000111", ["province"]),
        ("07919200011", []),
        (None, []),
    ],
)
def test_a_number_that_does_not_fit_its_owner_is_a_warning(number: str | None, doubts: list[str]) -> None:
    """Province, century and sex digit, year: of a mother born in 1992."""
    person = Declared("Mother", number, "Nguyễn Thị Hòa", PartialDate(1992, 5))
    found = number_warnings(person, {"01", "52", "79"})
    assert [
        next(word for word in ("sex", "year", "province") if word in problem.en) for problem in found
    ] == doubts


def test_one_of_several_relatives_is_named_by_number() -> None:
    """The policy is that of relatives, the words say which; the mark stands at that relative's name."""
    tree = death()
    differs = Verdict("Relative[2]", "Name", "differs", "Survivors/Relative[2]/Name")
    decision = decide([differs], {("Relative", "Name", "differs"): "ask"})
    assert isinstance(decision, Ask)
    assert decision.problems[0].vi.startswith("Họ, chữ đệm và tên của thân nhân thứ 2 không khớp")
    marked = apply(tree, [differs, Verdict("Deceased", "Name", "match", "Deceased/Name")])
    marks = [find(marked, path) for path in ("Survivors/Relative[2]/Name", "Survivors/Relative[1]/Name")]
    assert [leaf.get("verified") for leaf in marks if leaf is not None] == ["differs", None]
    given = find(marked, "Deceased/Name/Given")
    assert given is not None
    assert given.get("verified") == "match"
