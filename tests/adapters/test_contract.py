"""Pinned WSDLs are understood once, and refused with a remedy where they cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.contract import Contract, ContractError, load
from signing.xml import parse

CONTRACTS = Path(__file__).parent / "contracts"
NOTE = "{urn:test:note:1.0}"
LEDGER = "{urn:test:ledger:1.0}"


@pytest.fixture(scope="module")
def notes() -> Contract:
    """Document style, SOAP 1.1."""
    return load(CONTRACTS, "note.wsdl", port="Soap11")


@pytest.fixture(scope="module")
def ledger() -> Contract:
    """Rpc style, SOAP 1.1, schema inside the WSDL."""
    return load(CONTRACTS, "ledger.wsdl")


def changed(folder: Path, old: str, new: str, name: str = "ledger.wsdl") -> Path:
    """A copy of the contracts in ``folder`` with one text replaced."""
    for source in CONTRACTS.iterdir():
        text = source.read_text("utf-8")
        if source.name == name:
            assert old in text
            text = text.replace(old, new)
        (folder / source.name).write_text(text, "utf-8")
    return folder


def test_document_operation(notes: Contract) -> None:
    """Everything that a call needs is known after loading."""
    submit = notes.operation("Submit")
    assert (notes.soap, notes.service, notes.port) == ("1.1", "Notes", "Soap11")
    assert notes.address == "http://127.0.0.1:9/notes"
    assert (submit.style, submit.action) == ("document", "urn:test:note:1.0/Submit")
    assert submit.output is not None
    assert (submit.input.element, submit.output.element) == (f"{NOTE}Note", f"{NOTE}Receipt")
    assert (submit.input_action, submit.output_action) == (
        "urn:test:note:1.0/submit",
        "urn:test:note:1.0/receipt",
    )
    assert set(notes.files) == {"note.wsdl", "note.xsd", "dsig.xsd"}


def test_one_way_operation_has_no_output(notes: Contract) -> None:
    """An operation without output message promises nothing."""
    assert notes.operation("Notify").output is None


def test_second_port_is_soap_12() -> None:
    """The binding decides the version."""
    assert load(CONTRACTS, "note.wsdl", port="Soap12").soap == "1.2"


def test_rpc_operation(ledger: Contract) -> None:
    """The one part stands for a document of its type; the wrapper is named after the operation (WS-I
    R2729).
    """
    submit = ledger.operation("submit")
    assert (submit.style, submit.input.wrapper, submit.input.part) == ("rpc", f"{LEDGER}submit", "entry")
    assert submit.input.element == f"{LEDGER}Entry"
    assert submit.output is not None
    assert (submit.output.wrapper, submit.output.element) == (f"{LEDGER}submitResponse", f"{LEDGER}Answer")


def test_rpc_operation_with_several_parts(ledger: Contract) -> None:
    """Without a single part the payload is the wrapper itself, and each part is judged by its type."""
    add = ledger.operation("add").input
    assert (add.element, add.part, add.parts) == (f"{LEDGER}add", None, ("left", "right"))
    good = parse(b'<add xmlns="urn:test:ledger:1.0"><left xmlns="">1</left><right xmlns="">2</right></add>')
    bad = parse(b'<add xmlns="urn:test:ledger:1.0"><left xmlns="">1</left><right xmlns="">x</right></add>')
    short = parse(b'<add xmlns="urn:test:ledger:1.0"><left xmlns="">1</left></add>')
    assert add.problems(good) == ()
    assert "right" in add.problems(bad)[0]
    assert "left, right" in add.problems(short)[0]


def test_operation_is_found_by_its_body(notes: Contract, ledger: Contract) -> None:
    """A service tells operations apart by the element in the body."""
    found = notes.by_body(f"{NOTE}Question")
    assert found is not None
    assert found.name == "Ask"
    assert ledger.by_body(f"{LEDGER}Entry") is None


def test_unknown_operation_names_the_known(notes: Contract) -> None:
    """The error is its own remedy."""
    with pytest.raises(ValueError, match="Submit, Ask, Notify"):
        notes.operation("Sumbit")


def test_problem_names_line_but_not_value(notes: Contract) -> None:
    """A citizen's data do not appear in errors."""
    note = parse('<Note xmlns="urn:test:note:1.0">\n<Key>Nguyễn Văn A</Key><Text/></Note>'.encode())
    problems = notes.operation("Submit").input.problems(note)
    assert problems[0].startswith("line 2:")
    assert "Nguyễn" not in " ".join(problems)


def test_several_ports_need_a_choice() -> None:
    """The error lists what can be chosen."""
    with pytest.raises(ContractError, match="Notes/Soap11, Notes/Soap12"):
        load(CONTRACTS, "note.wsdl")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('use="literal"', 'use="encoded"', "ask for literal"),
        ('use="literal"', 'use="literal" parts="entry other"', "several body parts"),
        ('namespace="urn:test:ledger:1.0"/>', "/>", "namespace on soap:body"),
        ('part name="entry" type="Entry"', 'part name="entry" element="Entry"', "WS-I R2203"),
        ('type="Entry"/></wsdl:message>', 'type="Gone"/></wsdl:message>', "ledger.wsdl"),
        ('style="rpc"', 'style="document"', "WS-I R2204"),
        ('<wsdl:input message="submit"/>', "", "ledger.wsdl"),
        ("</wsdl:definitions>", "", "not well-formed"),
        ("<wsdl:definitions ", "<!DOCTYPE x><wsdl:definitions ", "DOCTYPE"),
        ('type="xs:token"/></xs:sequence>', 'type="xs:tokken"/></xs:sequence>', "tokken"),
    ],
)
def test_unusable_contract_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Each says what is wrong before anything is sent."""
    with pytest.raises(ContractError, match=said):
        load(changed(tmp_path, old, new), "ledger.wsdl")


@pytest.mark.parametrize(
    "location", ["http://evil.example/note.xsd", "../note.xsd", "/etc/hostname", "gone.xsd"]
)
def test_import_from_elsewhere_is_refused(tmp_path: Path, location: str) -> None:
    """Only the contracts folder is read; an import that leaves it or finds nothing is an error."""
    folder = changed(tmp_path, 'schemaLocation="note.xsd"', f'schemaLocation="{location}"', "note.wsdl")
    with pytest.raises(ContractError, match=r"folder|cannot be read"):
        load(folder, "note.wsdl", port="Soap11")


def test_missing_file_is_refused() -> None:
    """The error says what to do."""
    with pytest.raises(ContractError, match=r"gone\.wsdl: cannot be read"):
        load(CONTRACTS, "gone.wsdl")
