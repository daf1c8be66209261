from __future__ import annotations

from broker.declaring.basis import Basis
from broker.declaring.trace import Trace
from tests.broker.declaring.test_review import declared, parts
from tests.worlds import birth


def trace() -> Trace:
    """The way back from birth steps."""
    elements = parts()[1].elements
    return Trace(elements["BirthDeclaration"], Basis.of(elements["BirthStep"]))


def test_the_way_back_leads_to_what_was_filled_in() -> None:
    """Of several sources the first that the declaration has; a result's leaf leads to what it repeats."""
    declaration = declared(birth())
    sources = ("Registration/ChildSex", "BirthDeclaration/Marriage/Number", "BirthDeclaration/Child/Sex")
    assert trace().field(sources[1:], declaration) == "Child/Sex"
    assert trace().field(sources, declaration) == "Child/Sex"
    assert trace().field(("Head/Key",), declaration) is None
    assert trace().field(("BirthDeclaration/Marriage/Book",), declaration) == "Marriage/Book"


def test_what_is_still_to_come() -> None:
    """Pending is what only the registrar can give."""
    assert trace().pending(["Registration/Number"])
    assert not trace().pending(["Registration/ChildName"])
    assert not trace().pending([])


def test_several_fields_have_one_name() -> None:
    """The parts of a name are the name."""
    parts_of_name = ["Mother/Name/Family", "Mother/Name/Given"]
    assert trace().common(parts_of_name) == "Mother/Name"
    assert trace().label("Mother/Name").vi == "họ, chữ đệm và tên của mẹ"
