"""Forms and receipts on paper: PDF with text that can be searched, in the layout that people know.

The form shows what is in the agency's own document and nothing else. A value that is still to come stands as dots.
"""

from __future__ import annotations

import importlib.resources
import io
import re
from collections.abc import Sequence
from datetime import datetime

import segno
from fpdf import FPDF

from broker.canonical.plan import Node
from broker.clock import VIETNAM
from broker.config.forms import FormLayout, Row, Shown
from broker.declaring.forms import Line
from broker.declaring.receipts import DONE, Receipt
from signing.xml import parse

_FONT = "SourceSerif"  # SIL Open Font License, with all Vietnamese letters
_MARGIN, _LINE, _BOX = 18.0, 6.5, 6.0
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DATE = re.compile(r"([12][0-9]{3})-?(0[1-9]|1[0-2])-?(0[1-9]|[12][0-9]|3[01])(?:[0-9]{6}|T.*)?")
_MONTH = re.compile(r"([12][0-9]{3})-?(0[1-9]|1[0-2])")
_NUMBER = 12  # digits of a personal number
_DOTS = "…………………"


def form(layout: FormLayout, document: bytes, lines: Sequence[Line], at: datetime) -> bytes:
    """The PDF of an agency's document. ``lines`` are what `broker.declaring.forms.Reader` read in it."""
    sheet = _Sheet(layout.title, at)
    sheet.heading(layout.number, layout.issued, layout.title)
    values = _Values(parse(document), lines)
    if layout.addressed is not None:
        sheet.addressed(layout.addressed.label, values.text(layout.addressed))
    for row in layout.rows:
        _row(sheet, row, values)
    return sheet.bytes()


def plain(title: str, addressed: str, lines: Sequence[Line], at: datetime) -> bytes:
    """The PDF of a document for which there is no layout: label and value, in the order of the document."""
    sheet = _Sheet(title, at)
    sheet.heading("", "", title.upper())
    sheet.addressed("Kính gửi", addressed)
    for line in lines:
        sheet.field(line.label, _DOTS if line.pending else _dated(line.meaning or line.value))
    return sheet.bytes()


def declaration(title: str, blocks: Sequence[tuple[str, Sequence[Line]]], at: datetime) -> bytes:
    """The PDF of the linked declaration itself (forms 01 and 02 of Decree 63/2024/NĐ-CP), block by block."""
    sheet = _Sheet(title, at)
    sheet.heading("", title, "TỜ KHAI ĐIỆN TỬ LIÊN THÔNG")
    for heading, lines in blocks:
        sheet.subheading(heading)
        for line in lines:
            value = _dated(line.meaning or line.value)
            if line.path.endswith("PersonalNumber") and len(value) == _NUMBER:
                sheet.boxes(line.label, value, _NUMBER)
            else:
                sheet.field(line.label, value)
    sheet.signatures(["", "Người yêu cầu"])
    return sheet.bytes()


def receipt(one: Receipt) -> bytes:
    """The PDF of a receipt."""
    sheet = _Sheet("Giấy tiếp nhận hồ sơ và hẹn trả kết quả", one.received_at)
    sheet.heading("", "", "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ")
    sheet.centred(DONE, "B")
    sheet.image(one.link)
    sheet.field("Mã hồ sơ", one.code)
    sheet.field("Thủ tục", f"{one.name} ({one.procedure})")
    sheet.field("Tiếp nhận lúc", _moment(one.received_at))
    sheet.field("Hẹn trả kết quả", _moment(one.due))
    rows = [
        (part.name, part.agency, part.office, _moment(part.due), part.delivery or "") for part in one.parts
    ]
    sheet.table(("Việc", "Cơ quan", "Đơn vị", "Hẹn", "Nhận kết quả"), rows)
    sheet.sentence(f"Theo dõi hồ sơ: {one.link}")
    return sheet.bytes()


class _Values:
    """What a document says, in words."""

    def __init__(self, root: Node, lines: Sequence[Line]) -> None:
        self._root = root
        self._meanings = {line.path: line.meaning for line in lines if line.meaning}
        self._pending = {line.path for line in lines if line.pending}

    def text(self, shown: Shown, below: Node | None = None) -> str:
        """The value as it stands on paper."""
        parts = (self._part(shown, path, below) for path in shown.paths)
        return shown.joined.join(part for part in parts if part)

    def nodes(self, path: str) -> list[Node]:
        """The occurrences of a repeated element."""
        return self._root.findall(_local(path))

    def _part(self, shown: Shown, path: str, below: Node | None) -> str:
        if below is None and path in self._pending:
            return _DOTS
        text = ((below if below is not None else self._root).findtext(_local(path)) or "").strip()
        said = shown.words.get(text) or (self._meanings.get(path) if below is None else None) or text
        if shown.show == "date":
            return _dated(said, _DATE)
        return said.upper() if shown.show == "upper" else said


def _row(sheet: _Sheet, row: Row, values: _Values) -> None:
    if row.heading is not None:
        sheet.subheading(row.heading)
    elif row.text is not None:
        sheet.sentence(row.text)
    elif row.table is not None:
        found = [[values.text(column, node) for column in row.columns] for node in values.nodes(row.table)]
        if found:
            widths = [column.width for column in row.columns]
            sheet.table([column.label for column in row.columns], found, widths)
    elif row.signatures:
        sheet.signatures(row.signatures)
    elif row.boxes is not None:
        sheet.boxes(row.label, values.text(row), row.boxes)
    else:
        sheet.field(row.label, values.text(row) or _DOTS)


