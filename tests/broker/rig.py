"""A whole hub over a real database whose agencies are small fakes that speak the canonical form."""

from __future__ import annotations

import dataclasses
import functools
import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from lxml import etree

from adapters.base import CheckReport, Features, Inbound, Reply, Request, Wire
from broker.canonical import build
from broker.canonical.document import as_tree, find, text_at
from broker.changes import Changes
from broker.config.agency import AdapterUse, AgencyConfig, Callback, Endpoint, Operation, Polling
from broker.config.base import Words
from broker.config.evidence import Archives
from broker.config.hub import Client, digest
from broker.config.project import Project
from broker.delivery.policy import ClassPolicy, RetryPolicy
from broker.hub import Hub, Outside
from broker.model import Delivery, DeliveryState, Dossier, Message, Outcome, StepState, WorkItem
from broker.opening import open_hub
from broker.store.rows import DeliveryFilter, MessageFilter
from signing.keys import create_key
from signing.log.note import create_note_key
from signing.vault import create_data_key
from tests.broker.canonical.samples import RECEIVED, SUBMIT
from tests.clock import ManualClock

ROOT = Path(__file__).parents[2]
PORTAL = "dvcqg"
NUMBER = "001326000123"

_OPERATIONS = {
    "dancu": ("lookup", "confirm"),
    "hotich": ("submit", "supplement", "withdraw", "poll", "ask", "list"),
    "cutru": ("submit", "supplement", "withdraw", "correct", "ask"),
    "bhxh": ("submit", "supplement", "withdraw"),
    "cancuoc": ("submit", "poll"),
    "dvcqg": ("state", "result"),
}
_RESULTS = {
    "hotich": (
        f"<Registration><PersonalNumber>{NUMBER}</PersonalNumber><Number>12</Number><Book>01/2026</Book>"
        "<RegisteredOn>2026-09-15</RegisteredOn><ChildName>TRẦN HÒA</ChildName></Registration>"
    ),
    "cutru": "<Residence><NoticeNumber>7</NoticeNumber></Residence>",
    "bhxh": "<HealthCard><CardNumber>TE1012600000001</CardNumber></HealthCard>",
}


class Plain:
    """Stands for all mappings: documents stay as they are."""

    def get(self, *_: object) -> Plain:
        """This, whatever the name and the day."""
        return self

    def run(self, source: bytes, **_: object) -> bytes:
        """The document itself."""
        return source


class Fake:
    """An agency: answers what is scripted, then as an agency does that is well. A sender of the hub."""

    features = Features(network=False)

    def __init__(self, agency: str) -> None:
        self.id = agency
        self.sent: list[Wire] = []
        self.script: deque[bytes | Exception | Callable[[Wire], bytes]] = deque()
        self.before: Callable[[Wire], Any] | None = None
        self.done: set[str] = set()
        self.pages: list[list[str]] = []

    def encode(self, request: Request) -> Wire:
        """The payload as it is."""
        return Wire(request.operation, request.key, "fake:", request.payload, {"Content-Type": "text/xml"})

    async def send(self, wire: Wire) -> Reply:
        """The next answer of the script, else the usual one."""
        self.sent.append(wire)
        if self.before is not None:
            await self.before(wire)
        answer = self.script.popleft() if self.script else self._usual
        if isinstance(answer, Exception):
            raise answer
        body = answer if isinstance(answer, bytes) else answer(wire)
        return Reply(wire.operation, body, body)

    async def check(self) -> CheckReport:
        """Always well."""
        return CheckReport(True, ())

    async def close(self) -> None:
        """Nothing is open."""

    def count(self, operation: str) -> int:
        """How many messages of that operation arrived."""
        return sum(wire.operation == operation for wire in self.sent)

    def _usual(self, wire: Wire) -> bytes:
        root = as_tree(wire.body)
        match wire.operation:
            case "lookup" | "confirm":
                return record(found=True)
            case "poll" | "ask":
                codes = [text_at(item, "DossierCode") or "" for item in root]
                return report(*(self.standing(code) for code in codes))
            case "submit":
                code = text_at(root, "Head/DossierCode") or ""
                return report(item(code, StepState.RECEIVED, agency_code=f"{self.id}-{code[-6:]}"))
            case "list":
                return self._page(int(text_at(root, "Page") or "1"))
            case _:
                return build.receipt(Outcome.OK)

    def _page(self, number: int) -> bytes:
        """One of the ``pages`` of lines that the agency says it has."""
        lines = "".join(self.pages[number - 1]) if self.pages else ""
        more = "<More>true</More>" if number < len(self.pages) else ""
        return f'<AgencyList xmlns="urn:lienthong:1.0">{lines}{more}</AgencyList>'.encode()

    def standing(self, code: str) -> str:
        """How a dossier stands: received, or completed if it is among those that are ``done``."""
        if code in self.done:
            return item(code, StepState.COMPLETED, result=_RESULTS[self.id])
        return item(code, StepState.RECEIVED)


