"""Whether the units that a declaration names exist on the day."""

from __future__ import annotations

from datetime import UTC, datetime

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


async def test_before_the_reform(rig: Rig) -> None:
    """Where the list of communes does not reach, the commune is the agency's to judge."""
    before = datetime(2025, 6, 30, 2, tzinfo=UTC)
    rules = rig.hub.book.starts(declaration(), before).rules
    assert router(rig).problems(rules, declaration(), before) == ()
