"""Files that a message names: handed over before, of that size and type, or told at their field."""

from __future__ import annotations

import pytest

from broker.attachments import named, problems
from broker.canonical.plan import Node
from broker.store.engine import Store
from lienthong.demo.parts import NS
from signing.xml import parse

KNOWN, UNKNOWN = "ab" * 32, "cd" * 32


def _message(*files: tuple[int, str, str]) -> Node:
    """A message that names files by size, type and hash."""
    written = "".join(
        f"<Attachment><FileName>giay.pdf</FileName><MediaType>{media_type}</MediaType>"
        f"<Size>{size}</Size><SHA256>{sha256}</SHA256></Attachment>"
        for size, media_type, sha256 in files
    )
    return parse(f'<M xmlns="{NS}"><Attachments>{written}</Attachments></M>'.encode())


@pytest.mark.parametrize(
    ("files", "fields"),
    [
        ([(4, "application/pdf", KNOWN)], []),
        ([(4, "application/pdf", KNOWN)] * 2, []),
        (
            [(4, "application/pdf", KNOWN), (4, "application/pdf", UNKNOWN)],
            ["Attachments/Attachment[2]/SHA256"],
        ),
        ([(5, "application/pdf", KNOWN)], ["Attachments/Attachment[1]/Size"]),
        (
            [(5, "image/png", KNOWN)],
            ["Attachments/Attachment[1]/Size", "Attachments/Attachment[1]/MediaType"],
        ),
    ],
    ids=["right", "named twice", "never handed over", "other size", "other size and type"],
)
async def test_files_are_as_they_were_handed_over(
    store: Store, files: list[tuple[int, str, str]], fields: list[str]
) -> None:
    """Each file that is not as it was handed over is a problem at the field that is wrong, in two languages."""
    await store.write(lambda tx: tx.blobs.add(KNOWN, 4, "application/pdf"))
    found = store.read(lambda tx: problems(tx, _message(*files)))
    assert [problem.field for problem in found] == fields
    assert all("giay.pdf" in problem.vi and "giay.pdf" in problem.en for problem in found)


def test_a_message_without_files(store: Store) -> None:
    """Nothing named, nothing wrong."""
    assert store.read(lambda tx: problems(tx, parse(f'<M xmlns="{NS}"/>'.encode()))) == ()


def test_named_files() -> None:
    """Every file named anywhere in a message, each once."""
    message = _message(
        (4, "application/pdf", KNOWN), (4, "application/pdf", KNOWN), (5, "image/png", UNKNOWN)
    )
    assert named(message) == {KNOWN, UNKNOWN}
    assert named(parse(f'<M xmlns="{NS}"/>'.encode())) == frozenset()
