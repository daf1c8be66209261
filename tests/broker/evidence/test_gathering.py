"""Evidence is complete, verifies without the hub, and hands out no more than was asked for and allowed."""

from __future__ import annotations

import contextlib
import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xmlsec
from lxml import etree
from sqlalchemy import Table, select, update

from adapters.errors import Unavailable
from broker.evidence import gathering as module
from broker.evidence.gathering import ACT, NotAsSigned, TooMuch
from broker.store.errors import Missing
from broker.store.schema import log_checkpoints, messages
from signing.container import asic
from tests.broker.evidences import (
    WITH_BODIES,
    WITHOUT,
    Authority,
    anchors,
    errors,
    evidence,
    explained,
    said,
    verified,
)
from tests.broker.rig import Rig
from tests.broker.test_retention import settled


async def test_evidence_of_a_message_verifies_without_the_hub(rig_on_both: Rig, tmp_path: Path) -> None:
    """Leaf, body, proof, signed and stamped head, signature with time-stamp: a verifier finds nothing wrong."""
    rig = rig_on_both
    await rig.opened()
    authority = Authority(rig, tmp_path / "keys")
    message = rig.messages(kind="request", direction="in")[0]
    data = await evidence(rig, tmp_path, authority).message(message.id, WITH_BODIES)
    report = verified(tmp_path, data, anchors(tmp_path, authority))
    assert errors(report) == []
    assert report.proven
    assert report.files[0].facts.level == "B-LT"
    (entry,) = said(data)["entries"]
    with asic.read(data) as container:
        assert container.read(entry["body"]) == message.body


async def test_an_exchange_has_all_attempts_and_answers(rig: Rig, tmp_path: Path) -> None:
    """From any of its messages: the attempt that failed, how it failed, the one that went through, its answer."""
    code = await rig.submit()
    rig.agencies["hotich"].script.append(Unavailable("maintenance"))
    await rig.settle()
    rig.clock.advance(minutes=30)
    await rig.settle()
    sent = [one for one in rig.messages(agency="hotich", operation="submit") if one.dossier == code]
    assert [(one.direction, one.kind) for one in sent] == [
        ("out", "request"),
        ("in", "failed"),
        ("out", "request"),
        ("in", "reply"),
    ]
    made = evidence(rig, tmp_path)
    files = [await made.exchange(one.id, WITH_BODIES) for one in sent]
    listed = [[one["index"] for one in said(data)["entries"]] for data in files]
    assert listed == [listed[0]] * 4
    with asic.read(files[0]) as container:
        leaves = [json.loads(container.read(f"entries/{index}.json")) for index in listed[0]]
    assert [leaf["id"] for leaf in leaves] == [one.id for one in sent]
    assert "Không nhận được trả lời" in explained(files[0])
    assert errors(verified(tmp_path, files[0], anchors(tmp_path))) == []
    with pytest.raises(Missing):
        await made.exchange("nothing", WITHOUT)


async def test_a_dossier_without_bodies_names_nobody(rig: Rig, tmp_path: Path) -> None:
    """Every message of it is proven; what they say, and the salt to guess it by, is not in the file. It is an act."""
    code = await rig.registered()
    authority = Authority(rig, tmp_path / "keys")
    data = await evidence(rig, tmp_path, authority).dossier(code, WITHOUT)
    assert errors(verified(tmp_path, data, anchors(tmp_path, authority))) == []
    entries = said(data)["entries"]
    ours = rig.hub.store.read(lambda tx: tx.messages.of_dossier(code))
    assert [one["index"] for one in entries] == [row.index for row in ours]
    assert {(one["salt"], one["body"]) for one in entries} == {(None, None)}
    assert "TRẦN".encode() not in data
    page = explained(data)
    assert "Hệ thống đăng ký và quản lý hộ tịch" in page
    assert "Civil-status register" in page
    assert "NOT independent" in page
    assert "Không cung cấp" in page
    acts = rig.hub.store.read(lambda tx: tx.acts.of(f"dossier {code}"))
    assert [(act.act, act.who, act.why) for act in acts] == [(ACT, WITHOUT.who, WITHOUT.purpose)]


async def test_a_dossier_after_its_erasure(rig: Rig, tmp_path: Path) -> None:
    """What was erased is proven by its hash, and the entry that says who erased it comes along and verifies."""
    dossier = await settled(rig)
    await rig.hub.retention.erase(dossier, "an", "lệnh của tòa án")
    data = await evidence(rig, tmp_path).dossier(dossier.code, WITHOUT)
    assert errors(verified(tmp_path, data, anchors(tmp_path))) == []
    *gone, last = said(data)["entries"]
    assert {(one["salt"], one["body"]) for one in gone} == {(None, None)}
    with asic.read(data) as container:
        assert json.loads(container.read(last["body"]))["entries"] == [one["index"] for one in gone]
    page = explained(data)
    assert "Đã xóa theo quy định" in page
    assert "lệnh của tòa án" in page
    one = rig.hub.store.read(lambda tx: tx.messages.of_dossier(dossier.code))[0]
    alone = said(await evidence(rig, tmp_path).message(one.id, WITHOUT))["entries"]
    assert [entry["index"] for entry in alone] == [one.index, last["index"]]


async def test_without_a_time_stamp_the_level_is_said(rig: Rig, tmp_path: Path) -> None:
    """When no authority answers, evidence is made all the same: at a lower level, which the page says."""
    code = await rig.submit()
    authority = Authority(rig, tmp_path / "keys")
    authority.away = True
    data = await evidence(rig, tmp_path, authority).dossier(code, WITH_BODIES)
    report = verified(tmp_path, data, anchors(tmp_path, authority))
    assert errors(report) == []
    assert not report.proven
    assert said(data)["timestamp"] is None
    page = explained(data)
    assert "B-B" in page
    assert "KHÔNG có dấu thời gian" in page
    assert "CHƯA CÓ" in page


