"""One evidence file that is being verified: what can be read of it, what was found, what is known of it so far."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator
from datetime import datetime

from signing.container.asic import Container
from signing.errors import ContainerRefused
from signing.stamps.timestamp import Stamped
from signing.verifier.anchors import Anchors
from signing.verifier.findings import Findings

_SMALL = 1 << 20


@dataclasses.dataclass(slots=True)
class Facts:
    """What a report tells about a file besides its findings; empty where it could not be read."""

    kind: str | None = None
    subject: str | None = None
    made: datetime | None = None
    origin: str | None = None
    size: int | None = None
    root: bytes | None = None
    signer: str | None = None
    signed_at: datetime | None = None
    level: str | None = None
    stamped_at: datetime | None = None
    sealed_at: datetime | None = None
    """When the signature over the file is proven to have existed."""
    authority: str | None = None
    independent: bool | None = None
    witnesses: list[str] = dataclasses.field(default_factory=list)
    first: int | None = None
    stop: int | None = None
    previous: str | None = None
    """SHA-256 of the archive before, as the file tells of it (hexadecimal)."""
    entries: int = 0
    bodies: int = 0
    erased: int = 0
    bound: int = 0
    messages: int = 0
    """Signatures inside messages that were verified."""


class Case:
    """Everything that the parts of a verification share."""

    def __init__(self, container: Container, anchors: Anchors, findings: Findings) -> None:
        """``container`` stays the caller's to close."""
        self.container = container
        self.anchors = anchors
        self.findings = findings
        self.facts = Facts()
        self.stamped: list[Stamped] = []
        """What the time-stamps on the head of the log prove."""
        self._damaged: set[str] = set()
        self._read: set[str] = set()

    def read(self, name: str, limit: int = _SMALL) -> bytes | None:
        """The bytes of a file, None if it is not there or damaged; damage is reported once."""
        if name not in self.container:
            return None
        self._read.add(name)
        try:
            return self.container.read(name, limit=limit)
        except ContainerRefused as error:
            self.report_damage(name, error.reason)
            return None

    def text(self, name: str) -> str | None:
        """The text of a small file, None if there is none to be had."""
        data = self.read(name)
        if data is None:
            return None
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            self.findings.error("damaged", name, "it is not text in UTF-8", offset=error.start)
            return None

    def lines(self, name: str, longest: int) -> Iterator[bytes]:
        """The lines of a file as far as they can be read."""
        self._read.add(name)
        try:
            yield from self.container.lines(name, longest=longest)
        except ContainerRefused as error:
            self.report_damage(name, error.reason)

    def pieces(self, name: str) -> Iterator[bytes]:
        """A file in pieces, as far as it can be read."""
        self._read.add(name)
        try:
            yield from self.container.chunks(name)
        except ContainerRefused as error:
            self.report_damage(name, error.reason)

    def read_rest(self) -> None:
        """Read what nobody has read: no file of the container may be damaged."""
        for name in self.container.names:
            if name not in self._read:
                collections.deque(self.pieces(name), maxlen=0)

    def report_damage(self, name: str, reason: str) -> None:
        """A file of the container cannot be read."""
        if name not in self._damaged:
            self._damaged.add(name)
            self.findings.error("damaged", name, reason)
