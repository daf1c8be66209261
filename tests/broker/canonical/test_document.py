from __future__ import annotations

import pytest
from lxml import etree

from broker.canonical.document import (
    as_bytes,
    as_tree,
    declaration_of,
    find,
    is_personal_number,
    normalize,
    personal_numbers,
    read,
    text_at,
)
from signing.errors import XmlRefused
from tests.broker.canonical.samples import SUBMIT, declaration, put, submit


def test_comments_are_not_data() -> None:
    """Comments and processing instructions between elements go; inside of a value they are refused."""
    assert [child.tag for child in read(b"<a><!-- x --><b/><?p i?></a>")] == ["b"]
    with pytest.raises(XmlRefused, match="value of <a>"):
        read(b"<a>12<!-- x -->34<?p i?>5</a>")


def test_refusals_are_the_parsers() -> None:
    """A document that is not XML is refused by the hardened parser."""
    with pytest.raises(XmlRefused):
        as_tree(b"<a>")


def test_bytes_and_trees() -> None:
    """A tree is serialised with its declaration; bytes stay as they are."""
    assert as_bytes(SUBMIT) is SUBMIT
    assert as_bytes(read(b"<a>\xc3\xa0</a>")).endswith(b"<a>\xc3\xa0</a>")


def test_normal_form() -> None:
    """Decomposed letters are composed, spaces of any kind become one; signatures stay as they were signed."""
    root = submit(put("Child/Name/Given", " Ho\u0300a\u00a0 Bi\u0300nh\n"))
    signature = etree.SubElement(root, "{http://www.w3.org/2000/09/xmldsig#}Signature")
    signature.text = " a  b "
    normalize(root)
    assert text_at(root, "BirthDeclaration/Child/Name/Given") == "Hòa Bình"
    assert signature.text == " a  b "


def test_paths() -> None:
    """Fields are found by the paths that problems name; others are absent."""
    root = declaration()
    assert text_at(root, "Mother/Name/Given") == "Mai"
    assert text_at(root, "Attachments/Attachment[2]/Size") == "2048"
    assert [find(root, path) for path in ("Nobody", "Attachments/Attachment[3]", "a b", "Mother/@x", "")] == [
        None
    ] * 5


def test_the_declaration_in_a_document() -> None:
    """A declaration is found as the root, or in the request that brings it."""
    root = submit()
    found = declaration_of(root)
    assert found is not None
    assert found.getparent() is root
    assert declaration_of(found) is found
    assert declaration_of(read(b"<a/>")) is None


def test_the_people_in_a_document() -> None:
    """Everybody's number once, also the head's of the household; what is no number, or cannot be read, is nobody's."""
    people = {"001090000018", "001192000027"}
    assert personal_numbers(SUBMIT) == personal_numbers(submit()) == people
    assert personal_numbers(submit(put("Mother/PersonalNumber", "unknown"))) == people
    assert personal_numbers(b"<a>") == frozenset()
    assert is_personal_number("001192000027")
    assert not any(
        map(is_personal_number, ("", "00119200002", "0011920000270", "٠٠١١٩٢٠٠٠٠٢٧", "001192000027\n"))
    )
