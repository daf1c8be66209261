from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from signing.errors import XmlRefused
from signing.xml import (
    DEFAULT_LIMITS,
    Limits,
    canonicalize,
    canonicalize_document,
    parse,
    reparse,
    serialize,
    text_of,
)

DOCUMENT = (
    '<?xml version="1.0"?><?order 1?><r xmlns="urn:d" xmlns:a="urn:a" xmlns:b="urn:a" xml:lang="vi">'
    "<!-- c -->"
    '<b:x xmlns="" a:k="1" b:l="2"><y xmlns:z="urn:z"/>Nguyễn&#13;</b:x><n/>tail</r>'
).encode()


def refused(data: bytes, limits: Limits = DEFAULT_LIMITS) -> XmlRefused:
    with pytest.raises(XmlRefused) as caught:
        parse(data, limits=limits)
    return caught.value


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
        b'<?xml version="1.0"?>\n<!-- > --><?p ?><!DOCTYPE a><a/>',
        "<!DOCTYPE a><a/>".encode("utf-16"),
    ],
)
def test_a_document_type_is_refused(data: bytes) -> None:
    """No DTD, so no entities, no external files, no billion laughs."""
    assert "DOCTYPE" in refused(data).reason


def test_the_word_doctype_inside_a_value_is_only_text() -> None:
    """A document carried in CDATA does not make its carrier suspicious."""
    assert text_of(parse(b"<a><![CDATA[<!DOCTYPE b><b/>]]></a>")) == "<!DOCTYPE b><b/>"


@pytest.mark.parametrize(
    ("data", "line"),
    [(b"<a>\n<b>\n</a>", 3), (b"", 1), (b"<a>\n\n&x;</a>", 3), (b"<a>\n\xff</a>", 2), (b"<a>\x00</a>", 1)],
)
def test_what_is_not_well_formed_is_refused_with_its_line(data: bytes, line: int) -> None:
    """The error names the line, in the attribute and in the text."""
    error = refused(data)
    assert error.line == line
    assert f"(line {line})" in str(error)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf8_and_utf16_are_read(codec: str) -> None:
    """Vietnamese text arrives whole in both encodings, with or without byte order mark."""
    declared = codec.removesuffix("-sig").upper()
    data = f'<?xml version="1.0" encoding="{declared}"?><a>Nguyễn Thị Ư</a>'.encode(codec)
    assert text_of(parse(data)) == "Nguyễn Thị Ư"


@pytest.mark.parametrize(
    "data",
    [
        b'<?xml version="1.0" encoding="windows-1258"?><a/>',
        b'<?xml version="1.0" encoding="UTF-16"?><a/>',
        '<?xml version="1.0" encoding="UTF-8"?><a/>'.encode("utf-16"),
        "<a>ễ</a>".encode("utf-16-le"),
        b"\xff\xfe\x00",
    ],
)
def test_other_encodings_and_false_declarations_are_refused(data: bytes) -> None:
    """Two readers must not see two documents in the same bytes."""
    refused(data)


@pytest.mark.parametrize(
    ("data", "limits", "word"),
    [
        (b"<a>" + b" " * 100 + b"</a>", Limits(size=50), "bytes"),
        (b"<a>" * 65 + b"</a>" * 65, Limits(), "deeper than 64"),
        (b"<a>" + b"<b/>" * 10 + b"</a>", Limits(tags=10), "tags"),
        (b"<a>" + b"".join(b"<b%d/>" % n for n in range(30)) + b"</a>", Limits(names=20), "names"),
        (b"<a " + b" ".join(b"b%d=''" % n for n in range(30)) + b"/>", Limits(names=20), "names"),
        (b"<a " + b" ".join(b"b%d=''" % n for n in range(30)) + b"/>", Limits(attributes=20), "attributes"),
        (b"<a>" + b"<b xmlns='u'/>" * 30 + b"</a>", Limits(namespaces=20), "namespaces"),
        (b"<a>" + b"<b c='1' d='2'/>" * 10 + b"</a>", Limits(tags=25), "tags and attributes"),
        (b"<a>" + b" " * 20_000 + b"<" + b"b" * 300 + b"/></a>", Limits(), "longer than 256"),
        (b"<a>" + b" " * 20_000 + b"<b " + b"c" * 300 + b" = '1'/></a>", Limits(), "longer than 256"),
        (b"<a b='" + b'"' * 7_000_000 + b"'/>", Limits(), "canonical form"),
    ],
)
def test_every_limit_is_enforced(data: bytes, limits: Limits, word: str) -> None:
    """Size, depth, tags, names, attributes, namespaces and what a canonical form grows to each have a bound."""
    assert word in refused(data, limits).reason


def test_namespaces_are_bounded_by_the_work_they_cause() -> None:
    """Few hundred declarations over many elements would keep inclusive C14N busy for minutes."""
    declarations = b" ".join(b'xmlns:p%d="urn:%d"' % (n, n) for n in range(300))
    assert "namespaces" in refused(b"<a " + declarations + b">" + b"<b/>" * 5_000 + b"</a>").reason


def test_a_namespace_must_not_be_repeated_without_end() -> None:
    """Exclusive C14N writes a declaration at every element that uses it: kilobytes of input would become gigabytes."""
    data = b"<a xmlns:p='urn:" + b"u" * 10_000 + b"'>" + b"<p:b/>" * 5_000 + b"</a>"
    assert "too long for its size" in refused(data).reason


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b'<?xml-stylesheet href="x.xsl"?><a/>', "style sheet"),
        (b'<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>', "XInclude"),
        (b"\xef\xbb\xbf\xef\xbb\xbf<a/>", "two byte order marks"),
        (b"<a><b>1234<!-- -->5</b></a>", "value of <b>"),
        (b"<a><b>1234<?p?>5</b></a>", "value of <b>"),
    ],
)
def test_what_two_readers_would_read_differently_is_refused(data: bytes, word: str) -> None:
    """Style sheets, inclusions and what splits a value."""
    assert word in refused(data).reason


