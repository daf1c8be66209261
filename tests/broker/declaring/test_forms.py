"""An agency's document as people read it."""

from __future__ import annotations

import base64

from broker.clock import local_day
from broker.declaring.forms import declared, readable, shortened
from broker.declaring.meanings import Meanings
from tests.broker.declaring.test_review import declared as declaration
from tests.broker.declaring.test_review import parts, reviewed
from tests.worlds import MONDAY, birth

FILE = base64.b64encode(bytes(600)).decode()


def test_a_file_is_told_by_its_size() -> None:
    """Content of a file says nothing to a reader; a long text that is no file stays a text."""
    assert shortened(FILE) == "[600 byte]"
    assert shortened("ngắn") == "ngắn"
    assert shortened("chữ " * 150) == "chữ " * 150


def test_a_document_can_be_read() -> None:
    """It is indented, and no content of a file is in it."""
    text = readable(f"<a><b>{FILE}</b><c>x</c></a>".encode())
    assert text.endswith("<a>\n  <b>[600 byte]</b>\n  <c>x</c>\n</a>")


def test_a_declaration_is_read_block_by_block() -> None:
    """Each line says where it stands and how it is called, a code also what it means."""
    project, schemas, *_ = parts()
    meanings = Meanings(project.words.lists, project.units)
    root = declaration(birth())
    blocks = declared(schemas.elements["BirthDeclaration"], root, meanings, local_day(MONDAY))
    lines = {line.path: line for _, block in blocks for line in block}
    assert all(heading for heading, _ in blocks)
    assert lines["Applicant/Relation"].meaning == "Mẹ"
    assert "Child/Sex" in lines
    assert all(line.label[:1] == line.label[:1].upper() and not line.pending for line in lines.values())


def test_what_a_result_gives_is_still_to_come() -> None:
    """A later step shows the number that registration will give as pending; other lines name their field."""
    residence = {line.path: line for line in reviewed(declaration(birth())).forms[1].lines}
    assert residence["SoDinhDanh"].pending
    assert residence["SoDinhDanh"].field is None
    assert residence["ChuHo/HoTen"].field == "Household/HeadName"
    assert not residence["ChuHo/HoTen"].pending
