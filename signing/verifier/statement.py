"""``evidence.json``: what an evidence file says about itself, read strictly.

Nothing in it is believed: it says what has to be looked at, and everything that it says is held against the rest.
Format: docs/evidence-format.md.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from signing.verifier.entries import unique_names
from signing.verifier.findings import Findings

NAME = "evidence.json"
"""Where it stands in a container."""
LARGEST = 4 * 1024 * 1024
"""Bytes that it may have: that of a large dossier has half as many."""
OF_MESSAGES = frozenset({"message", "exchange", "dossier"})
"""Kinds that hold entries one by one."""
OF_PERIODS = frozenset({"archive", "export"})
"""Kinds that hold a piece of the log."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_BODY = re.compile(r"bodies/(\d+)\.(?:xml|json|bin)")
_LARGEST = 1 << 53


@dataclasses.dataclass(frozen=True, slots=True)
class Listed:
    """One entry that the file is about; ``salt`` and ``body`` (a file's name) None if erased or left out."""

    index: int
    salt: bytes | None
    body: str | None
    media_type: str


@dataclasses.dataclass(frozen=True, slots=True)
class Previous:
    """The archive before: its file, the SHA-256 of it (hexadecimal), and how many entries the log had at its end."""

    file: str
    sha256: str
    size: int


@dataclasses.dataclass(frozen=True, slots=True)
class Stamp:
    """The time-stamp on the head of the log, as the file tells of it."""

    authority: str
    independent: bool
    at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Statement:
    """What the file says: about what it is, and which head of which log it leads to.

    ``first`` and ``stop`` bound the entries of an archive or an export; None for the other kinds.
    """

    kind: str
    subject: str
    made: datetime
    origin: str
    size: int
    root: bytes
    timestamp: Stamp | None
    entries: tuple[Listed, ...] = ()
    first: int | None = None
    stop: int | None = None
    previous: Previous | None = None

    @property
    def files(self) -> frozenset[str]:
        """The names that the container must hold, no more and no fewer."""
        names = {NAME, "log/checkpoint.note", "log/cosigned.note", "log/log.vkey", "explanation.html"}
        if self.timestamp is not None:
            names.add("log/checkpoint.tst")
        if self.kind in OF_PERIODS:
            names |= {"log/entries.jsonl", "log/frontier.bin"}
        if self.first:
            names.add("log/previous.note")
        for each in self.entries:
            names |= {f"entries/{each.index}.json", f"entries/{each.index}.proof"}
            if each.body is not None:
                names.add(each.body)
        return frozenset(names)


def read(data: bytes, findings: Findings) -> Statement | None:
    """The statement; None if it is not well-formed, and then every fault of its form is reported."""
    try:
        said = json.loads(data, object_pairs_hook=unique_names)
    except (ValueError, RecursionError) as error:
        findings.error("statement", NAME, f"it is not JSON: {error}")
        return None
    faults = _all_faults(said)
    for fault in faults:
        findings.error("statement", NAME, fault)
    if faults:
        return None
    statement = _statement(said)
    faults = list(_contradictions(statement))
    for fault in faults:
        findings.error("statement", NAME, fault)
    return statement


Check = Callable[[Any], bool]
Form = Mapping[str, tuple[str, Check]]


def time_of(text: str) -> datetime:
    """A moment as files of evidence write it: UTC with a Z. Raises ValueError."""
    if not _TIME.fullmatch(text):
        raise ValueError(f"{text!r} is not a time")
    return datetime.fromisoformat(text)


def _is_time(value: Any) -> bool:
    try:
        time_of(value)
    except (ValueError, TypeError):
        return False
    return True


def _is_root(value: Any) -> bool:
    return isinstance(value, str) and len(decoded(value) or b"") == 32