def test_comments_between_elements_are_read() -> None:
    """They belong to no value; where texts are documentation they may stand inside as well."""
    parse(b"<a><!-- c --><b>1</b> <!-- d --> </a><!-- e -->")
    parse(b"<a>see <!-- c --> there</a>", limits=Limits(commented_values=True))


def test_long_text_that_looks_like_a_name_is_read() -> None:
    """A value without white space is no name, even before an equal sign."""
    parse(b"<a>" + b" " * 20_000 + b"x" * 30_000 + b"==</a>")


def test_a_reason_does_not_quote_the_document() -> None:
    """The library below would show a piece of an unfinished section, which may be somebody's data."""
    assert "secret" not in refused(b"<a><![CDATA[secret</a>").reason


def test_names_are_counted_only_once() -> None:
    """A long list of equal elements is an ordinary document."""
    parse(b"<a>" + b'<b c="1"/>' * 5_000 + b"</a>")


def test_a_large_value_is_read_if_the_limits_allow() -> None:
    """An attachment of more than the library's own ten megabytes passes."""
    data = b"<a>" + b"A" * 11_000_000 + b"</a>"
    assert len(text_of(parse(data))) == 11_000_000
    refused(data, Limits(size=1_000_000))


def test_each_thread_has_its_own_parser() -> None:
    """Documents are parsed side by side without one thread's error in another's."""
    lines: list[int | None] = []

    def work(blank: int) -> None:
        lines.extend(refused(b"<a>" + b"\n" * blank + b"</b>").line for _ in range(50))

    threads = [threading.Thread(target=work, args=(blank,)) for blank in (3, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(lines) == [4] * 50 + [8] * 50


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_anything_else_than_xml_is_refused_and_nothing_worse(data: bytes) -> None:
    """Whatever arrives, the parser answers with a tree or with XmlRefused."""
    try:
        parse(b"<a>" + data + b"</a>")
        parse(data)
    except XmlRefused:
        return


def test_exclusive_canonical_form_depends_on_the_element_alone() -> None:
    """Namespaces appear where they are used; comments disappear; attributes are ordered by namespace."""
    element = parse(DOCUMENT)[1]
    assert canonicalize(element).decode() == (
        '<b:x xmlns:a="urn:a" xmlns:b="urn:a" a:k="1" b:l="2"><y></y>Nguyễn&#xD;</b:x>'
    )


def test_inclusive_canonical_form_takes_over_from_the_ancestors() -> None:
    """Namespaces in scope and xml: attributes are written on the element (C14N 1.0 §2.4)."""
    element = parse(DOCUMENT)[1]
    assert canonicalize(element[0], exclusive=False).decode() == (
        '<y xmlns:a="urn:a" xmlns:b="urn:a" xmlns:z="urn:z" xml:lang="vi"></y>'
    )


def test_listed_prefixes_are_treated_inclusively() -> None:
    """InclusiveNamespaces keeps a prefix that only a value uses, also if an ancestor declares it."""
    element = parse(DOCUMENT)[2]
    assert canonicalize(element, inclusive_prefixes=["a"]) == b'<n xmlns="urn:d" xmlns:a="urn:a"></n>'
    inner = parse(DOCUMENT)[1][0]
    assert canonicalize(inner, inclusive_prefixes=["a"]) == b'<y xmlns:a="urn:a"></y>'


def test_inclusive_form_without_anything_to_inherit_is_the_plain_one() -> None:
    """An element under ancestors without namespaces needs no detour."""
    root = parse(b"<a><b><!-- c --><c/></b></a>")
    assert canonicalize(root[0], exclusive=False) == b"<b><c></c></b>"


def test_a_whole_document_includes_the_instructions_around_its_root() -> None:
    """Processing instructions outside the root are part of what a signature over the document covers."""
    root = parse(DOCUMENT)
    assert canonicalize_document(root).startswith(b"<?order 1?>\n<r ")
    assert canonicalize(root).startswith(b"<r ")


def test_a_relative_namespace_has_no_canonical_form() -> None:
    """Canonical XML must fail on them (§1.3), and it is the document that is refused."""
    root = reparse(b'<a xmlns="relative/uri"/>')
    with pytest.raises(XmlRefused, match="canonical"):
        canonicalize(root)


def test_what_is_serialised_has_the_same_canonical_form() -> None:
    """Writing and reading again changes nothing that a signature covers."""
    root = parse(DOCUMENT)
    assert canonicalize_document(parse(serialize(root))) == canonicalize_document(root)
    assert serialize(root).startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    assert serialize(root[2]).endswith(b"/>")


@pytest.mark.parametrize("inside", ["1234<!-- -->5", "1234<?p?>5", "1234<b/>5"])
def test_a_value_with_anything_but_text_inside_is_refused(inside: str) -> None:
    """``.text`` would silently read 1234."""
    with pytest.raises(XmlRefused, match="SoDinhDanh"):
        text_of(parse(f"<SoDinhDanh>{inside}</SoDinhDanh>".encode()))


def test_text_of_an_empty_element_is_empty() -> None:
    """No text is the empty string, not None."""
    assert text_of(parse(b"<a/>")) == ""


def test_elements_are_those_of_lxml() -> None:
    """Callers may use the tree as any other lxml tree."""
    assert isinstance(parse(b"<a/>"), etree._Element)
