"""A death declaration with every part filled in, for tests of the rules."""

from __future__ import annotations

from datetime import date

from broker.canonical.document import read, tag
from broker.canonical.plan import Node
from lienthong.demo.death import Account, Funeral, Insurance, Merit, Relative, Survivors
from lienthong.demo.document import submission
from tests import worlds
from tests.broker.canonical.samples import Change


def death(*changes: Change) -> Node:
    """Every procedure but emergency support wanted, for a pensioner with two relatives; after ``changes``."""
    plain = worlds.death()
    widower, home = plain.applicant, plain.deceased.residence
    son = worlds.parent(worlds.population().couples()[0].husband)
    account = Account(widower.full_name.upper(), "0123456789", "Ngân hàng Mẫu")
    everything = worlds.death(
        insurance_funeral=home,
        merit_funeral=home,
        protection_funeral=home,
        survivor=home,
        funeral=Funeral(date(2026, 11, 22), home, widower, "spouse", account=account),
        merit=Merit("Thương binh", "12/QĐ-UBND", date(1990, 7, 27), "Ủy ban nhân dân tỉnh", injury_rate=41),
        insurance=Insurance("0123456789", "pensioner", ("HT-000123", home)),
        survivors=Survivors(
            "lump-sum", widower, [Relative(widower, "spouse"), Relative(son, "child", "pending")], account
        ),
    )
    document = submission(everything, message_id="message-1", portal_code=None, officer="cb", unit="H26.1")
    found = read(document).find(tag("DeathDeclaration"))
    assert found is not None
    for change in changes:
        change(found)
    return found