def decoded(text: str) -> bytes | None:
    """Bytes of base64 that is written in the one way there is; None for anything else."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value < _LARGEST


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 1000 and value.isprintable()


def _matches(pattern: re.Pattern[str]) -> Check:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _or_null(form: tuple[str, Check]) -> tuple[str, Check]:
    return f"{form[0]} or null", lambda value: value is None or form[1](value)


_NUMBER: tuple[str, Check] = ("a number", _is_number)
_TEXT: tuple[str, Check] = ("a text", _is_text)
_MOMENT: tuple[str, Check] = ("a time such as 2026-11-22T03:04:05Z", _is_time)
_COMMON: Form = {
    "version": ("1", lambda value: type(value) is int and value == 1),
    "kind": (
        "a kind of evidence",
        lambda value: isinstance(value, str) and value in OF_MESSAGES | OF_PERIODS,
    ),
    "subject": _TEXT,
    "made": _MOMENT,
    "origin": _TEXT,
    "size": _NUMBER,
    "root": ("a hash of 32 bytes in base64", _is_root),
}
_STAMP: Form = {
    "authority": _TEXT,
    "independent": ("true or false", lambda value: isinstance(value, bool)),
    "at": _MOMENT,
}
_PREVIOUS: Form = {"file": _TEXT, "sha256": ("a SHA-256", _matches(_SHA256)), "size": _NUMBER}
_ENTRY: Form = {
    "index": _NUMBER,
    "salt": _or_null(("bytes in hexadecimal", _matches(_HEX))),
    "body": _or_null(("the name of a file", _matches(_BODY))),
    "media_type": _TEXT,
}


_OBJECT: tuple[str, Check] = ("an object", lambda value: isinstance(value, dict))


def _all_faults(said: Any) -> list[str]:
    """Where the whole departs from its form."""
    if not isinstance(said, dict):
        return ["it must be an object"]
    form = dict(_COMMON) | {"timestamp": _or_null(_OBJECT)}
    if said.get("kind") in ("archive", "export"):
        form |= {"first": _NUMBER, "stop": _NUMBER, "previous": _or_null(_OBJECT)}
    else:
        form["entries"] = ("a list", lambda value: isinstance(value, list))
    faults = _faults("", said, form)
    for name, inner in (("timestamp", _STAMP), ("previous", _PREVIOUS)):
        if name in form and isinstance(said.get(name), dict):
            faults += _faults(f"{name}: ", said[name], inner)
    listed = said.get("entries") if "entries" in form else ()
    for number, one in enumerate(listed if isinstance(listed, list) else ()):
        faults += _faults(f"entries[{number}]: ", one, _ENTRY)
    return faults


def _faults(where: str, value: Any, form: Form) -> list[str]:
    """Where one object departs from its form: names missing, unknown, of another type."""
    if not isinstance(value, dict):
        return [f"{where}it must be an object"]
    faults = [f"{where}{key!r} is missing" for key in form if key not in value]
    faults += [f"{where}{str(key)[:40]!r} is unknown" for key in value if key not in form]
    return faults + [
        f"{where}{key!r} must be {what}"
        for key, (what, fits) in form.items()
        if key in value and not fits(value[key])
    ]


def _statement(said: dict[str, Any]) -> Statement:
    stamp, previous = said["timestamp"], said.get("previous")
    return Statement(
        kind=said["kind"],
        subject=said["subject"],
        made=time_of(said["made"]),
        origin=said["origin"],
        size=said["size"],
        root=base64.b64decode(said["root"]),
        timestamp=stamp and Stamp(stamp["authority"], stamp["independent"], time_of(stamp["at"])),
        entries=tuple(_listed(one) for one in said.get("entries", ())),
        first=said.get("first"),
        stop=said.get("stop"),
        previous=previous and Previous(**previous),
    )


def _listed(said: dict[str, Any]) -> Listed:
    salt = None if said["salt"] is None else bytes.fromhex(said["salt"])
    return Listed(said["index"], salt, said["body"], said["media_type"])


def _contradictions(said: Statement) -> list[str]:
    """What is well-formed and cannot be."""
    wrong = []
    indexes = [one.index for one in said.entries]
    if said.kind in OF_MESSAGES and not indexes:
        wrong.append("it is evidence of no entry")
    if indexes != sorted(set(indexes)):
        wrong.append("the entries are not in order, each once")
    if indexes and indexes[-1] >= said.size:
        wrong.append(f"entry {indexes[-1]} is not in a log of {said.size}")
    for one in said.entries:
        match = one.body and _BODY.fullmatch(one.body)
        if match and match[1] != str(one.index):
            wrong.append(f"{one.body} is not the body of entry {one.index}")
    if said.first is not None and said.stop is not None:
        if not said.first <= said.stop == said.size:
            wrong.append(f"entries {said.first} to {said.stop} do not end at the head of {said.size}")
        if said.previous is not None and said.previous.size != said.first:
            wrong.append(f"the archive before ended at {said.previous.size}, this one begins at {said.first}")
    return wrong
