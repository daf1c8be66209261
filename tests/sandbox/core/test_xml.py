"""XML reading and writing."""

from __future__ import annotations

import pytest
from lxml import etree

from sandbox.core.xml import NotXml, add, add_all, child, copy_of, local_name, parse, serialize, text

DOCTYPE = '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a>",
        b"text",
        DOCTYPE.encode(),
        DOCTYPE.encode("utf-16"),
        b"<!DOCTYPE html><html/>",
        b"<a>\x00</a>",
    ],
)
def test_what_is_not_plain_xml_is_refused(data: bytes) -> None:
    """Broken documents and any document type, in any encoding."""
    with pytest.raises(NotXml):
        parse(data)


def test_comments_do_not_cut_values() -> None:
    """A comment inside a value is dropped, not the rest of the value."""
    assert parse(b"<a>123<!-- x -->456</a>").text == "123456"


def test_text_by_path() -> None:
    """Local names lead to the text; a missing step gives the default."""
    root = parse('<a xmlns="urn:x"><b><c> Thủy </c></b><d/></a>'.encode())
    assert (text(root, "b/c"), text(root, "b/x", "-"), text(root, "d", "-")) == ("Thủy", "-", "-")
    assert child(root, "z") is None


def test_children_get_the_namespace_of_the_parent() -> None:
    """Empty and absent values are left out."""
    root = etree.Element("{urn:x}a")
    add_all(root, b=1, c=None, d="", e=0)
    assert [item.tag for item in root] == ["{urn:x}b", "{urn:x}e"]
    assert add(etree.Element("a"), "b").tag == "b"


def test_copy_is_a_document_of_its_own() -> None:
    """Namespaces of ancestors come along, the tail does not."""
    inner = parse(b'<a xmlns:p="urn:p"><p:b>1</p:b> tail</a>')[0]
    copied = copy_of(inner)
    assert (copied.getparent(), copied.tail, local_name(copied)) == (None, None, "b")
    assert serialize(copied).startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
