"""Readable differences."""

from __future__ import annotations

import pytest

from broker.mapping.diff import diff


@pytest.mark.parametrize(
    ("expected", "actual", "told"),
    [
        (b"<a><b>1</b></a>", b"<a>\n <b>1</b>\n</a>", []),
        (b'<x:a xmlns:x="u"/>', b'<a xmlns="u"/>', []),
        (b"<a><b>1</b></a>", b"<a><b>2</b></a>", ["! /a/b: expected '1', got '2'"]),
        (b"<a><b>1</b></a>", b"<a/>", ["- /a/b: '1' is missing"]),
        (b"<a/>", b"<a><b><c/></b></a>", ["+ /a/b: 'element with 1 children' is not expected"]),
        (b'<a k="1"/>', b'<a k="2"/>', ["! /a/@k: expected '1', got '2'"]),
        (b"<a><b>1</b><b>2</b></a>", b"<a><b>1</b></a>", ["- /a/b[2]: '2' is missing"]),
        (b"<a><b/><c/></a>", b"<a><c/><b/></a>", ["! /a: expected 'b c', got 'c b'"]),
        (b"<a/>", b"<b/>", ["! /a: expected 'a', got 'b'"]),
        (b"<a><b> x</b></a>", b"<a><b>x</b></a>", ["! /a/b: expected ' x', got 'x'"]),
    ],
)
def test_differences(expected: bytes, actual: bytes, told: list[str]) -> None:
    """Names, attributes, texts and order count; prefixes and layout do not."""
    assert [str(one) for one in diff(expected, actual)] == told
