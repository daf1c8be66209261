from __future__ import annotations

import hashlib
from datetime import date

from lxml import etree

from broker.canonical.document import tag, text_at
from broker.declaring.basis import STAND_IN, Basis
from tests.broker.declaring.test_review import declared, parts
from tests.worlds import birth, death

DAY = date(2026, 11, 23)


def test_a_placeholder_is_valid_and_repeats_the_declaration() -> None:
    """What stands in for a result is valid for its schema and says of the child what the declaration says."""
    schemas = parts()[1]
    basis = Basis.of(schemas.elements["BirthStep"])
    result = basis.placeholder(declared(birth()), DAY)
    assert result is not None
    assert text_at(result, "RegisteredOn") == "2026-11-23"
    assert (text_at(result, "ChildName") or "").endswith("Minh An")
    report = etree.Element(tag("AgencyReport"))
    item = etree.SubElement(report, tag("Item"))
    etree.SubElement(item, tag("Outcome")).text = "ok"
    item.append(result)
    assert schemas.validate(report, "AgencyReport") == []


def test_the_extract_of_a_death_is_stood_in_for() -> None:
    """Social insurance receives the extract: a review does not object that it has not been written yet."""
    schemas = parts()[1]
    result = Basis.of(schemas.elements["DeathStep"]).placeholder(declared(death()), DAY)
    assert result is not None
    assert text_at(result, "Certificate/SHA256") == hashlib.sha256(STAND_IN).hexdigest()
    report = etree.Element(tag("AgencyReport"))
    item = etree.SubElement(report, tag("Item"))
    etree.SubElement(item, tag("Outcome")).text = "ok"
    item.append(result)
    assert schemas.validate(report, "AgencyReport") == []


def test_only_the_registrar_gives_numbers() -> None:
    """A source in the result is traced to the declaration, or is still to come; another source is neither."""
    basis = Basis.of(parts()[1].elements["DeathStep"])
    assert basis.repeated("DeathRegistration/Number") == ()
    assert basis.repeated("DeathRegistration/DeceasedPersonalNumber") == ("Deceased/PersonalNumber",)
    assert basis.repeated("Head/Key") is None
    assert Basis(None).placeholder(declared(birth()), DAY) is None
