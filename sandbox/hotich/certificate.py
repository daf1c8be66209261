"""A small synthetic PDF that stands for an electronic certificate."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def certificate(title: str, lines: Sequence[str]) -> bytes:
    """A one-page PDF 1.4 with the lines in Latin letters; the exact Vietnamese text is in its metadata.

    The standard fonts of PDF have no Vietnamese letters, and a stand-in need not embed one: what is printed
    loses its diacritics, ``/Title`` and ``/Subject`` keep them (UTF-16BE, PDF 32000-1 section 7.9.2.2).
    """
    text = b"BT /F1 12 Tf 60 780 Td 18 TL " + b" ".join(_shown(line) for line in (title, *lines)) + b" ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Title %b /Subject %b >>" % (_unicode(title), _unicode("; ".join(lines))),
    )
    return _file(objects)


def _file(objects: Sequence[bytes]) -> bytes:
    data, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer << /Size %d /Root 1 0 R /Info 6 0 R >>\n" % (len(objects) + 1)
    trailer += b"startxref\n%d\n%%%%EOF\n" % len(data)
    return data + head + table + trailer


def _shown(line: str) -> bytes:
    return b"(%b) Tj T*" % _escaped(_latin(line))


def _latin(text: str) -> bytes:
    plain = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).encode("ascii", "replace")


def _escaped(text: bytes) -> bytes:
    return text.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _unicode(text: str) -> bytes:
    return b"<" + (b"\xfe\xff" + text.encode("utf-16-be")).hex().upper().encode() + b">"