class _Sheet:
    """A4 paper, written from top to bottom."""

    def __init__(self, title: str, at: datetime) -> None:
        self._pdf = FPDF(format="A4")
        folder = importlib.resources.files("font_source_serif_pro") / "files"
        for style, name in (("", "Regular"), ("B", "Bold")):  # the italic lacks Vietnamese letters
            self._pdf.add_font(_FONT, style, str(folder / f"SourceSerifPro-{name}.ttf"))
        self._pdf.set_creation_date(at)
        self._pdf.set_title(title)
        self._pdf.set_lang("vi")
        self._pdf.set_margins(_MARGIN, 15, _MARGIN)
        self._pdf.set_auto_page_break(True, 15)
        self._pdf.add_page()

    def bytes(self) -> bytes:
        """The finished document."""
        return bytes(self._pdf.output())

    def heading(self, number: str, issued: str, title: str) -> None:
        """The head that official forms have, and the title."""
        for text in (f"Mẫu {number}" if number else "", issued):
            if text:
                self._write(text, "", 9, align="R")
        self._write("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "B", 12, align="C")
        self._write("Độc lập - Tự do - Hạnh phúc", "B", 12, align="C")
        self._pdf.ln(4)
        self._write(title, "B", 14, align="C")
        self._pdf.ln(2)

    def addressed(self, label: str, to: str) -> None:
        """Kính gửi."""
        self._write(f"{label}: {to or _DOTS}", "", 12, align="C")
        self._pdf.ln(2)

    def centred(self, text: str, style: str = "") -> None:
        """One centred line."""
        self._write(text, style, 12, align="C")

    def subheading(self, text: str) -> None:
        """A heading within the form."""
        self._write(text, "B", 11.5)

    def sentence(self, text: str) -> None:
        """A sentence of the form."""
        self._write(text, "", 11)

    def field(self, label: str, value: str) -> None:
        """A label and its value."""
        self._write(f"{label}: **{_plain(value)}**", "", 11.5, markdown=True)

    def boxes(self, label: str, value: str, count: int) -> None:
        """A label and a row of boxes, one for each character."""
        self._pdf.set_font(_FONT, "", 11.5)
        room = self._pdf.epw - count * _BOX
        if self._pdf.get_string_width(f"{label}:") > room:
            self._write(f"{label}:", "", 11.5)
            label = ""
        if self._pdf.will_page_break(_BOX):
            self._pdf.add_page()
        self._pdf.cell(room, _BOX, f"{label}:" if label else "")
        self._pdf.set_font(_FONT, "B", 11.5)
        shown = "" if value == _DOTS else value
        for character in shown.ljust(count)[: max(count, len(shown))]:
            self._pdf.cell(_BOX, _BOX, character.strip(), border=1, align="C")
        self._pdf.ln(_BOX + 1)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int] = ()) -> None:
        """A table with a head; the columns share the paper by ``widths``, equally without."""
        self._pdf.set_font(_FONT, "", 10)
        shares = tuple(widths) or None
        with self._pdf.table(line_height=5.5, first_row_as_headings=True, col_widths=shares) as table:
            for texts in (head, *rows):
                row = table.row()
                for text in texts:
                    row.cell(text)
        self._pdf.ln(2)

    def signatures(self, names: Sequence[str]) -> None:
        """The place where people sign."""
        if self._pdf.will_page_break(34):
            self._pdf.add_page()
        self._pdf.ln(4)
        self._pdf.set_font(_FONT, "B", 9.5)
        width, top, left = self._pdf.epw / len(names), self._pdf.get_y(), self._pdf.l_margin
        for at, name in enumerate(names):
            self._pdf.set_xy(left + at * width, top)
            self._pdf.multi_cell(width, 4.5, name, align="C")
        self._pdf.set_xy(left, top + 30)

    def image(self, link: str) -> None:
        """A QR code on the right."""
        png = io.BytesIO()
        segno.make(link, error="m").save(png, kind="png", scale=6, border=2)
        top = self._pdf.get_y()
        self._pdf.image(png, x=self._pdf.w - _MARGIN - 32, y=15, w=32)
        self._pdf.set_y(top)

    def _write(self, text: str, style: str, size: float, align: str = "L", markdown: bool = False) -> None:
        self._pdf.set_font(_FONT, style, size)
        self._pdf.multi_cell(0, _LINE, text, align=align, new_x="LMARGIN", new_y="NEXT", markdown=markdown)


def _dated(text: str, shape: re.Pattern[str] = _ISO_DATE) -> str:
    """A date in the order in which people write it; anything else as it is."""
    found = shape.fullmatch(text)
    if found is not None:
        return f"{found[3]}/{found[2]}/{found[1]}"
    month = _MONTH.fullmatch(text) if shape is _DATE else None
    return text if month is None else f"{month[2]}/{month[1]}"


def _plain(value: str) -> str:
    """The value without what the writer would take for emphasis."""
    return re.sub(r"(\*\*|__|--|~~)", lambda found: " ".join(found[0]), value)


def _local(path: str) -> str:
    return "/".join(f"{{*}}{name}" for name in path.split("/"))


def _moment(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}"
