"""The national portal in the demo: sends each declaration through its door and answers when the hub asks."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Sequence

from lxml import etree

from broker.canonical.jsonform import JsonForm
from lienthong.demo.case import PAPER, PAPER_HASH, Case
from lienthong.demo.death import Death
from lienthong.demo.document import Birth, consent, corrections, declaration, submission
from lienthong.demo.officers import Officers
from lienthong.demo.parts import NS
from sandbox.dvcqg.portal import Answer, Portal
from signing.xml import parse

OFFICER, UNIT = "CB000001", "G22.99.08"
_FINAL = frozenset({"completed", "partially-completed", "rejected", "withdrawn", "stuck"})
_ASK_EVERY = 1.0


@dataclasses.dataclass
class Journey:
    """What became of one declaration. ``seconds`` from sending to the end; ``status`` is the last StatusResponse.

    ``refusal``: why it was not taken in; ``broken`` if that was the hub's fault and not the declaration's.
    """

    case: Case
    code: str | None = None
    seconds: float = 0.0
    refusal: str | None = None
    broken: bool = False
    repeated: bool = False
    rectified: bool = False
    asked: list[str] = dataclasses.field(default_factory=list)
    status: etree._Element | None = None

    @property
    def state(self) -> str:
        """State of the dossier; ``refused`` for a declaration that was not taken in."""
        if self.status is None:
            return "refused" if self.refusal and not self.broken else "failed"
        return self.status.findtext(f"{{{NS}}}State") or "failed"

    @property
    def ended(self) -> bool:
        """True if nothing more will happen."""
        return self.state in _FINAL or self.refusal is not None

    @property
    def as_it_should(self) -> bool:
        """True if it came to the end that was meant for it."""
        whole = not self.case.rectified or bool(self.accepted)
        return self.state == self.case.ends and whole

    @property
    def accepted(self) -> list[str]:
        """The steps whose agency took over what was corrected in the civil act."""
        steps = self.status.iterfind(f"{{{NS}}}Step") if self.status is not None else ()
        state = f"{{{NS}}}Correction/{{{NS}}}State"
        return [step.findtext(f"{{{NS}}}Id") or "" for step in steps if step.findtext(state) == "accepted"]


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a review found: the field where it can be mended, the words, the steps whose agency would object."""

    field: str
    words: str
    steps: Sequence[str]


