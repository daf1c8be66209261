"""Whether the units that a declaration names exist on the day."""

from __future__ import annotations

from datetime import UTC, datetime

from broker.canonical.document import find, text_at
from broker.canonical.plan import Node
from broker.routing import Router
from tests.broker.canonical.samples import RECEIVED, declaration, put
from tests.broker.rig import Rig


def router(rig: Rig) -> Router:
    """The hub's router."""
    return rig.hub.intake._router


async def test_known(rig: Rig) -> None:
    """Units that exist can be routed."""
    rules = rig.hub.book.starts(declaration(), RECEIVED).rules
    assert router(rig).problems(rules, declaration(), RECEIVED) == ()


async def test_unknown_once(rig: Rig) -> None:
    """A unit that does not exist is one problem, at the first field that names it."""
    strange = declaration(
        put("Choices/ResidenceOffice/Commune", "99999"), put("Choices/InsuranceOffice/Commune", "99999")
    )
    rules = rig.hub.book.starts(strange, RECEIVED).rules
    (problem,) = router(rig).problems(rules, strange, RECEIVED)
    assert (problem.field or "").startswith("Choices/ResidenceOffice")


async def test_the_list_of_the_day_counts(rig: Rig) -> None:
    """Ward 23560 of Pleiku could act until the reform, and cannot act since."""
    before = datetime(2025, 6, 30, 2, tzinfo=UTC)
    office = "Choices/ResidenceOffice"
    early = declaration(put(f"{office}/Province", "64"), put(f"{office}/Commune", "23560"))
    rules = rig.hub.book.starts(early, before).rules
    assert not any((p.field or "").startswith(office) for p in router(rig).problems(rules, early, before))
    assert any((p.field or "").startswith(office) for p in router(rig).problems(rules, early, RECEIVED))


async def test_old_codes_with_one_successor_are_renewed(rig: Rig) -> None:
    """T19: 64 was Gia Lai, which is 52 now; one old ward went into one of today, in offices and in addresses."""
    old = declaration(
        put("Mother/Residence/Province", "64"),
        put("Mother/Residence/Commune", "23560"),
        put("Choices/ResidenceOffice/Province", "01"),
        put("Choices/ResidenceOffice/Commune", "00001"),
    )
    router(rig).renew(old, RECEIVED)
    assert [text_at(old, f"Mother/Residence/{name}") for name in ("Province", "Commune")] == ["52", "23563"]
    assert text_at(old, "Choices/ResidenceOffice/Commune") == "00097"
    assert router(rig).unclear(old, RECEIVED) == ()


async def test_old_codes_with_several_successors_are_a_question(rig: Rig) -> None:
    """T38: the old ward Ngọc Hà lies in two wards of today; nobody guesses, both are named at the field."""
    old = declaration(put("Mother/Residence/Province", "01"), put("Mother/Residence/Commune", "00016"))
    router(rig).renew(old, RECEIVED)
    (problem,) = router(rig).unclear(old, RECEIVED)
    assert problem.field == "Mother/Residence/Commune"
    assert "Phường Ba Đình (00004), Phường Ngọc Hà (00008)" in problem.vi


async def test_addresses_abroad_are_not_looked_at(rig: Rig) -> None:
    """Our units say nothing about another country."""
    abroad = declaration(put("Mother/Residence/Country", "LA"), put("Mother/Residence/Province", "99"))
    router(rig).renew(abroad, RECEIVED)
    assert router(rig).unclear(abroad, RECEIVED) == ()
    assert text_at(abroad, "Mother/Residence/Province") == "99"


async def test_a_local_name_of_an_ethnic_group(rig: Rig) -> None:
    """T25: people call themselves Cil among the Cơ-ho and among the Mnông; Kinh is neither, so it is asked."""

    def said(group: str) -> Node:
        tree = declaration(put("Mother/Ethnicity", group))
        element = find(tree, "Mother/Ethnicity")
        assert element is not None
        element.set("stated", "Cil")
        router(rig).renew(tree, RECEIVED)
        return tree

    (problem,) = router(rig).unclear(said("01"), RECEIVED)
    assert problem.field == "Mother/Ethnicity"
    assert "Cơ-ho (16), Mnông (20)" in problem.vi
    assert router(rig).unclear(said("16"), RECEIVED) == router(rig).unclear(said("20"), RECEIVED) == ()
