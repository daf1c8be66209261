"""The contract of the SOAP intake, made from intake.xsd: one operation for each pair of XxxRequest and
XxxResponse.

``python -m broker.web.wsdl xsd/lienthong/1.0`` writes it again after a change of the schemas.

One self-contained file, because half of the tools that will read it cannot follow includes: the canonical
schemas are put inline, their includes resolved. Document/literal with one part in each message (WS-I Basic
Profile 1.1), SOAP 1.1 and 1.2 at one address; Problems is the declared fault.

Standards: WSDL 1.1, WSDL 1.1 Binding Extension for SOAP 1.2.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from lxml import etree

from broker.canonical.plan import NAMESPACE, Node
from signing.xml import parse, serialize

FILE = "intake.wsdl"
"""Where the contract is kept, beside intake.xsd."""

ADDRESS = "http://127.0.0.1:8400/soap/intake"
"""Address in the kept file; the hub publishes its own."""

_WSDL = "http://schemas.xmlsoap.org/wsdl/"
_SOAP = {"11": "http://schemas.xmlsoap.org/wsdl/soap/", "12": "http://schemas.xmlsoap.org/wsdl/soap12/"}
_XS = "{http://www.w3.org/2001/XMLSchema}"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_TRANSPORT = "http://schemas.xmlsoap.org/soap/http"
_NSMAP = {
    "wsdl": _WSDL,
    "soap": _SOAP["11"],
    "soap12": _SOAP["12"],
    "xs": "http://www.w3.org/2001/XMLSchema",
    "tns": NAMESPACE,
}


def intake_wsdl(folder: Path) -> bytes:
    """The contract for the schemas in ``folder``. Raises OSError."""
    inline = [parse((folder / "xmldsig.xsd").read_bytes()), _flattened(folder)]
    names = _operations(inline[1])
    root = etree.Element(_w("definitions"), {"name": "Intake", "targetNamespace": NAMESPACE}, nsmap=_NSMAP)
    etree.SubElement(root, _w("types")).extend(inline)
    for element in [f"{name}{side}" for name in names for side in ("Request", "Response")] + ["Problems"]:
        message = etree.SubElement(root, _w("message"), name=element)
        etree.SubElement(message, _w("part"), name="parameters", element=f"tns:{element}")
    _port_type(root, names)
    for version in _SOAP:
        _binding(root, names, version)
    service = etree.SubElement(root, _w("service"), name="Intake")
    for version, space in _SOAP.items():
        port = etree.SubElement(
            service, _w("port"), name=f"IntakeSoap{version}", binding=f"tns:IntakeSoap{version}"
        )
        etree.SubElement(port, f"{{{space}}}address", location=ADDRESS)
    etree.indent(root)
    return serialize(root) + b"\n"


def _w(name: str) -> str:
    return f"{{{_WSDL}}}{name}"


def _operations(schema: Node) -> list[str]:
    """Names for which there is a request and a response, in schema order."""
    names = [node.get("name") or "" for node in schema.iterchildren(f"{_XS}element")]
    requests = [name.removesuffix("Request") for name in names if name.endswith("Request")]
    return [name for name in requests if f"{name}Response" in names]


def _flattened(folder: Path) -> Node:
    """intake.xsd and all that it includes as one schema; the signature's schema is imported from beside
    it.
    """
    schema = etree.Element(
        f"{_XS}schema",
        {"targetNamespace": NAMESPACE, "elementFormDefault": "qualified"},
        nsmap={"xs": _NSMAP["xs"], "tns": NAMESPACE, "ds": _DS},
    )
    etree.SubElement(schema, f"{_XS}import", namespace=_DS)
    for file in _included(folder, "intake.xsd", []):
        root = parse((folder / file).read_bytes())
        schema.extend([node for node in root if node.tag not in (f"{_XS}include", f"{_XS}import")])
    for comment in list(schema.iterchildren(etree.Comment)):
        schema.remove(comment)
    for node in schema.iter(f"{_XS}*"):
        _qualify(node)
    return schema


def _qualify(node: Node) -> None:
    """Give our own names their prefix: a default namespace does not survive the move into another
    document.
    """
    for attribute in ("type", "base", "ref"):
        name = node.get(attribute)
        if name is not None and ":" not in name:
            node.set(attribute, f"tns:{name}")


def _included(folder: Path, file: str, seen: list[str]) -> Sequence[str]:
    """``file`` and what it includes, each once, the included first."""
    root = parse((folder / file).read_bytes())
    for include in root.iterchildren(f"{_XS}include"):
        location = include.get("schemaLocation") or ""
        if location not in seen:
            _included(folder, location, seen)
    seen.append(file)
    return seen


def _port_type(root: Node, names: Sequence[str]) -> None:
    port_type = etree.SubElement(root, _w("portType"), name="Intake")
    for name in names:
        operation = etree.SubElement(port_type, _w("operation"), name=name)
        etree.SubElement(operation, _w("input"), message=f"tns:{name}Request")
        etree.SubElement(operation, _w("output"), message=f"tns:{name}Response")
        etree.SubElement(operation, _w("fault"), name="Problems", message="tns:Problems")


def _binding(root: Node, names: Sequence[str], version: str) -> None:
    space = _SOAP[version]
    binding = etree.SubElement(root, _w("binding"), name=f"IntakeSoap{version}", type="tns:Intake")
    etree.SubElement(binding, f"{{{space}}}binding", style="document", transport=_TRANSPORT)
    for name in names:
        operation = etree.SubElement(binding, _w("operation"), name=name)
        etree.SubElement(
            operation, f"{{{space}}}operation", soapAction=f"{NAMESPACE}/{name}", style="document"
        )
        for side in ("input", "output"):
            etree.SubElement(etree.SubElement(operation, _w(side)), f"{{{space}}}body", use="literal")
        fault = etree.SubElement(operation, _w("fault"), name="Problems")
        etree.SubElement(fault, f"{{{space}}}fault", name="Problems", use="literal")


def write(folder: Path) -> None:
    """Write the contract beside the schemas in ``folder``."""
    (folder / FILE).write_bytes(intake_wsdl(folder))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
