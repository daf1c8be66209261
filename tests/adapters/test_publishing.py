"""A published contract leads back to its service, whatever folders its files lie in."""

from __future__ import annotations

from pathlib import Path

from adapters.contract import load
from adapters.publishing import documents
from signing.xml import parse

CONTRACTS = Path(__file__).parent / "contracts"
URL = "https://hub.example/soap/notes"


def test_every_file_is_published_under_its_name() -> None:
    """The WSDL as ``wsdl``, all others as ``xsd=name``."""
    published = documents(load(CONTRACTS, "note.wsdl", port="Soap11"), URL)
    assert set(published) == {"wsdl", "xsd=note.xsd", "xsd=dsig.xsd"}
    assert all(content_type.startswith("text/xml") for content_type, _ in published.values())


def test_addresses_and_imports_lead_to_the_service() -> None:
    """No pinned address, no relative import is left."""
    published = documents(load(CONTRACTS, "note.wsdl", port="Soap11"), URL)
    wsdl = parse(published["wsdl"][1])
    assert {node.get("location") for node in wsdl.iter("{*}address")} == {URL}
    assert [node.get("schemaLocation") for node in wsdl.iter("{*}import")] == [f"{URL}?xsd=note.xsd"]
    note = parse(published["xsd=note.xsd"][1])
    assert [node.get("schemaLocation") for node in note.iter("{*}import")] == [f"{URL}?xsd=dsig.xsd"]


def test_files_in_folders_are_found_from_each_other() -> None:
    """A relative import is resolved against the file that holds it."""
    published = documents(load(Path("xsd"), "cutru/1.0/cutru.wsdl"), URL)
    schema = parse(published["xsd=cutru/1.0/cutru.xsd"][1])
    included = [node.get("schemaLocation") for node in schema.iter("{*}include", "{*}import")]
    assert included == [f"{URL}?xsd=cutru/1.0/cutru-chung.xsd"]
