"""What the hub ran with: every change of a file of the project is an entry of the message log, with who started it.

Compared are the files of config, mappings and schemas, the settings of this place, and the public half of keys and
trust: certificates and verifiers, never a secret. The last entry says what was so before; what the files held is not
in the log, only their SHA-256.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from broker.clock import Clock
from broker.config.project import Project
from broker.store.engine import Store, Tx
from broker.store.rows import Act, MessageFilter
from broker.store.work import ACT

CONFIGURATION = "configuration"
"""Operation of the log entries that say which files the hub runs with."""

_FOLDERS = ("config", "mappings", "xsd")
_LOCAL = "local.json"


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """Files that are not as they were, by name."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.added or self.changed or self.removed)


def digests(project: Project) -> dict[str, str]:
    """Name of every file → SHA-256 of its bytes, in hexadecimal."""
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in sorted(_files(project))}


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> Difference:
    """What changed between two sets of `digests`."""
    both = before.keys() & after.keys()
    return Difference(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(name for name in both if before[name] != after[name])),
        removed=tuple(sorted(before.keys() - after.keys())),
    )


async def note(store: Store, project: Project, clock: Clock, account: str) -> Difference:
    """Log what changed since the last entry, once; ``account`` is whoever started the process.

    Raises StoreUnavailable.
    """
    now = digests(project)

    def unit(tx: Tx) -> Difference:
        found = difference(_last(tx), now)
        if found:
            count = len(found.added) + len(found.changed) + len(found.removed)
            act = Act(clock(), account, CONFIGURATION, "project", f"{count} files are not as they were")
            tx.acts.add(act, {**dataclasses.asdict(found), "files": now})
        return found

    return await store.write(unit)


def _last(tx: Tx) -> Mapping[str, str]:
    """The digests in the last entry; none before the first."""
    page = tx.messages.search(MessageFilter(kind=ACT, operation=CONFIGURATION), limit=1)
    if not page.items:
        return {}
    files: Mapping[str, str] = json.loads(tx.messages.body(page.items[0].id))["files"]
    return files


def _files(project: Project) -> Iterator[tuple[str, Path]]:
    for folder in _FOLDERS:
        for file in (project.folder / folder).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file.relative_to(project.folder).as_posix(), file
    if (local := project.folder / _LOCAL).is_file():
        yield _LOCAL, local
    keys, trust = project.path(project.hub.keys), project.path(project.hub.trust)
    yield from ((f"keys/{file.name}", file) for file in keys.glob("*.crt.pem"))
    yield from ((f"trust/{file.relative_to(trust).as_posix()}", file) for file in trust.glob("*/*.pem"))
