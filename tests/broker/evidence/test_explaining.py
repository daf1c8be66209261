"""The page of an evidence file: complete in itself, in two languages, and nothing in it is taken for markup."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

from lxml import html

from broker.config.base import Words
from broker.evidence.explaining import StampTold, Story, Told, local, page

AT = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
TOLD = Told(
    index=17,
    at=AT,
    direction="out",
    kind="request",
    agency=Words(vi="Hệ thống hộ tịch", en="Civil-status register"),
    operation="submit",
    outcome="ok",
    content="included",
    file="bodies/17.xml",
    body_sha256="ab" * 32,
)
STORY = Story(
    kind="message",
    subject="m-17",
    made=AT,
    origin="lienthong.example/log",
    size=1042,
    root=bytes(32),
    signer="CN=Trục liên thông",
    level="B-LT",
    stamp=StampTold("ben-trong", independent=False, at=AT),
    service=Words(vi="Khai sinh", en="Birth"),
    asked="thanh-tra",
    purpose="khiếu nại",
    entries=[TOLD],
)


def shown(**changes: object) -> str:
    """The page of a story as text."""
    return page(dataclasses.replace(STORY, **changes)).decode()  # type: ignore[arg-type]


def test_a_judge_reads_what_happened_and_what_it_rests_on() -> None:
    """Who sent what to whom and when, in Vietnam's time; the log, its head, the stamp and that it is our own."""
    text = html.document_fromstring(shown()).text_content()
    for said in (
        "Trục liên thông gửi tới Hệ thống hộ tịch: nộp hồ sơ",
        "The hub sent to Civil-status register: submission of a dossier",
        "03:30:00 23/11/2026",
        "bodies/17.xml",
        "lienthong.example/log, 1.042 bản ghi",
        "KHÔNG độc lập",
        "NOT independent",
        "B-LT",
        "openssl ts -verify",
        "xmlsec1 --verify",
        "lienthong verify",
        "không chứng minh",
    ):
        assert said in text


def test_the_page_is_complete_in_itself() -> None:
    """No scripts, no foreign files, and a policy that would allow none."""
    root = html.document_fromstring(shown())
    assert not root.xpath("//script | //link | //img | //iframe | //@src | //@href | //@onclick")
    assert "default-src 'none'" in shown()
    assert shown().startswith("<!DOCTYPE html>")
    assert root.get("lang") == "vi"


def test_what_others_wrote_is_text() -> None:
    """Markup in an operation, a name or a purpose is shown as it is written; what cannot be printed, as a code."""
    evil = "<script>alert(1)</script>"
    told = dataclasses.replace(
        TOLD, operation=evil, officer=evil, purpose="\u202etxt\x00", outcome=evil, signer=evil
    )
    seen = shown(entries=[told], subject=evil, purpose=evil, asked=evil, signer=evil)
    assert "<script" not in seen
    assert html.document_fromstring(seen).text_content().count(evil) >= 8
    assert "\\u202etxt\\x00" in seen


def test_what_is_missing_is_said() -> None:
    """Without a time-stamp, with a lower level, without witnesses: each in words."""
    text = shown(stamp=None, level="B-B")
    assert "CHƯA CÓ khi lập tệp này" in text
    assert "KHÔNG có dấu thời gian trên chữ ký" in text
    assert "Không có" in text
    assert "witness.example" in shown(witnesses=["witness.example"])


def test_what_became_of_bodies() -> None:
    """In the file, erased, withheld or empty; an answer names the entry that it answers."""
    entries = [
        dataclasses.replace(TOLD, index=number, content=content, file=None, answers=17, outcome="unavailable")
        for number, content in enumerate(("erased", "withheld", "empty"))
    ]
    text = shown(entries=entries)
    for said in ("Đã xóa theo quy định", "Không cung cấp", "Không có nội dung", "Trả lời bản ghi 17"):
        assert said in text
    assert "không kết nối được" in text


def test_an_archive_tells_of_its_period() -> None:
    """How many entries from when to when, and which archive it continues."""
    text = shown(kind="archive", entries=[], count=9, period=(AT, AT), previous=("2026-10.asice", 900))
    assert "Lưu trữ nhật ký" in text
    assert "2026-10.asice" in text
    assert "03:30:00 23/11/2026" in text
    assert "Diễn biến" not in text


def test_time_is_vietnams() -> None:
    """Seven hours before Greenwich."""
    assert local(AT) == "03:30:00 23/11/2026"
