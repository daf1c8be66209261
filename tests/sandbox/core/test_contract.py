"""Publication of contracts."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.core.contract import Contract

URL = "http://127.0.0.1:9/soap"
WSDL = """<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:x="http://www.w3.org/2001/XMLSchema"
  xmlns:s="http://schemas.xmlsoap.org/wsdl/soap12/"><w:types><x:schema>
  <x:import schemaLocation="a.xsd"/><x:import schemaLocation="http://elsewhere/b.xsd"/></x:schema></w:types>
  <w:service name="S"><w:port name="P"><s:address location="http://old/"/></w:port></w:service></w:definitions>"""


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    """A WSDL, a schema, and a file that is not for publication."""
    (tmp_path / "a.wsdl").write_text(WSDL)
    (tmp_path / "a.xsd").write_text('<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema"/>')
    (tmp_path / "secret.txt").write_text("no")
    return Contract(tmp_path, "a.wsdl")


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "wsdl=a.wsdl"])
def test_addresses_point_at_the_server(contract: Contract, query: str) -> None:
    """The address and relative schema locations are rewritten; foreign ones are not."""
    document = (contract.document(query, URL) or b"").decode()
    assert f'location="{URL}"' in document
    assert f'schemaLocation="{URL}?xsd=a.xsd"' in document
    assert 'schemaLocation="http://elsewhere/b.xsd"' in document


@pytest.mark.parametrize(
    "query", ["", "x", "xsd=b.xsd", "xsd=secret.txt", "xsd=../a.xsd", "wsdl=/etc/passwd"]
)
def test_nothing_else_is_published(contract: Contract, query: str) -> None:
    """Only contract files of the folder, by their plain name."""
    assert contract.document(query, URL) is None
