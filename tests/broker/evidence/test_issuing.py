"""Evidence for clients: by right, and refusals in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.config.hub import Client, May
from broker.errors import Conflict, Forbidden, Invalid, NotFound, NotNow
from broker.evidence.gathering import NotAsSigned, TooMuch
from broker.evidence.issuing import Issuing
from broker.rights import Asker, Rights
from broker.store.errors import Conflict as Ambiguous
from broker.store.errors import StoreUnavailable
from tests.broker.evidences import evidence, said
from tests.broker.rig import Rig

ASKER = Asker("thanh-tra", "CB000007", "khiếu nại 17/2026")


def issuing(rig: Rig, folder: Path, *may: May) -> Issuing:
    """What gives evidence to a client with these rights."""
    client = Client(id="thanh-tra", key_sha256="0" * 64, may=frozenset(may))
    rights = Rights(rig.hub.store, {client.id: client}, rig.clock)
    return Issuing(evidence(rig, folder), rights)


async def test_rights(rig: Rig, tmp_path: Path) -> None:
    """Without ``log`` nothing; without ``bodies`` no bodies; each refusal is kept with who asked for what."""
    code = await rig.submit()
    for may, bodies in (((), False), (("bodies",), True), (("log",), True)):
        with pytest.raises(Forbidden):
            await issuing(rig, tmp_path, *may).issue(ASKER, "dossier", code, bodies=bodies)
    denied = rig.hub.store.read(lambda tx: tx.acts.of(f"evidence of dossier {code}"))
    assert [(act.act, act.who) for act in denied] == [("denied", "CB000007 (thanh-tra)")] * 3
    data = await issuing(rig, tmp_path, "log").issue(ASKER, "dossier", code, bodies=False)
    assert {one["body"] for one in said(data)["entries"]} == {None}
    data = await issuing(rig, tmp_path, "log", "bodies").issue(ASKER, "dossier", code, bodies=True)
    assert None not in {one["body"] for one in said(data)["entries"]}
    with pytest.raises(Invalid):
        await issuing(rig, tmp_path, "log").issue(Asker("thanh-tra"), "dossier", code, bodies=False)
    with pytest.raises(NotFound):
        await issuing(rig, tmp_path, "log").issue(ASKER, "message", "nothing", bodies=False)


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (NotAsSigned("x"), Conflict),
        (TooMuch("x"), Conflict),
        (Ambiguous("x"), Conflict),
        (StoreUnavailable("x"), NotNow),
    ],
)
async def test_refusals_in_words(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, answer: type[Exception]
) -> None:
    """What cannot be made is said in both languages."""
    made = issuing(rig, tmp_path, "log")

    async def fails(*_: object) -> bytes:
        raise error

    monkeypatch.setattr(made, "_makers", {"dossier": fails})
    with pytest.raises(answer):
        await made.issue(ASKER, "dossier", "x", bodies=False)
