"""A pinned WSDL, understood once: everything a call needs to know is answered here, at load, and never again.

zeep reads the WSDL 1.1 document (with its imports) through a transport that can read one folder and
nothing else; libxml2 compiles the same schemas for the payloads. What the hub does not speak (encoded
use, MIME parts, several body parts) is refused with file, line and remedy, because a contract that is
half understood sends wrong messages.

Standards: WSDL 1.1 with the SOAP 1.1 and 1.2 bindings, WS-I Basic Profile 1.1, WS-Addressing 1.0 Metadata.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, cast

import zeep.exceptions
import zeep.settings
import zeep.wsdl
from lxml import etree

from adapters.schemas import XSD, ContractError, Folder, Schema, assemble, parse_contract

__all__ = ["Contract", "ContractError", "Message", "Operation", "load"]

WSDL = "http://schemas.xmlsoap.org/wsdl/"
_MIME = "http://schemas.xmlsoap.org/wsdl/mime/"
_SOAP_BINDINGS = ("http://schemas.xmlsoap.org/wsdl/soap/", "http://schemas.xmlsoap.org/wsdl/soap12/")
_ACTION = (
    "{http://www.w3.org/2007/05/addressing/metadata}Action",
    "{http://www.w3.org/2006/05/addressing/wsdl}Action",
)


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """One direction of an operation.

    ``element`` is the Clark name of the payload's root. In rpc style, ``wrapper`` is the name of the
    element in the body, and ``part`` that of its one accessor, in whose place the payload stands as a
    document of its own; without ``part`` the payload is the wrapper itself. ``schema`` judges the body
    in document style, each part in rpc style.
    """

    element: str
    wrapper: str | None
    part: str | None
    schema: Schema
    parts: tuple[str, ...] = ()

    def problems(self, body: etree._Element) -> tuple[str, ...]:
        """What is wrong with the element in the SOAP body; empty if it is valid."""
        if self.wrapper is None:
            return self.schema.problems(body)
        found = tuple(str(child.tag) for child in body.iterchildren(etree.Element))
        if found != self.parts:
            return (f"{body.tag} must hold exactly the parts {', '.join(self.parts) or '(none)'}",)
        return tuple(p for child in body.iterchildren(etree.Element) for p in self.schema.problems(child))


@dataclasses.dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a port. ``action`` is the SOAPAction; the others are WS-Addressing actions."""

    name: str
    style: Literal["document", "rpc"]
    action: str
    input: Message
    output: Message | None
    input_action: str
    output_action: str
    headers: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Contract:
    """One port of a WSDL: ``soap`` is the version of its binding, ``files`` all documents that make it up."""

    name: str
    service: str
    port: str
    address: str
    soap: Literal["1.1", "1.2"]
    operations: Mapping[str, Operation]
    files: Mapping[str, bytes]

    def operation(self, name: str) -> Operation:
        """The operation called ``name``. Raises ValueError naming those that exist."""
        if name not in self.operations:
            raise ValueError(f"{self.name} has no operation {name!r}; it has {', '.join(self.operations)}")
        return self.operations[name]

    def by_body(self, tag: str) -> Operation | None:
        """The operation whose request has ``tag`` (Clark name) in the SOAP body."""
        found = (op for op in self.operations.values() if tag == (op.input.wrapper or op.input.element))
        return next(found, None)


def load(folder: Path, wsdl: str, *, service: str | None = None, port: str | None = None) -> Contract:
    """Read the contract ``wsdl``, a path relative to ``folder``. Raises `ContractError`.

    ``service`` and ``port`` choose among several; they may be left out where there is only one.
    """
    reader = _Reader(Folder(folder))
    document = _understood(reader, folder, wsdl)
    for name, data in reader.files.items():
        _refuse_unsupported(parse_contract(data, name), name)
    service_name, port_name, chosen = _choose(document, wsdl, service, port)
    schemas = _Schemas(reader)
    actions = _actions(reader)
    operations = {
        operation.name: _operation(operation, chosen.binding, document, schemas, actions, wsdl)
        for operation in chosen.binding.all().values()
    }
    return Contract(
        name=wsdl,
        service=service_name,
        port=port_name,
        address=chosen.binding_options["address"] or "",
        soap="1.1" if type(chosen.binding).__name__ == "Soap11Binding" else "1.2",
        operations=operations,
        files={**reader.files, **schemas.compiled.files},
    )