def item(
    code: str | None,
    state: StepState | None = None,
    *,
    outcome: Outcome = Outcome.OK,
    agency_code: str | None = None,
    at: str | None = None,
    reason: str | None = None,
    due: str | None = None,
    result: str = "",
) -> str:
    """One item of an AgencyReport."""
    leaves = {
        "DossierCode": code,
        "AgencyCode": agency_code,
        "Outcome": outcome.value,
        "State": state and state.value,
        "At": at,
        "Reason": reason,
        "SupplementDue": due,
    }
    written = "".join(f"<{name}>{text}</{name}>" for name, text in leaves.items() if text is not None)
    return f"<Item>{written}{result}</Item>"


def line(code: str | None, state: str, agency_code: str | None = None, key: str | None = None) -> str:
    """One line of an AgencyList."""
    leaves = {"DossierCode": code, "Key": key, "AgencyCode": agency_code, "State": state}
    written = "".join(f"<{name}>{text}</{name}>" for name, text in leaves.items() if text is not None)
    return f"<Item>{written}</Item>"


def report(*items: str, key: str | None = None) -> bytes:
    """An AgencyReport; ``key`` is the agency's own id of the message."""
    name = f' id="{key}"' if key else ""
    return f'<AgencyReport xmlns="urn:lienthong:1.0"{name}>{"".join(items)}</AgencyReport>'.encode()


def completed(agency: str, code: str, **more: Any) -> str:
    """The item with which ``agency`` says that its part is done."""
    return item(code, StepState.COMPLETED, result=_RESULTS[agency], **more)


def record(*, found: bool) -> bytes:
    """A PersonRecord: whether the values asked about belong together."""
    return (
        f'<PersonRecord xmlns="urn:lienthong:1.0"><Found>{str(found).lower()}</Found></PersonRecord>'.encode()
    )


def submission(message_id: str = "message-1", **texts: str) -> bytes:
    """The sample submission; ``texts`` are values by path below the declaration, with __ for /."""
    root = as_tree(SUBMIT)
    root[0].text, root[1].text = message_id, f"000.00.00.G22-{message_id}"
    for path, text in texts.items():
        target = find(root, "BirthDeclaration/" + path.replace("__", "/"))
        assert target is not None, path
        target.text = text
    papers = find(root, "BirthDeclaration/Attachments")
    assert papers is not None
    papers.getparent().remove(papers)  # type: ignore[union-attr]
    return etree.tostring(root)


def request(name: str, code: str, message_id: str, inner: str = "") -> bytes:
    """A SupplementRequest, WithdrawRequest or the like about one dossier."""
    return (
        f'<{name} xmlns="urn:lienthong:1.0"><MessageId>{message_id}</MessageId><Code>{code}</Code>'
        f"<Actor><OfficerId>cb-02</OfficerId><Unit>H26.2</Unit></Actor>{inner}</{name}>"
    ).encode()


def supplement(code: str, message_id: str = "supplement-1", inner: str = "<Note>Gửi bổ sung</Note>") -> bytes:
    """The citizen hands something in."""
    return request("SupplementRequest", code, message_id, inner)


def correction(code: str, field: str, value: str, message_id: str = "correction-1") -> bytes:
    """The citizen corrects one field."""
    inner = f"<Correction><Field>{field}</Field><Value>{value}</Value></Correction>"
    return request("SupplementRequest", code, message_id, inner)


def withdrawal(code: str, message_id: str = "withdrawal-1") -> bytes:
    """The citizen takes the dossier back."""
    return request("WithdrawRequest", code, message_id, "<Reason>Không có nhu cầu nữa</Reason>")


def report_request(message_id: str, *items: str) -> bytes:
    """What an agency that speaks the canonical form tells."""
    inner = report(*items).decode()
    return (
        f'<ReportRequest xmlns="urn:lienthong:1.0"><MessageId>{message_id}</MessageId>{inner}</ReportRequest>'
    ).encode()


def inbound(body: bytes) -> Inbound:
    """A call-back as it arrives."""
    return Inbound("POST", "/agency/cutru", {"content-type": "text/xml"}, body)


