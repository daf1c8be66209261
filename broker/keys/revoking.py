"""Asks issuers whether certificates were revoked, by the clock and off the path of any message.

Asked is what the certificates at hand name: of partners, of their authorities, and those that messages brought.
Responders are asked first, and lists where no responder gave an answer. An answer is kept only if it is authentic, not
over already, and not older than the last one. What asking costs is bounded: listed hosts, no redirects, a size, a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from cryptography import x509

from adapters.errors import AdapterError
from adapters.http import HttpClient
from adapters.outside import ListedHosts
from broker.clock import Clock
from broker.config.evidence import Revocation as Settings
from broker.keys.revocations import Held, Link, Revocations, named, responder_source
from broker.model import WorkItem
from broker.store.engine import Store, Tx
from broker.store.revocations import Kept
from signing.errors import RevocationUnknown, Untrusted
from signing.pki import crl, ocsp
from signing.pki.path import name_of
from signing.pki.revocation import sources

log = structlog.get_logger(__name__)

_AT_ONCE = 8
_SKEW = timedelta(minutes=5)
_FORGOTTEN = timedelta(days=30)


class Revoking:
    """The job that keeps `Revocations` fresh."""

    def __init__(
        self,
        settings: Settings,
        known: Revocations,
        store: Store,
        clock: Clock,
        *,
        links: Callable[[], Iterable[Link]],
        owner: str,
        http: HttpClient | None = None,
        nonce: Callable[[], bytes] = lambda: os.urandom(32),
    ) -> None:
        """``links`` gives the certificates at hand with their issuers; ``owner`` is told when an issuer stays silent.

        ``http`` replaces the client that goes to listed hosts only.
        """
        self._settings = settings
        self._known = known
        self._store = store
        self._clock = clock
        self._links = links
        self._owner = owner
        self._hosts = ListedHosts(settings.hosts)
        self._http = http or HttpClient(clock=clock, resolver=self._hosts)
        self._nonce = nonce
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._told: set[str] = set()
        self.failures: dict[str, str] = {}
        """Source → why its last answer could not be had; for metrics."""

    async def close(self) -> None:
        """Close connections."""
        await self._http.close()

    async def run(self) -> int:
        """Take what other processes fetched, and ask for what is due; says how many answers are new."""
        if self._settings.check == "off":
            return 0
        links = dict([*self._known.seen(), *self._links()])
        await self._load(links)
        fresh = await self._ask(list(links.items()))
        if fresh:
            await self._store.write(lambda tx: self._keep(tx, fresh))
            self._known.take(fresh, [*links, *links.values()])
        await asyncio.to_thread(self._known.prepare, list(links.items()))
        await self._tell(list(links.items()))
        return len(fresh)

    def _keep(self, tx: Tx, fresh: Mapping[str, Held]) -> None:
        tx.revocations.forget(self._clock() - self._settings.grace - _FORGOTTEN)
        for source, held in fresh.items():
            kind = "crl" if isinstance(held.read, x509.CertificateRevocationList) else "ocsp"
            tx.revocations.put(Kept(source, kind, held.fetched_at, held.until, held.raw))

    async def _load(self, links: dict[x509.Certificate, x509.Certificate]) -> None:
        """Take into memory what the database has newer than memory."""
        held = self._known.held()
        fetched = await self._store.aread(lambda tx: tx.revocations.fetched())
        newer = [
            source for source, at in fetched.items() if source not in held or held[source].fetched_at < at
        ]
        if newer:
            rows = await self._store.aread(lambda tx: tx.revocations.of(newer))
            self._known.take(await asyncio.to_thread(_read, rows), [*links, *links.values()])

    async def _ask(self, links: Sequence[Link]) -> dict[str, Held]:
        """Answers of every source that is due, each asked once."""
        fresh: dict[str, Held] = {}
        answers = await asyncio.gather(*(self._responders(link) for link in links))
        fresh.update(each for found in answers for each in found)
        lists: dict[str, list[Link]] = {}
        for link in links:
            if not self._answered(link[0], fresh):
                for url in sources(link[0]).lists:
                    lists.setdefault(url, []).append(link)
        due = [(url, about) for url, about in lists.items() if self._is_due(url)]
        found = await asyncio.gather(*(self._list(url, about) for url, about in due))
        fresh.update((url, held) for (url, _), held in zip(due, found, strict=True) if held is not None)
        return fresh

    def _answered(self, certificate: x509.Certificate, fresh: dict[str, Held]) -> bool:
        """Whether a responder's answer holds: then no list is needed."""
        held = {**self._known.held(), **fresh}
        asked = [responder_source(url, certificate) for url in sources(certificate).responders]
        return any(source in held and held[source].until > self._clock() for source in asked)

    def _is_due(self, source: str) -> bool:
        held = self._known.held().get(source)
        now = self._clock()
        return held is None or now >= min(held.fetched_at + self._settings.refresh, held.until)

    async def _responders(self, link: Link) -> list[tuple[str, Held]]:
        """The answer of the first responder that gives one, if it is time to ask."""
        certificate, issuer = link
        for url in sources(certificate).responders:
            source = responder_source(url, certificate)
            if not self._is_due(source):
                return []
            nonce = self._nonce()

            def read(raw: bytes, nonce: bytes = nonce) -> Held:
                response = ocsp.read(raw)
                answer = ocsp.answer(response, certificate, issuer, nonce=nonce)
                return Held(self._clock(), answer.next_update, raw, response)

            question = ocsp.request(certificate, issuer, nonce)
            held = await self._fetch(source, url, question, ocsp.MAX_BYTES, read)
            if held is not None:
                return [(source, held)]
        return []

    async def _list(self, url: str, about: Sequence[Link]) -> Held | None:
        """The list at ``url``, if it says something about at least one certificate that names it."""

        def read(raw: bytes) -> Held:
            revocations = crl.read(raw)
            signers = [certificate for link in about for certificate in link]
            refused: Untrusted | None = None
            for certificate, issuer in about:
                try:
                    answer = crl.answer(revocations, certificate, issuer, signers)
                except Untrusted as error:
                    refused = refused or error
                else:
                    return Held(self._clock(), answer.next_update, raw, revocations)
            raise refused or RevocationUnknown("the list is nobody's")

        return await self._fetch(url, url, None, crl.MAX_BYTES, read)

    async def _fetch(
        self, source: str, url: str, question: bytes | None, limit: int, read: Callable[[bytes], Held]
    ) -> Held | None:
        """Ask ``url`` (POST if there is a ``question``) and read the answer; None, and a failure noted, without one."""
        try:
            if not self._hosts.allows(url):
                raise RevocationUnknown("its host is not among evidence.revocation.hosts")
            async with self._gate:
                raw = await self._exchange(url, question, limit)
            held = await asyncio.to_thread(read, raw)
            self._check_newer(source, held)
        except (AdapterError, Untrusted) as error:
            if self.failures.get(source) != str(error):
                log.warning("revocation not learnt", source=url, reason=str(error))
            self.failures[source] = str(error)
            return None
        self.failures.pop(source, None)
        return held

    async def _exchange(self, url: str, question: bytes | None, limit: int) -> bytes:
        headers = {} if question is None else {"Content-Type": "application/ocsp-request"}
        reply = await self._http.request(
            "GET" if question is None else "POST",
            url,
            body=question or b"",
            headers=headers,
            timeout_seconds=self._settings.timeout.total_seconds(),
            limit=limit,
            safe=True,
        )
        return self._http.checked(reply, url, safe=True).body

    def _check_newer(self, source: str, held: Held) -> None:
        """Raise RevocationUnknown for an answer that is over, from the future, or older than the one at hand."""
        if _made(held) > self._clock() + _SKEW:
            raise RevocationUnknown(
                f"its answer is dated {_made(held):%Y-%m-%d %H:%M} UTC, which is yet to come"
            )
        if held.until <= self._clock():
            raise RevocationUnknown(f"its answer ended on {held.until:%Y-%m-%d %H:%M} UTC")
        last = self._known.held().get(source)
        if last is not None and _made(held) < _made(last):
            raise RevocationUnknown("its answer is older than the one before")

    async def _tell(self, links: Sequence[Link]) -> None:
        """Tell a person once about every certificate whose last answer has ended."""
        now = self._clock()
        items = [item for link in links if (item := self._silent(*link, now)) is not None]
        new = [item for item in items if item.id not in self._told]
        if new:
            await self._store.write(lambda tx: _add(tx, new))
            self._told = {item.id for item in items}

    def _silent(
        self, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime
    ) -> WorkItem | None:
        held, where = self._known.held(), named(certificate)
        ends = [held[source].until for source in where if source in held]
        failures = [self.failures[source] for source in where if source in self.failures]
        if not failures or (ends and max(ends) > now):
            return None
        until = max(ends) if ends else None
        return WorkItem(
            id=f"revocation:{hashlib.sha256(f'{where}{until}'.encode()).hexdigest()[:40]}",
            kind="certificate",
            at=now,
            owner=self._owner,
            reason=f"whether {name_of(certificate)} was revoked cannot be learnt: {failures[0]}"[:1000],
            due=None if until is None else until + self._settings.grace,
        )


def _made(held: Held) -> datetime:
    if isinstance(held.read, x509.CertificateRevocationList):
        return held.read.last_update_utc
    return held.read.this_update_utc


def _add(tx: Tx, items: Sequence[WorkItem]) -> None:
    for item in items:
        tx.work.add(item)


def _read(rows: Sequence[Kept]) -> dict[str, Held]:
    """What the database holds; what cannot be read there any more is asked for again."""
    found = {}
    for row in rows:
        with contextlib.suppress(RevocationUnknown):
            read = crl.read(row.answer) if row.kind == "crl" else ocsp.read(row.answer)
            found[row.source] = Held(row.fetched_at, row.until, row.answer, read)
    return found
