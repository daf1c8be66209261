"""Hostile JSON: no JSON, too deep, too much, said twice, or of other kinds than were asked for."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.attack import Hostile, fixed


def json_inputs() -> Iterator[Hostile]:
    """Each is to be refused where a submission is expected."""
    texts = {
        "nothing": "",
        "white space": "  ",
        "XML": "<a/>",
        "a string": '"x"',
        "a number": "1",
        "null": "null",
        "an array": "[]",
        "an empty object": "{}",
        "not a number": '{"MessageId": NaN}',
        "infinity": '{"MessageId": -Infinity}',
        "single quotes": "{'MessageId': 'x'}",
        "a comment": '{"MessageId": "x" /* y */}',
        "a trailing comma": '{"MessageId": "x",}',
        "a member twice": '{"MessageId": "a", "MessageId": "b"}',
        "a member twice, escaped": '{"MessageId": "a", "Message\\u0049d": "b"}',
        "text behind it": '{"MessageId": "a"} x',
        "two values": "{}{}",
        "a lone surrogate": '{"MessageId": "\\ud800"}',
        "a null character": '{"MessageId": "a\\u0000b"}',
        "a control character": '{"MessageId": "a\\u0008b"}',
        "U+FFFE": '{"MessageId": "\\ufffe"}',
        "markup in a value": '{"MessageId": "</MessageId><Code>x</Code>"}',
        "a name of markup": '{"MessageId><x": "a"}',
        "a name of a prototype": '{"__proto__": {"admin": true}}',
        "a document type in a signature": '{"Signature": "<!DOCTYPE a [<!ENTITY x \\"y\\">]><a>&x;</a>"}',
        "a number of ten thousand digits": '{"MessageId": ' + "9" * 10_000 + "}",
        "a number with a huge exponent": '{"MessageId": 1e999999999}',
        "an object for a text": '{"MessageId": {"a": "b"}}',
        "an array for a text": '{"MessageId": ["a"]}',
    }
    for name, text in texts.items():
        yield fixed(f"JSON: {name}", text.encode("utf-8", "surrogatepass"), "")
    yield fixed("JSON: two encodings", '{"MessageId": "Nguyễn"}'.encode("utf-16"), "")
    yield fixed("JSON: byte order mark", b"\xef\xbb\xbf{}", "")
    yield fixed("JSON: not UTF-8", b'{"MessageId": "\xff"}', "")
    yield fixed("JSON: overlong", b'{"MessageId": "\xc0\xaf"}', "")
    yield Hostile("JSON: arrays in arrays", lambda: b"[" * 100_000, "")
    yield Hostile("JSON: arrays in arrays, closed", lambda: b"[" * 100_000 + b"]" * 100_000, "")
    yield Hostile("JSON: arrays within reason, closed", lambda: b"[" * 900 + b"]" * 900, "")
    yield Hostile("JSON: objects in objects", lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "")
    yield Hostile("JSON: a million members", lambda: _members(70_000), "")
    yield Hostile("JSON: a long array", lambda: b'{"BirthDeclaration": [' + b"1," * 400_000 + b"1]}", "")
    yield Hostile("JSON: a long text", lambda: b'{"MessageId": "' + b"x" * 1_000_000 + b'"}', "")
    yield Hostile("JSON: more than is read", lambda: b'{"MessageId": "' + b"x" * 2_000_000 + b'"}', "")
    yield Hostile("JSON: escapes", lambda: b'{"MessageId": "' + b"\\u0041" * 150_000 + b'"}', "")


def _members(count: int) -> bytes:
    return b"{" + b",".join(b'"m%d":1' % number for number in range(count)) + b"}"