async def test_the_best_head_is_taken(rig: Rig, tmp_path: Path) -> None:
    """The earliest time-stamp of an independent authority counts more than an earlier one of our own."""
    code = await rig.submit()
    authority = Authority(rig, tmp_path / "keys")
    sizes = []
    for independent in (False, True, True):
        rig.clock.advance(minutes=10)
        await rig.submit(f"message-{len(sizes)}x")
        sizes.append(await rig.hub.log.book.checkpoint())
        await authority.stamp_head(independent=independent)
    data = await evidence(rig, tmp_path, authority).dossier(code, WITHOUT)
    assert said(data)["size"] == sizes[1]
    assert said(data)["timestamp"]["independent"] is True
    assert "NOT independent" not in explained(data)


async def test_no_evidence_of_what_was_changed(rig: Rig, tmp_path: Path) -> None:
    """A leaf, a body, a hash or a head that is not what was signed is refused, and nothing is handed out."""
    code = await rig.submit()
    await rig.hub.log.book.checkpoint()
    one = rig.hub.store.read(lambda tx: tx.messages.of_dossier(code))[0]
    for column, value in (("leaf", b'{"id":"m"}'), ("body", b"<a/>"), ("leaf_hash", bytes(32))):
        changed = _changed(rig, messages, messages.c.idx == one.index, column, value)
        with changed, pytest.raises(NotAsSigned, match="entry"):
            await evidence(rig, tmp_path).dossier(code, WITHOUT)
    changed = _changed(rig, log_checkpoints, log_checkpoints.c.id > 0, "note", "another")
    with changed, pytest.raises(NotAsSigned, match="head of"):
        await evidence(rig, tmp_path).dossier(code, WITHOUT)
    assert await evidence(rig, tmp_path).dossier(code, WITHOUT)


@contextlib.contextmanager
def _changed(rig: Rig, table: Table, which: Any, column: str, value: object) -> Iterator[None]:
    """The database with another value in a column, until left."""
    store = rig.hub.store
    query = update(table).where(which)
    was = store.read(lambda tx: tx.log._conn.execute(select(table.c[column]).where(which)).scalar_one())
    store.write_sync(lambda tx: tx.log._conn.execute(query, {column: value}))
    try:
        yield
    finally:
        store.write_sync(lambda tx: tx.log._conn.execute(query, {column: was}))


async def test_the_head_covers_who_erased(rig: Rig, tmp_path: Path) -> None:
    """A stamped head from before the erasure does not do: the entry that tells of it has to be under the head."""
    dossier = await settled(rig)
    await rig.hub.log.book.checkpoint()
    authority = Authority(rig, tmp_path / "keys")
    await authority.stamp_head()
    await rig.hub.retention.erase(dossier, "an", "lệnh của tòa án")
    one = rig.hub.store.read(lambda tx: tx.messages.of_dossier(dossier.code))[0]
    data = await evidence(rig, tmp_path, authority).message(one.id, WITHOUT)
    assert [entry["body"] is None for entry in said(data)["entries"]] == [True, False]
    assert said(data)["timestamp"] is not None
    assert errors(verified(tmp_path, data, anchors(tmp_path, authority))) == []


async def test_too_much_is_refused(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evidence has bounds, of entries and of bytes; without the bytes it may fit."""
    code = await rig.submit()
    made = evidence(rig, tmp_path)
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    with pytest.raises(TooMuch, match="bytes"):
        await made.dossier(code, WITH_BODIES)
    assert await made.dossier(code, WITHOUT)
    monkeypatch.setattr(module, "MOST_ENTRIES", 1)
    with pytest.raises(TooMuch, match="entries"):
        await made.dossier(code, WITHOUT)


async def test_tools_that_are_not_ours(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's zipfile unpacks it, in the order that the standard wants; xmlsec verifies every file; a changed one is
    noticed.
    """
    code = await rig.submit()
    authority = Authority(rig, tmp_path / "keys")
    data = await evidence(rig, tmp_path, authority).dossier(code, WITH_BODIES)
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
        assert archive.testzip() is None
        archive.extractall(folder)
        names = {name for name in archive.namelist() if not name.startswith("META-INF/")} - {"mimetype"}
    monkeypatch.chdir(folder)
    assert _referred(folder) == names
    _verify_with_xmlsec(folder, tmp_path)
    (folder / "explanation.html").write_bytes(b"<p>another story</p>")
    with pytest.raises(xmlsec.VerificationError):
        _verify_with_xmlsec(folder, tmp_path)


def _signature(folder: Path) -> etree._Element:
    root = etree.parse(os.fspath(folder / asic.SIGNATURES)).getroot()  # noqa: TID251 - not the hub's reading
    return root[0]


def _referred(folder: Path) -> set[str]:
    """The files to which the signature refers."""
    found = _signature(folder).findall(".//{http://www.w3.org/2000/09/xmldsig#}Reference")
    return {uri for one in found if not (uri := one.get("URI") or "").startswith("#")}


def _verify_with_xmlsec(folder: Path, keys: Path) -> None:
    signature = _signature(folder)
    xmlsec.tree.add_ids(signature.getroottree().getroot(), ["Id"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(
        os.fspath(keys / "keys/hub.crt.pem"), xmlsec.constants.KeyDataFormatCertPem
    )
    context.verify(signature)