class _Reader:
    """zeep's transport: the folder, no network. Keeps the WSDL documents that it handed out."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.files: dict[str, bytes] = {}

    def load(self, url: str) -> bytes:
        """Called by zeep with an absolute path, or with whatever address an import names."""
        root = self.folder.path.resolve()
        if not Path(url).is_relative_to(root):
            raise ContractError(f"{url} is outside the contracts folder: copy it there and change the import")
        name = Path(url).relative_to(root).as_posix()
        data = self.folder.read(name)
        if parse_contract(data, name).tag == f"{{{WSDL}}}definitions":
            self.files[name] = data
        return data


def _understood(reader: _Reader, folder: Path, wsdl: str) -> Any:
    """zeep's document object. Its many kinds of failure become one."""
    reader.folder.read(wsdl)
    settings = zeep.settings.Settings(forbid_dtd=True, forbid_external=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return zeep.wsdl.Document(str((folder / wsdl).resolve()), cast(Any, reader), settings=settings)
        except ContractError:
            raise
        except zeep.exceptions.ExternalReferenceForbidden as error:
            raise ContractError(
                f"{wsdl}: {error.url} is outside the contracts folder: copy it there and change the import"
            ) from error
        except zeep.exceptions.Error as error:
            raise ContractError(f"{wsdl}: {error}") from error
        except (LookupError, AttributeError, TypeError, ValueError, NotImplementedError, Warning) as error:
            raise ContractError(f"{wsdl}: is not a consistent WSDL 1.1 document ({error!r})") from error


def _refuse_unsupported(root: etree._Element, name: str) -> None:
    for node in root.iter(*(f"{{{space}}}body" for space in _SOAP_BINDINGS)):
        if node.get("use", "literal") != "literal":
            raise ContractError(
                f'{name}, line {node.sourceline}: use="encoded" is not supported; ask for literal'
            )
        if len((node.get("parts") or "").split()) > 1:
            raise ContractError(
                f"{name}, line {node.sourceline}: several body parts are not supported (WS-I R2210)"
            )
    for node in root.iter(f"{{{_MIME}}}multipartRelated"):
        raise ContractError(
            f"{name}, line {node.sourceline}: MIME parts are not supported; use base64 elements"
        )


def _choose(document: Any, wsdl: str, service: str | None, port: str | None) -> tuple[str, str, Any]:
    """The one SOAP port that the settings mean."""
    found = [
        (service_name, port_name, candidate)
        for service_name, each in document.services.items()
        for port_name, candidate in each.ports.items()
        if type(candidate.binding).__name__ in ("Soap11Binding", "Soap12Binding")
        and service in (None, service_name)
        and port in (None, port_name)
    ]
    if len(found) == 1:
        return found[0]
    known = (
        ", ".join(f"{name}/{key}" for name, each in document.services.items() for key in each.ports) or "none"
    )
    wanted = f"{service or '*'}/{port or '*'}"
    raise ContractError(
        f"{wsdl}: {wanted} means {len(found)} SOAP ports; set service and port to one of: {known}"
    )


class _Schemas:
    """The schemas of a contract, ready to be compiled with or without the parts of an rpc message."""

    def __init__(self, reader: _Reader) -> None:
        self._folder = reader.folder
        self._documents: dict[str, bytes] = {}
        self._imports: list[tuple[str | None, str]] = []
        for name, data in reader.files.items():
            for number, node in enumerate(
                parse_contract(data, name).iterfind(f".//{{{WSDL}}}types/{{{XSD}}}schema")
            ):
                # Written beside the WSDL in name only, so that its relative imports mean the same files.
                inline = f"{name}#types-{number}"
                self._documents[inline] = etree.tostring(node, with_tail=False)
                self._imports.append((node.get("targetNamespace"), inline))
        self.compiled = self.schema(None)

    def schema(self, elements: Mapping[str, str] | None) -> Schema:
        """Everything in the types section, and ``elements`` without namespace."""
        return assemble(self._folder, self._imports, documents=self._documents, elements=elements)


def _operation(
    operation: Any,
    binding: Any,
    document: Any,
    schemas: _Schemas,
    actions: Mapping[tuple[str, str], str],
    wsdl: str,
) -> Operation:
    place = f"{wsdl}: operation {operation.name}"
    incoming = _message(operation, operation.input, operation.name, document, schemas, place)
    if incoming is None:
        raise ContractError(f"{place} has no input message")
    answer = f"{operation.name}Response"
    outgoing = _message(operation, operation.output, answer, document, schemas, place)
    port_type = binding.port_name.text
    prefix = f"{binding.port_name.namespace}/{binding.port_name.localname}/{operation.name}"
    headers = tuple(
        str(part.qname)
        for _, part in (operation.input.header.type.elements if operation.input.header else ())
    )
    return Operation(
        name=operation.name,
        style=operation.style,
        action=operation.soapaction or "",
        input=incoming,
        output=outgoing,
        input_action=actions.get((port_type, operation.name + "/input"))
        or operation.soapaction
        or f"{prefix}Request",
        output_action=actions.get((port_type, operation.name + "/output"), f"{prefix}Response"),
        headers=headers,
    )


def _message(
    operation: Any, message: Any, wrapper: str, document: Any, schemas: _Schemas, place: str
) -> Message | None:
    if message is None or message.abstract is None:
        return None
    in_header = {part.qname.text for _, part in message.header.type.elements}
    parts = {
        name: part
        for name, part in message.abstract.parts.items()
        if part.element is None or part.element.qname.text not in in_header
    }
    if operation.style == "rpc":
        return _rpc(message, parts, wrapper, document, schemas, place)
    if len(parts) != 1 or next(iter(parts.values())).element is None:
        raise ContractError(
            f"{place}: document style needs exactly one body part with an element (WS-I R2204)"
        )
    part = next(iter(parts.values()))
    return Message(part.element.qname.text, None, None, schemas.compiled)


def _rpc(
    message: Any, parts: Mapping[str, Any], wrapper: str, document: Any, schemas: _Schemas, place: str
) -> Message:
    """rpc/literal: WS-I Basic Profile 1.1 §4.7: wrapper named after the operation, parts without
    namespace.
    """
    if any(part.type is None for part in parts.values()):
        raise ContractError(f"{place}: rpc style needs parts with a type, not an element (WS-I R2203)")
    space = message.body.qname.namespace
    if not space:
        raise ContractError(f"{place}: rpc style needs a namespace on soap:body (WS-I R2717)")
    name = f"{{{space}}}{wrapper}"
    schema = schemas.schema({part_name: part.type.qname.text for part_name, part in parts.items()})
    single = next(iter(parts.items())) if len(parts) == 1 else None
    element = _element_of(document, single[1].type.qname.text) if single else None
    if single is None or element is None:
        return Message(name, name, None, schema, tuple(parts))
    return Message(element, name, single[0], schema, tuple(parts))


def _element_of(document: Any, type_name: str) -> str | None:
    """The global element that stands for a part's type as a document; the one of the same name if there are
    several."""
    found = [
        element.qname.text
        for element in document.types.elements
        if getattr(getattr(element, "type", None), "qname", None) == type_name
    ]
    return type_name if type_name in found else (found[0] if len(found) == 1 else None)


def _actions(reader: _Reader) -> Mapping[tuple[str, str], str]:
    """Explicit WS-Addressing actions: (port type, operation/direction) → URI (Metadata §4.4.1)."""
    return {
        (f"{{{space}}}{port_type}", f"{operation}/{direction}"): action
        for name, data in reader.files.items()
        for space, port_type, operation, direction, action in _action_nodes(parse_contract(data, name))
    }


def _action_nodes(root: etree._Element) -> Iterator[tuple[str, str, str, str, str]]:
    space = root.get("targetNamespace") or ""
    for operation in root.iterfind(f"{{{WSDL}}}portType/{{{WSDL}}}operation"):
        owner = operation.getparent()
        assert owner is not None
        for direction in operation.iterchildren(f"{{{WSDL}}}input", f"{{{WSDL}}}output"):
            action = direction.get(_ACTION[0]) or direction.get(_ACTION[1])
            if action:
                kind = etree.QName(direction).localname
                yield space, owner.get("name") or "", operation.get("name") or "", kind, action
