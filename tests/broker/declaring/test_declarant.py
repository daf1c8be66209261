"""Who declares."""

from __future__ import annotations

from broker.declaring.declarant import Citizen, Declarant

CITIZEN = Citizen("001199000123", "Trịnh Thị Mai", "1999", sex="2")


def test_a_citizen_is_read_as_written() -> None:
    """What a session seals is what comes out of it, a date that is only a year included."""
    assert Citizen.read(CITIZEN.document()) == CITIZEN


def test_a_portal_owns_its_drafts_and_names_its_own_officers() -> None:
    """Drafts are the client's; nobody stands for an officer whom the client must name."""
    portal = Declarant.portal("dvcqg")
    assert (portal.client, portal.owner, portal.officer) == ("dvcqg", "client:dvcqg", None)


def test_a_citizen_answers_under_a_hash() -> None:
    """New drafts go under the newest name, and the officer of a look-up never shows the number."""
    declarant = Declarant("cong-dan", ("citizen:" + "ab" * 32, "citizen:" + "cd" * 32), CITIZEN)
    assert declarant.owner == "citizen:" + "ab" * 32
    assert declarant.officer == "cd-" + "ab" * 12
    assert CITIZEN.number not in str(declarant.officer)
