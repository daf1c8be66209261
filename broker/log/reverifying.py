"""Verifies the whole message log again and again, at night by default, and keeps what came out as a signed note.

Off the path of any request: in a thread of its own, in pieces, at work for a bounded share of the time. Nothing is
stored before the end, so a run that is stopped or dies leaves nothing behind; as no result says that the period is
done, the next look begins it anew. While a run lasts it holds the looks ahead, so that no other process begins one.
"""

from __future__ import annotations

import asyncio
import base64
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from datetime import time as time_of_day

import structlog

from broker.clock import Clock
from broker.log.logbook import Logbook
from broker.model import WorkItem
from broker.scheduler import due_run
from broker.store.engine import Store
from broker.store.types import utc_text
from broker.store.verifications import Verification
from signing.errors import KeyProblem
from signing.log.note import NoteSigner, sign_note
from signing.verifier.findings import Finding
from signing.verifier.logcheck import LogReport

log = structlog.get_logger(__name__)

JOB = "reverify"
"""Name of the job."""
LOOK = timedelta(minutes=10)
"""How often it is looked whether a run is due."""
SHARE = 0.25
"""Part of the time in which a run is at work; the rest belongs to messages."""

_TOLD = 100
_KEPT = 1000


class _Stopped(Exception):
    """The process ends: the run is given up."""


class Reverification:
    """Verifies the log of one hub by the clock."""

    def __init__(
        self,
        store: Store,
        logbook: Logbook,
        signer: NoteSigner,
        owner: str,
        clock: Clock,
        *,
        share: float = SHARE,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        """``signer`` is the log's own, ``owner`` is called if the log is not as it was signed; ``stopwatch`` in
        seconds.
        """
        self._store = store
        self._logbook = logbook
        self._signer = signer
        self._owner = owner
        self._clock = clock
        self._rest = 1 / share - 1
        self._stopwatch = stopwatch
        self._stop = threading.Event()

    def stop(self) -> None:
        """Give up the run that is under way, and begin no other."""
        self._stop.set()

    async def look(self, every: timedelta, at: time_of_day | None) -> Verification | None:
        """`run`, unless one ended since a run was last due. A run that died before its end is made again."""
        due = due_run(self._clock(), every, at)
        last = await self._store.aread(lambda tx: tx.verifications.last())
        return None if last is not None and last.at >= due else await self.run()

    async def run(self) -> Verification | None:
        """Verify everything and keep the result; None if it was stopped, or if a data key is lost, of which a person is
        told. Raises StoreUnavailable.
        """
        try:
            report = await asyncio.to_thread(self._logbook.verify, self._signer.verifier, self._pace())
        except _Stopped:
            return None
        except KeyProblem as error:
            await self._call(self._clock(), f"the message log cannot be verified: {error}")
            return None
        now = self._clock()
        errors = [found for found in report.findings if found.severity == "error"]
        made = Verification(now, report.entries, report.ok, len(errors), self._note(report, errors))

        await self._store.write(lambda tx: tx.verifications.add(made, _by_entry(errors)))
        if errors:
            told = f"{len(errors)} errors: {_line(errors[0])}"
            await self._call(now, f"the message log is not as it was signed, {told}")
        log.info("log verified", ok=made.ok, entries=made.size, findings=made.findings)
        return made

    def _pace(self) -> Callable[[], None]:
        """Rests after each piece in proportion to the time that it took, and holds the next look."""
        began, held = self._stopwatch(), None

        def pace() -> None:
            nonlocal began, held
            following = due_run(self._clock(), LOOK) + LOOK
            if following != held:
                self._store.write_sync(lambda tx: tx.runs.claim(JOB, following))
                held = following
            if self._stop.wait((self._stopwatch() - began) * self._rest):
                raise _Stopped
            began = self._stopwatch()

        return pace

    def _note(self, report: LogReport, errors: list[Finding]) -> str:
        """The result for people, signed. Its first line is the log's name with a word behind it, as of no head."""
        verdict = (
            "nguyên vẹn, đúng như đã ký (intact, as it was signed)"
            if report.ok
            else "KHÔNG đúng như đã ký (NOT as it was signed)"
        )
        lines = [
            f"{self._signer.name}/verification",
            str(report.entries),
            base64.b64encode(report.root).decode(),
            f"thời điểm (at): {utc_text(self._clock())}",
            f"kết luận (verdict): {verdict}",
            f"nội dung đã đối chiếu (bodies compared): {report.bodies}",
            f"nội dung đã xóa theo quy định (bodies erased): {report.erased}",
            f"sai lệch (errors): {len(errors)}",
            *map(_line, errors[:_TOLD]),
        ]
        return sign_note("".join(f"{line}\n" for line in lines), [self._signer])

    async def _call(self, at: datetime, reason: str) -> None:
        """One item a day, however often the log is looked through."""
        log.error("log not verified", reason=reason)
        item = WorkItem(f"broken-log:{at:%y%m%d}", "log", at, self._owner, reason)
        await self._store.write(lambda tx: tx.work.add(item))


def _by_entry(errors: Iterable[Finding]) -> dict[tuple[int, str], str]:
    """Text by entry and place, as far as single entries are wrong; a log that is wrong as a whole is cut short."""
    found: dict[tuple[int, str], str] = {}
    for error in errors:
        if error.index is not None and len(found) < _KEPT:
            found.setdefault((error.index, error.place), error.text)
    return found


def _line(found: Finding) -> str:
    """A finding in one line without control characters: its text may hold what somebody put into the log."""
    entry = "-" if found.index is None else str(found.index)
    text = f"{entry} {found.place}: {found.text}"
    return "".join(sign if sign.isprintable() else "?" for sign in text)
