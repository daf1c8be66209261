"""Publication of an agency's WSDL and schemas over HTTP: ``?wsdl``, ``?wsdl=name``, ``?xsd=name``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from lxml import etree

from sandbox.core.xml import parse, serialize

WSDL_SOAP = ("http://schemas.xmlsoap.org/wsdl/soap/", "http://schemas.xmlsoap.org/wsdl/soap12/")
REFERENCES = (
    "{http://www.w3.org/2001/XMLSchema}import",
    "{http://www.w3.org/2001/XMLSchema}include",
    "{http://schemas.xmlsoap.org/wsdl/}import",
)


@dataclass(frozen=True, slots=True)
class Contract:
    """The folder of one version of an agency's contract and the WSDL that ``?wsdl`` means."""

    folder: Path
    wsdl: str

    def document(self, query: str, url: str) -> bytes | None:
        """The document that ``query`` asks for, with addresses at ``url``; None if there is none."""
        for key, value in parse_qsl(query, keep_blank_values=True):
            if key.lower() == "wsdl":
                return self._published(value or self.wsdl, url)
            if key.lower() == "xsd":
                return self._published(value, url)
        return None

    def _published(self, name: str, url: str) -> bytes | None:
        known = {path.name: path for path in self.folder.iterdir() if path.suffix in (".wsdl", ".xsd")}
        if name not in known:
            return None
        root = parse(known[name].read_bytes())
        for namespace in WSDL_SOAP:
            for address in root.iter(f"{{{namespace}}}address"):
                address.set("location", url)
        for tag in REFERENCES:
            for reference in root.iter(tag):
                _point_at(reference, url)
        return serialize(root)


def _point_at(reference: etree._Element, url: str) -> None:
    for attribute in ("schemaLocation", "location"):
        place = reference.get(attribute)
        if place and "://" not in place:
            kind = "wsdl" if place.endswith(".wsdl") else "xsd"
            reference.set(attribute, f"{url}?{kind}={Path(place).name}")