@dataclasses.dataclass(frozen=True)
class Rig:
    """A hub, its agencies and its time."""

    hub: Hub
    clock: ManualClock
    agencies: Mapping[str, Fake]

    @property
    def changes(self) -> Changes:
        """The hub's only way to change a dossier."""
        return self.hub.intake._changes

    async def submit(self, message_id: str = "message-1", **texts: str) -> str:
        """Submit the sample; the dossier's code."""
        answer = await self.hub.intake.submit(PORTAL, submission(message_id, **texts))
        return text_at(as_tree(answer), "DossierCode") or ""

    async def opened(self, message_id: str = "message-1", **texts: str) -> str:
        """Submit the sample and deliver what follows: civil status has it."""
        code = await self.submit(message_id, **texts)
        await self.settle()
        return code

    async def registered(self, message_id: str = "message-1") -> str:
        """As `opened`, and civil status has answered with its result: the other agencies have it too."""
        code = await self.opened(message_id)
        self.agencies["hotich"].done.add(code)
        self.clock.advance(minutes=6)
        await self.hub.rounds.polls()
        await self.settle()
        return code

    async def settle(self) -> None:
        """Deliver until nothing is due."""
        for _ in range(100):
            if not await self.hub.worker.pump():
                return
        raise AssertionError("deliveries do not come to an end")

    async def tell(self, *items: str, key: str | None = None, agency: str = "cutru") -> int:
        """A call-back of ``agency``; the status of its answer."""
        answer = await self.hub.callbacks.take(agency, inbound(report(*items, key=key)))
        return answer.status

    def dossier(self, code: str) -> Dossier:
        """The dossier as stored."""
        found = self.hub.store.read(lambda tx: tx.dossiers.by_code(code, "lienthong"))
        assert found is not None
        return found

    def state(self, code: str, step: str) -> StepState:
        """Where a step stands."""
        return self.dossier(code).step(step).state

    def deliveries(self, state: DeliveryState | None = None, agency: str | None = None) -> list[Delivery]:
        """Deliveries, oldest first."""
        wanted = DeliveryFilter(state=state, agency=agency)
        return list(reversed(self.hub.store.read(lambda tx: tx.deliveries.list(wanted, limit=200)).items))

    def work(self, kind: str | None = None) -> list[WorkItem]:
        """Open work items."""
        return list(self.hub.store.read(lambda tx: tx.work.list(kind=kind)).items)

    def messages(self, **wanted: str) -> list[Message]:
        """Logged messages, oldest first."""
        found = self.hub.store.read(lambda tx: tx.messages.search(MessageFilter(**wanted), limit=500)).items
        ids = [row.id for row in reversed(found)]
        return self.hub.store.read(lambda tx: [tx.messages.get(message_id) for message_id in ids])

    def told(self, code: str, step: str) -> list[str]:
        """The states of a step that reached the portal, in the order of arrival."""
        roots = [as_tree(wire.body) for wire in self.agencies[PORTAL].sent]
        return [
            text_at(root, "State") or ""
            for root in roots
            if (text_at(root, "DossierCode"), text_at(root, "Step")) == (code, step)
        ]


@functools.cache
def _project() -> Project:
    return Project.load(ROOT)


def _agency(agency: str, operations: Iterable[str]) -> AgencyConfig:
    known = _project().agencies[agency]
    calls_back = agency in ("cutru", "bhxh")
    receive = AdapterUse(
        adapter="loopback-service",
        settings={"operations": {"{urn:lienthong:1.0}AgencyReport": "notice"}},
    )
    return AgencyConfig(
        id=agency,
        name=Words(vi=known.name.vi, en=known.name.en),
        owner=known.owner,
        adapters=Endpoint(send=AdapterUse(adapter="loopback"), receive=receive if calls_back else None),
        operations={name: Operation(operation=name) for name in operations},  # type: ignore[misc]
        callbacks={"notice": Callback(report="plain")} if calls_back else {},
        poll=Polling(every=timedelta(minutes=5), chunk=3) if "poll" in operations else None,
        retry=RetryPolicy(ambiguous=ClassPolicy(action="ask", first=10)),
        texts=known.texts,
    )


def make(
    folder: Path,
    url: str,
    clock: ManualClock | None = None,
    agencies: Mapping[str, Fake] | None = None,
    **options: Any,
) -> Rig:
    """A hub over the database at ``url``; a second one may share clock and agencies. ``options``: of `open_hub`."""
    clock = clock or ManualClock(RECEIVED)
    fakes = agencies or {agency: Fake(agency) for agency in _OPERATIONS}
    project = _prepared(folder, url, clock)
    outside = options.pop("outside", None) or Outside(clock=clock, rng=random.Random(7))
    hub = open_hub(project, outside=outside, mappings=Plain(), senders=fakes, **options)  # type: ignore[arg-type]
    return Rig(hub, clock, fakes)


def _prepared(folder: Path, url: str, clock: ManualClock) -> Project:
    for name in ("keys", "trust", "data/blobs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if not (folder / "keys/hub.key.pem").exists():
        create_key(folder / "keys", "hub", subject="CN=test", algorithm="ecdsa-p256", clock=clock)
        create_note_key(folder / "keys", "hub", origin="lienthong.example/test")
        create_data_key(folder / "keys", clock=clock)
    hub = _project().hub
    portal = hub.clients[0].model_copy(update={"key": None, "key_sha256": digest("portal")})
    told = Client(id="cancuoc", key_sha256=digest("cancuoc"), signature="optional", may=frozenset({"report"}))
    changes = {
        "database": url,
        "data": folder / "data",
        "keys": folder / "keys",
        "trust": folder / "trust",
        "clients": (portal, told),
        "evidence": hub.evidence.model_copy(update={"archives": Archives(folder=folder / "archives")}),
    }
    plain = {agency: _agency(agency, operations) for agency, operations in _OPERATIONS.items()}
    return dataclasses.replace(_project(), hub=hub.model_copy(update=changes), agencies=plain)
