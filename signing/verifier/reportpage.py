"""The report of a verification as one page of HTML: no scripts, nothing from outside, Vietnamese and English."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from signing.verifier.case import Facts
from signing.verifier.findings import Finding

if TYPE_CHECKING:
    from signing.verifier.report import FileReport, Report

_STYLE = """
body { font: 16px/1.5 "Source Serif Pro", Georgia, serif; color: #1a1a1a; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; border-bottom: 1px solid #999; overflow-wrap: anywhere; }
small { color: #555; font-size: .85em; font-weight: normal; }
.verdict { padding: .75rem 1rem; border-left: .4rem solid; font-weight: bold; }
.verified { border-color: #1b6e3c; background: #e9f5ee; } .unproven { border-color: #8a6100; background: #fdf5e0; }
.wrong, .unreadable { border-color: #a11d1d; background: #fbeaea; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #ccc;
  overflow-wrap: anywhere; }
.error { color: #a11d1d; } .warning { color: #8a6100; } .info { color: #1f4e79; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_VERDICTS = {
    "verified": (
        "Đã xác minh: không có gì sai và mọi điều đều được chứng minh.",
        "Verified: nothing is wrong, and everything is proven.",
    ),
    "unproven": (
        "Chưa được chứng minh đầy đủ: không có gì sai, nhưng các cảnh báo cho biết điều gì chưa chứng minh được.",
        "Not fully proven: nothing is wrong, but the warnings say what could not be proven.",
    ),
    "wrong": (
        "Sai: có ít nhất một điều không đúng như khi được ký.",
        "Wrong: at least one thing is not as it was signed.",
    ),
    "unreadable": (
        "Không đọc được: có ít nhất một tệp không mở được.",
        "Not read: at least one file cannot be opened.",
    ),
}
_SEVERITIES = {
    "error": ("Lỗi", "error"),
    "warning": ("Cảnh báo", "warning"),
    "info": ("Thông tin", "information"),
}
_KINDS = {
    "message": ("Một thông điệp", "message"),
    "exchange": ("Một lần trao đổi", "exchange"),
    "dossier": ("Một hồ sơ", "dossier"),
    "archive": ("Kho lưu trữ theo kỳ", "archive"),
    "export": ("Toàn bộ nhật ký", "export"),
    "log": ("Các mục nhật ký, không niêm phong", "entries of a log, not sealed"),
}


def page(report: Report) -> str:
    """The whole page."""
    vietnamese, english = _VERDICTS[report.verdict]
    parts = [
        '<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>Báo cáo xác minh – Verification report</title><style>{_STYLE}</style></head><body>",
        f"<h1>{_both('Báo cáo xác minh chứng cứ', 'Verification of evidence')}</h1>",
        f'<p class="verdict {report.verdict}">{_both(vietnamese, english)}</p>',
        *(part for file in report.files for part in _file(file)),
    ]
    if report.across:
        parts += [f"<h2>{_both('Giữa các tệp', 'Across the files')}</h2>", *_findings(report.across)]
    return "".join([*parts, "</body></html>\n"])


def _both(vietnamese: str, english: str) -> str:
    return f'{html.escape(vietnamese)} <small lang="en">{html.escape(english)}</small>'


def _file(file: FileReport) -> Iterator[str]:
    yield f"<h2>{html.escape(file.name)}</h2><table>"
    for vietnamese, english, value in _told(file.facts):
        yield f"<tr><th>{_both(vietnamese, english)}</th><td>{html.escape(str(value))}</td></tr>"
    yield "</table>"
    yield from _findings(file.findings)


def _findings(findings: Iterable[Finding]) -> Iterator[str]:
    rows = list(findings)
    if not rows:
        yield f"<p>{_both('Không có phát hiện nào.', 'Nothing was found.')}</p>"
        return
    heads = [
        _both("Mức độ", "severity"),
        _both("Vị trí", "place"),
        _both("Phát hiện và ý nghĩa", "finding and what it means"),
    ]
    yield f"<table><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>"
    for found in rows:
        place = found.place if found.index is None else f"{found.place}, {found.index}"
        yield f'<tr><td class="{found.severity}">{_both(*_SEVERITIES[found.severity])}</td>'
        yield f"<td>{html.escape(place)}<br><small>{html.escape(found.code)}</small></td>"
        yield f'<td lang="en">{html.escape(found.text)}<br><small>{html.escape(found.meaning)}</small></td></tr>'
    yield "</table>"


def _told(facts: Facts) -> Iterator[tuple[str, str, object]]:
    """What is known of a file, row by row."""
    if facts.kind is not None:
        yield "Loại", "kind", " – ".join(_KINDS[facts.kind])
        yield "Nội dung", "subject", facts.subject
    for vietnamese, english, value in (
        ("Lập lúc", "made", facts.made),
        ("Người ký", "signed by", facts.signer),
        ("Ký lúc", "signed", facts.signed_at),
        ("Dấu thời gian của chữ ký", "signature stamped", facts.sealed_at),
        ("Mức chữ ký XAdES", "XAdES level", facts.level),
        ("Nhật ký", "log", facts.origin),
        ("Số mục trong nhật ký", "entries in the log", facts.size),
        ("Gốc cây băm", "root of the tree", facts.root and facts.root.hex()),
        ("Dấu thời gian của nhật ký", "head stamped", facts.stamped_at),
        ("Tổ chức cấp dấu thời gian", "time-stamping authority", facts.authority),
        ("Nhân chứng", "witnesses", ", ".join(facts.witnesses) or None),
    ):
        if value is not None:
            yield vietnamese, english, f"{value:%Y-%m-%d %H:%M:%S} UTC" if hasattr(value, "tzinfo") else value
    if facts.independent is False:
        yield "Độc lập", "independent", "không, thuộc chính hệ thống – no, it belongs to the hub"
    yield "Mục trong tệp", "entries in the file", facts.entries
    yield "Có nội dung", "with their content", facts.bodies
    yield "Đã xóa nội dung", "content erased", facts.erased
    yield "Thông điệp có chữ ký đã kiểm tra", "signed messages verified", facts.messages
