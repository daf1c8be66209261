"""Entries of the log one by one: what each says of itself, whether its body fits, what it is bound to.

Used for a whole log and for the few entries of an evidence file alike. A leaf is canonical JSON: what reads the same
and is written in another way is another leaf.
"""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from signing.errors import SigningError
from signing.verifier.findings import Findings

_WINDOW = 200_000
_LARGEST_LIST = 4 * 1024 * 1024

Leaf = Mapping[str, object]


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One exported entry: ``leaf`` are the canonical JSON bytes that were hashed, ``leaf_hash`` what was
    stored.

    ``body`` is None if it was erased or not exported; ``salt`` was put before the body when it was hashed.
    """

    index: int
    leaf: bytes
    leaf_hash: bytes
    salt: bytes | None = None
    body: bytes | None = None


CheckBody = Callable[[Entry], str | None]
"""Looks into an entry with a body, for example verifies its signature; answers what is wrong, or None."""


def read_leaf(entry: Entry, findings: Findings, place: str = "leaf") -> Leaf | None:
    """What the leaf says; None if it is no JSON object. Whatever is wrong with its form is reported at ``place``."""
    try:
        leaf = json.loads(entry.leaf, object_pairs_hook=unique_names, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        findings.error("leaf", place, f"the leaf is not JSON: {error}", index=entry.index)
        return None
    if not isinstance(leaf, dict):
        findings.error("leaf", place, "the leaf is not a JSON object", index=entry.index)
        return None
    if canonical(leaf) != entry.leaf:
        text = "the leaf is not canonical JSON: keys sorted, no spaces, UTF-8 without escapes"
        findings.error("leaf", place, text, index=entry.index)
    if leaf.get("index", entry.index) != entry.index:
        findings.error("leaf", place, f"the leaf says that it is entry {leaf['index']}", index=entry.index)
    return leaf


def leaf_of(entry: Entry) -> Leaf:
    """What a leaf that `read_leaf` has read says; empty for one that it could not read."""
    try:
        leaf = json.loads(entry.leaf)
    except (ValueError, RecursionError):
        return {}
    return leaf if isinstance(leaf, dict) else {}


def canonical(value: Mapping[str, object]) -> bytes:
    """The one way in which a leaf is written: keys sorted, no spaces, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def check_content(
    entry: Entry,
    leaf: Leaf | None,
    findings: Findings,
    look_into: CheckBody | None = None,
    place: str = "body",
) -> None:
    """Hold a body that is there against the leaf, and let ``look_into`` see it."""
    if entry.body is None:
        return
    digest = hashlib.sha256(entry.salt or b"")
    digest.update(entry.body)
    if leaf is not None and leaf.get("body_sha256") != digest.hexdigest():
        text = "the body is not the one whose hash is in the leaf"
        findings.error("body", place, text, index=entry.index)
    elif leaf is not None and leaf.get("size", len(entry.body)) != len(entry.body):
        text = f"the body has {len(entry.body)} bytes, the leaf says {leaf['size']}"
        findings.error("body", place, text, index=entry.index)
    if look_into is not None and (problem := _ask(look_into, entry)):
        findings.error("body", place, problem, index=entry.index)


def _ask(look_into: CheckBody, entry: Entry) -> str | None:
    try:
        return look_into(entry)
    except SigningError as error:
        return error.reason


class Erasures:
    """Which bodies are missing, and what the log itself says of it: an entry of kind ``erasure`` lists entries."""

    def __init__(self, first: int = 0) -> None:
        """``first`` is the index of the first entry that `follows` is called for."""
        self._missing = bytearray()
        self._first = first
        self._said: dict[tuple[str, str], list[int]] = {}
        self._listed: list[Sequence[int]] = []

    def follows(self, *, missing: bool) -> None:
        """The next entry in order, with or without its body."""
        self._missing.append(missing)

    def take(self, entry: Entry, leaf: Leaf | None, findings: Findings) -> None:
        """Note what an entry says about erasures, if it is one that does."""
        told = entry.body is not None and leaf is not None and leaf.get("kind") == "erasure"
        if told and (wrong := self._told(leaf or {}, entry.body or b"")):
            findings.error("body", "body", wrong, index=entry.index)

    def _told(self, leaf: Leaf, body: bytes) -> str | None:
        """Read an entry that says what was erased; answers what is wrong with it."""
        if len(body) > _LARGEST_LIST:
            return f"the list of erased bodies has more than {_LARGEST_LIST:,} bytes"
        try:
            entries = json.loads(body)["entries"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return "the entry does not say which bodies were erased"
        if not isinstance(entries, list) or not all(type(index) is int and index >= 0 for index in entries):
            return "the entry does not say which bodies were erased"
        self._listed.append(entries)
        who = (str(leaf.get("officer")), str(leaf.get("purpose")))
        self._said.setdefault(who, []).append(len(entries))
        return None

    def listed(self) -> frozenset[int]:
        """The entries of which others that were taken say that their bodies were erased."""
        return frozenset(index for entries in self._listed for index in entries)

    def report(self, findings: Findings, *, complete: bool) -> int:
        """Hold the missing bodies against what was said; gives how many were erased."""
        erased = 0
        for listed in self._listed:
            for at in (index - self._first for index in listed):
                if 0 <= at < len(self._missing) and self._missing[at]:
                    self._missing[at] = 0
                    erased += 1
        for (who, why), counts in self._said.items():
            text = f"{sum(counts)} bodies were erased in {len(counts)} steps by {who}: {why}"
            findings.info("erasure", "erasure", text)
        if complete:
            for index in self.unsaid():
                findings.error(
                    "body", "body", "the body is gone, and no entry says who erased it", index=index
                )
        return erased

    def unsaid(self) -> Iterator[int]:
        """Entries whose bodies are missing and whose erasure no entry told of, once `report` has compared."""
        at = -1
        while (at := self._missing.find(1, at + 1)) >= 0:
            yield self._first + at


class Bindings:
    """Holds ``related_leaf`` of an answer against the entry that ``related`` names: they must be one.

    Remembers the newest entries only; what reaches further back is counted, not compared.
    """

    def __init__(self, window: int = _WINDOW) -> None:
        self._known: collections.OrderedDict[str, tuple[int, bytes]] = collections.OrderedDict()
        self._window = window
        self.compared = 0
        self.beyond = 0

    def take(self, index: int, leaf: Leaf | None, leaf_hash: bytes, findings: Findings) -> None:
        """Compare one entry with what it answers, and remember it for those that answer it."""
        if leaf is None:
            return
        self._compare(index, leaf, findings)
        if isinstance(name := leaf.get("id"), str):
            if name in self._known:
                text = f"the id is that of entry {self._known[name][0]} too"
                findings.error("bound", "leaf", text, index=index)
            self._known[name] = (index, leaf_hash)
            if len(self._known) > self._window:
                self._known.popitem(last=False)

    def _compare(self, index: int, leaf: Leaf, findings: Findings) -> None:
        name, bound = leaf.get("related"), leaf.get("related_leaf")
        if bound is None:
            return
        if not isinstance(name, str):
            findings.error("bound", "leaf", "it is bound to an entry and names no message", index=index)
        elif name not in self._known:
            self.beyond += 1
        elif self._known[name][1].hex() != bound:
            text = f"it is bound to another entry than entry {self._known[name][0]}, which it answers"
            findings.error("bound", "leaf", text, index=index)
        else:
            self.compared += 1


def unique_names(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Object of JSON whose names occur once each, for ``object_pairs_hook``. Raises ValueError."""
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return read


def _refused(name: str) -> object:
    raise ValueError(f"{name} is not a number of JSON")
