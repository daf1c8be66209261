"""Every byte of an evidence file matters: whatever is flipped, cut off, put in or put behind, the verifier says so.

There are no bytes without meaning in a container whose files are stored: headers have fixed values, files follow each
other, what is not signed has one form. In a compressed file a flip may leave the content as it is; then nothing that
anybody reads was changed, and everything else is noticed.
"""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Iterator

import pytest

from signing.container.asic import SIGNATURES
from tests.evidence import building
from tests.evidence.reading import Verify

PARTS = 8


@functools.cache
def sample() -> bytes:
    """Evidence of one message, with time-stamps, a revocation list and a witness."""
    return building.evidence().sealed()


@functools.cache
def packed() -> bytes:
    """An archive whose entries are compressed."""
    return building.archive().sealed(compressed=("log/entries.jsonl",))


def flipped(data: bytes, offset: int, bit: int) -> bytes:
    """The bytes with one bit changed."""
    return data[:offset] + bytes([data[offset] ^ (1 << bit)]) + data[offset + 1 :]


def spans(data: bytes) -> Iterator[tuple[str, range]]:
    """Where the content of each file stands."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            start = info.header_offset + 30 + len(info.filename)
            yield info.filename, range(start, start + info.compress_size)


def test_untouched(verify: Verify) -> None:
    """As it was made, nothing is found."""
    assert verify(sample()).findings == []
    assert verify(packed()).findings == []


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.usefixtures("remembered")
def test_every_offset(part: int, verify: Verify) -> None:
    """A flip at any offset is an error, named at the file that it is in."""
    data = sample()
    places = [(name, span) for name, span in spans(data)]
    assert sum(len(span) for _, span in places) > len(data) / 2
    for offset in range(part, len(data), PARTS):
        report = verify(flipped(data, offset, offset // PARTS % 8))
        assert report.exit_code == 1, f"offset {offset} was not noticed"
        name = next((name for name, span in places if offset in span), None)
        found = {found.place for found in report.findings}
        assert name is None or name in found, f"offset {offset} is in {name}, found was {found}"


@pytest.mark.parametrize("bit", range(8))
@pytest.mark.usefixtures("remembered")
def test_every_bit_of_what_is_not_signed(bit: int, verify: Verify) -> None:
    """Headers, manifest, and what stands beside the signature in its document, in a sample of all bits."""
    data = sample()
    unsigned = dict(spans(data))[SIGNATURES]
    offsets = [*range(0, unsigned.start, 23), *unsigned[::67], *range(len(data) - 900, len(data), 23)]
    for offset in offsets:
        assert not verify(flipped(data, offset, bit)).ok, f"bit {bit} at {offset} was not noticed"


@pytest.mark.usefixtures("remembered")
def test_compressed(verify: Verify) -> None:
    """In a compressed file, whatever changes its content is noticed; what does not is no change."""
    data = packed()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = archive.read("log/entries.jsonl")
    for offset in dict(spans(data))["log/entries.jsonl"]:
        changed = flipped(data, offset, offset % 8)
        if verify(changed).ok:
            with zipfile.ZipFile(io.BytesIO(changed)) as archive:
                assert archive.read("log/entries.jsonl") == content


@pytest.mark.usefixtures("remembered")
def test_cut_off(verify: Verify) -> None:
    """A file that ends early is no evidence."""
    for length in [*range(0, len(sample()), 211), len(sample()) - 1]:
        assert verify(sample()[:length]).exit_code == 1


@pytest.mark.usefixtures("remembered")
def test_put_in(verify: Verify) -> None:
    """A byte more anywhere, or anything before or behind, is found."""
    data = sample()
    for offset in [*range(0, len(data), 211), len(data)]:
        assert not verify(data[:offset] + b"\0" + data[offset:]).ok
    assert not verify(b"#!/bin/sh\n" + data).ok
    assert not verify(data + sample()).ok


@pytest.mark.usefixtures("remembered")
def test_swapped_bytes(verify: Verify) -> None:
    """Neighbours that changed places are found, unless they are the same."""
    data = sample()
    for offset in range(0, len(data) - 1, 97):
        swapped = data[:offset] + data[offset : offset + 2][::-1] + data[offset + 2 :]
        assert swapped == data or not verify(swapped).ok, f"offset {offset}"


@pytest.mark.parametrize("bit", [0, 3, 7])
def test_where_a_flip_is(bit: int, verify: Verify) -> None:
    """In each file, the finding names that file."""
    data = sample()
    for name, span in spans(data):
        report = verify(flipped(data, span[len(span) // 2], bit))
        assert name in {found.place for found in report.findings}
