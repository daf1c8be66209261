"""The time-stamping authorities that a hub asks: outside ones by address, and its own inside.

What they answer is believed only after it was verified: see `broker.log.timestamping`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cryptography.x509 import Certificate

from adapters.http import HttpClient
from adapters.timestamping import ask
from broker.clock import Clock
from broker.config.evidence import TimeAuthority
from broker.config.project import Project
from signing.errors import KeyProblem
from signing.keys import list_keys, load_key, read_certificates
from signing.stamps.authority import EmbeddedAuthority

FOLDER = "tsa"
"""Folder below that of the keys where the keys of authorities inside the hub are."""
_SUFFIX = ".crt.pem"


class Authority(Protocol):
    """One time-stamping authority."""

    @property
    def name(self) -> str:
        """How logs and work items call it."""

    @property
    def independent(self) -> bool:
        """Whether it is outside the hub, so that its tokens prove the time to those who do not trust the hub."""

    @property
    def seconds(self) -> float:
        """How long an answer may take."""

    @property
    def anchors(self) -> Sequence[Certificate]:
        """What its tokens are verified by, once it has answered."""

    async def answer(self, query: bytes) -> bytes:
        """A TimeStampResp to a TimeStampReq, both DER. Raises AdapterError or KeyProblem; may be cancelled."""


def authorities(project: Project, http: HttpClient, clock: Clock) -> tuple[Authority, ...]:
    """The authorities of ``project``, in the order in which they are asked.

    Raises KeyProblem for anchors that cannot be read.
    """
    keys = project.path(project.hub.keys) / FOLDER
    files = anchor_files(project)
    return tuple(
        Inside(each, keys, clock)
        if each.url is None
        else Outside(each, each.url, read_certificates(files[each.name]), http)
        for each in project.hub.evidence.timestamps.authorities
    )


def anchor_files(project: Project) -> dict[str, Path]:
    """Name → file of the certificates by which tokens of each authority of ``project`` are verified.

    Besides those that are asked now: every certificate in the folder of authorities' keys, such as of former ones.
    """
    keys = project.path(project.hub.keys) / FOLDER
    own = {file.name.removesuffix(_SUFFIX): file for file in sorted(keys.glob(f"*{_SUFFIX}"))}
    asked = project.hub.evidence.timestamps.authorities
    return own | {each.name: project.path(each.certificates) for each in asked if each.certificates}


def anchors_by_name(project: Project) -> dict[str, tuple[Certificate, ...]]:
    """Name → what tokens of each authority are verified by; see `anchor_files`. Raises KeyProblem."""
    return {name: tuple(read_certificates(file)) for name, file in anchor_files(project).items()}


class Outside:
    """An authority that somebody else runs, asked over HTTP."""

    independent = True

    def __init__(
        self, config: TimeAuthority, url: str, anchors: Sequence[Certificate], http: HttpClient
    ) -> None:
        """Nothing is asked before `answer`."""
        self.name = config.name
        self.seconds = config.timeout.total_seconds()
        self.anchors = anchors
        self._url = url
        self._http = http

    async def answer(self, query: bytes) -> bytes:
        """What the authority says."""
        return await ask(self._http, self._url, query, timeout_seconds=self.seconds)


class Inside:
    """The hub's own authority. Its key is read when it is first asked, so that it may be created while the hub runs."""

    independent = False

    def __init__(self, config: TimeAuthority, folder: Path, clock: Clock) -> None:
        """``folder`` is that of the keys of authorities."""
        self.name = config.name
        self.seconds = config.timeout.total_seconds()
        self._folder = folder
        self._clock = clock
        self._authority: EmbeddedAuthority | None = None

    @property
    def anchors(self) -> Sequence[Certificate]:
        """Its own certificate."""
        return () if self._authority is None else (self._authority.certificate,)

    async def answer(self, query: bytes) -> bytes:
        """A token, made in another thread than the event loop's. Raises KeyProblem with the remedy."""
        return await asyncio.to_thread(self._issue, query)

    def _issue(self, query: bytes) -> bytes:
        if self._authority is None:
            if self.name not in list_keys(self._folder):
                remedy = f"create it with `lienthong keys timestamp create {self.name}`"
                raise KeyProblem(f"the authority {self.name} has no key in {self._folder}: {remedy}")
            self._authority = EmbeddedAuthority(load_key(self._folder, self.name), clock=self._clock)
        return self._authority.issue(query)
