"""One entry of the log by itself, and what it is bound to."""

from __future__ import annotations

import json

import pytest

from signing.errors import SignatureInvalid
from signing.log import merkle
from signing.verifier.entries import Bindings, Entry, Erasures, canonical, check_content, leaf_of, read_leaf
from signing.verifier.findings import Findings
from tests.evidence.building import Message


def entry(leaf: bytes, **more: object) -> Entry:
    """An entry with that leaf."""
    return Entry(0, leaf, merkle.leaf_hash(leaf), **more)  # type: ignore[arg-type]


def texts(findings: Findings) -> list[str]:
    """What was found."""
    return [one.text for one in findings.all()]


def test_canonical() -> None:
    """Sorted names, no spaces, letters as they are."""
    assert canonical({"b": "Ánh", "a": [1, None]}) == '{"a":[1,null],"b":"Ánh"}'.encode()


@pytest.mark.parametrize(
    "leaf",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1} ',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":"\\u00c1nh"}',
        b'{"a":1.0e0}',
        b'{"a":1,"a":1}',
        b'{"a":NaN}',
        b'{"index":1}',
        b"[]",
        b"",
    ],
)
def test_another_form(leaf: bytes) -> None:
    """A leaf that is not written in its one form is reported, whatever it says."""
    findings = Findings()
    read_leaf(entry(leaf), findings, "entries/0.json")
    assert {one.place for one in findings.all()} == {"entries/0.json"}


def test_read() -> None:
    """A leaf of the hub is read as it is."""
    findings = Findings()
    leaf = Message.of(0).leaf
    assert read_leaf(entry(leaf), findings) == json.loads(leaf) == leaf_of(entry(leaf))
    assert texts(findings) == []


def test_size() -> None:
    """A leaf that tells another size than the body has is found even if the hash fits."""
    message = Message.of(0, size=1)
    findings = Findings()
    one = entry(message.leaf, salt=message.salt, body=message.body)
    check_content(one, read_leaf(one, findings), findings)
    assert len(texts(findings)) == 1


def test_looked_into() -> None:
    """Whoever looks into a body may answer what is wrong, or raise it."""

    def refuse(found: Entry) -> str | None:
        raise SignatureInvalid("no")

    for look in (refuse, lambda found: "no"):
        message, findings = Message.of(0), Findings()
        one = entry(message.leaf, salt=message.salt, body=message.body)
        check_content(one, leaf_of(one), findings, look)
        assert texts(findings) == ["no"]


def test_erasures() -> None:
    """A missing body is explained by the entry that lists it, counted from the first entry that was read."""
    erasures, findings = Erasures(first=5), Findings()
    for missing in (True, True, False):
        erasures.follows(missing=missing)
    told = Message.of(7, b'{"entries":[5,99]}', kind="erasure", officer="cb-01", purpose="toà án")
    one = Entry(7, told.leaf, told.hash, told.salt, told.body)
    erasures.take(one, leaf_of(one), findings)
    assert erasures.report(findings, complete=True) == 1
    assert [(one.code, one.index) for one in findings.all()] == [("erasure", None), ("body", 6)]


def test_bindings() -> None:
    """An answer must hold the hash of what it names; what is further back than is remembered is counted."""
    bindings, findings = Bindings(window=2), Findings()
    for index in range(4):
        bindings.take(index, {"id": f"m{index}"}, bytes([index]) * 32, findings)
    bindings.take(4, {"id": "r1", "related": "m3", "related_leaf": "03" * 32}, bytes(32), findings)
    bindings.take(5, {"id": "r2", "related": "m0", "related_leaf": "00" * 32}, bytes(32), findings)
    assert (bindings.compared, bindings.beyond, texts(findings)) == (1, 1, [])
    bindings.take(6, {"id": "r3", "related": "r2", "related_leaf": "00" * 31 + "01"}, bytes(32), findings)
    bindings.take(7, {"id": "r4", "related": None, "related_leaf": "00" * 32}, bytes(32), findings)
    assert [one.index for one in findings.all()] == [6, 7]