class Declarant:
    """Takes one declaration from sending to its end, as portal and citizen together."""

    def __init__(self, portal: Portal, officers: Officers, form: JsonForm, deadline: float) -> None:
        """``deadline`` is the monotonic second at which waiting ends."""
        self._portal = portal
        self._officers = officers
        self._form = form
        self._deadline = deadline

    async def review(self, event: Birth | Death) -> list[Finding]:
        """What every agency would find in a declaration that is not handed in."""
        answer = await self._portal.review(declaration(event))
        problems = answer.payload.iterfind(f"{{{NS}}}Problem") if answer.payload is not None else ()
        return [_finding(problem) for problem in problems]

    async def run(self, number: int, case: Case) -> Journey:
        """Send, watch, supplement what is asked."""
        journey = Journey(case)
        started = time.monotonic()
        if case.event.attachments:
            await self._portal.put_file(PAPER, PAPER_HASH, "application/pdf")
        document = self._document(number, case)
        answer = await self._send(case, document)
        if not answer.ok:
            journey.refusal = _words(answer)
            journey.broken = answer.status >= 500 and not _blames_sender(answer)
        else:
            journey.code = _code(answer, self._form)
            if case.twice:
                again = await self._send(case, document)
                journey.repeated = again.ok and _code(again, self._form) == journey.code
            await self._watch(journey, number)
        journey.seconds = time.monotonic() - started
        return journey

    async def _watch(self, journey: Journey, number: int) -> None:
        assert journey.code is not None
        while time.monotonic() < self._deadline:
            answer = await self._portal.status(journey.code)
            journey.status = answer.payload
            if journey.ended and await self._is_over(journey):
                return
            what = _asked(journey.status)
            if what and what not in journey.asked:
                journey.asked.append(what)
                await self._answer(journey, f"demo-answer-{number:04d}-{len(journey.asked)}")
            await asyncio.sleep(_ASK_EVERY)

    async def _is_over(self, journey: Journey) -> bool:
        """False as long as a correction of the civil act, made after the end, has not gone round."""
        if journey.case.rectified is None or journey.state != "completed":
            return True
        if not journey.rectified:
            journey.rectified = True
            await self._officers.rectify(journey.code or "", journey.case.rectified)
        return bool(journey.accepted)

    async def _answer(self, journey: Journey, message_id: str) -> None:
        """What the citizen does when asked: corrects a field, hands in a paper, finds the relative who must agree."""
        case, code = journey.case, journey.code or ""
        who = {"officer": OFFICER, "unit": UNIT}
        if case.agreeing:
            answers = [
                await self._portal.consent(
                    code, consent(code, message_id=f"{message_id}-{number}", number=number, **who)
                )
                for number in case.agreeing
            ]
        else:
            paper = None if case.corrections else (case.paper, "giay-to.pdf", PAPER, PAPER_HASH)
            if paper:
                await self._portal.put_file(PAPER, PAPER_HASH, "application/pdf")
            document = corrections(code, message_id=message_id, values=case.corrections, paper=paper, **who)
            answers = [await self._portal.supplement(code, document)]
        journey.asked += [f"not taken: {_words(answer)}" for answer in answers if not answer.ok]

    def _document(self, number: int, case: Case) -> bytes:
        document = submission(
            case.event,
            message_id=f"demo-{number:08d}",
            portal_code=f"G22.99-{number:06d}",
            officer=OFFICER,
            unit=UNIT,
        )
        if case.written is not None:
            path, text = case.written
            root = parse(document)
            found = root.find(".//" + "/".join(f"{{{NS}}}{name}" for name in path.split("/")))
            assert found is not None, path
            found.text = text
            document = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
        return document

    async def _send(self, case: Case, document: bytes) -> Answer:
        if case.door.startswith("soap"):
            return await self._portal.soap(document, version=case.door.removeprefix("soap "))
        if case.door == "rest json":
            return await self._portal.submit(self._form.to_json(document))
        return await self._portal.submit(document)


def _finding(problem: etree._Element) -> Finding:
    field, words = (problem.findtext(f"{{{NS}}}{name}") or "" for name in ("Field", "Vi"))
    return Finding(field, words, [step.text or "" for step in problem.iterfind(f"{{{NS}}}Step")])


def _code(answer: Answer, form: JsonForm) -> str:
    if answer.payload is not None:
        return answer.payload.findtext(f"{{{NS}}}DossierCode") or ""
    root = parse(form.from_json(answer.body, "SubmitResponse"))
    return root.findtext(f"{{{NS}}}DossierCode") or ""


def _blames_sender(answer: Answer) -> bool:
    """SOAP 1.1 answers every fault with status 500: its code says whose fault it is."""
    return answer.fault is not None and answer.fault.code in ("Client", "Sender")


def _words(answer: Answer) -> str:
    """Why a declaration was not taken in: the first problem, in Vietnamese."""
    root = answer.payload if answer.payload is not None else (answer.fault.detail if answer.fault else None)
    found = root.findtext(f".//{{{NS}}}Vi") if root is not None else None
    if found:
        field = root.findtext(f".//{{{NS}}}Field") if root is not None else None
        return f"{field}: {found}" if field else found
    return answer.fault.words if answer.fault else answer.body.decode("utf-8", "replace")[:300]


def _asked(status: etree._Element | None) -> str:
    """What the hub asks of the citizen, and for which step; empty if nothing."""
    if status is None:
        return ""
    missing = status.findall(f"{{{NS}}}Missing")
    return "; ".join(
        f"{item.findtext(f'{{{NS}}}Step') or 'dossier'}: {item.findtext(f'{{{NS}}}What')}" for item in missing
    )
