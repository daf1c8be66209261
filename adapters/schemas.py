"""Schemas from the project's own folder, compiled once, and asked for problems in words that hold no
personal data.

Every file comes from under one contracts folder: nothing is ever fetched, an import that points
elsewhere is an error, and so is one that libxml2 would silently skip. Compiled schemas are kept one per
thread, because the error log of a shared one belongs to whichever thread asked last.
"""

from __future__ import annotations

import dataclasses
import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, unquote, urljoin

from lxml import etree

from signing import errors as signing_errors
from signing.xml import Limits, parse

XSD = "http://www.w3.org/2001/XMLSchema"
# urljoin and libxml2 both resolve relative references inside http, and .invalid never exists (RFC 2606).
_SCHEME = "http://contracts.invalid/"
_CONTRACT_LIMITS = Limits(names=20_000, tags=2_000_000, commented_values=True)
_VALUE = re.compile(
    r"(^|: |\] |value |content )'.*'(?= (?:is|has|does|of)\b)|(key-sequence )\[.*\]", re.DOTALL
)
_PLACE = re.compile(r"^(Element '[^']*'(?:, attribute '[^']*')?: (?:\[facet '[^']*'\] )?)(.*)$", re.DOTALL)
_SHOWN = 5


class ContractError(ValueError):
    """A pinned contract cannot be used; the text names the file, the line if there is one, and the remedy."""


@dataclasses.dataclass(frozen=True, slots=True)
class Folder:
    """The contracts folder: reads files under it, and no others."""

    path: Path

    def read(self, name: str) -> bytes:
        """Bytes of ``name``, a path relative to the folder. Raises `ContractError`."""
        root = self.path.resolve()
        target = (root / name).resolve()
        if not target.is_relative_to(root):
            raise ContractError(f"{name}: contracts are read from their folder only; copy the file into it")
        try:
            return target.read_bytes()
        except OSError as error:
            raise ContractError(
                f"{name}: cannot be read ({error.strerror}); pin the file in the folder"
            ) from error


def parse_contract(data: bytes, name: str) -> etree._Element:
    """Root element of a contract file, read by the hardened parser. Raises `ContractError`."""
    try:
        return parse(data, limits=_CONTRACT_LIMITS)
    except signing_errors.XmlRefused as error:
        raise ContractError(f"{name}: {error.reason}") from error


def address(name: str) -> str:
    """The address by which libxml2 knows the contract file ``name``; nothing is ever fetched from it."""
    return _SCHEME + quote(name)


class Schema:
    """Compiled grammar of one or more documents. Safe to share between threads."""

    def __init__(self, folder: Folder, driver: bytes, documents: Mapping[str, bytes] | None = None) -> None:
        """``driver`` is a schema that imports the others by `address`; ``documents`` are in no file. See
        `assemble`.

        Raises `ContractError` if a document is missing, skipped or wrong.
        """
        self._folder = folder
        self._driver = driver
        self._documents = dict(documents or {})
        self._local = threading.local()
        reader = _Reader(folder, self._documents)
        self._local.compiled = self._compile(reader)
        self.files: Mapping[str, bytes] = {
            name: data for name, data in reader.files.items() if name not in self._documents
        }
        _refuse_skipped(reader, self._driver)

    def problems(self, element: etree._Element) -> tuple[str, ...]:
        """What is wrong with ``element`` as a document of its own; empty if it is valid. Values are left
        out.
        """
        compiled = self._mine()
        if compiled.validate(element):
            return ()
        log = cast(Any, compiled.error_log)  # the stubs do not know that it is a list
        return tuple(f"line {entry.line}: {_without_values(entry.message)}" for entry in log[:_SHOWN])

    def _mine(self) -> etree.XMLSchema:
        compiled: etree.XMLSchema | None = getattr(self._local, "compiled", None)
        if compiled is None:
            compiled = self._local.compiled = self._compile(_Reader(self._folder, self._documents))
        return compiled

    def _compile(self, reader: _Reader) -> etree.XMLSchema:
        parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
        parser.resolvers.add(reader)
        parser.feed(self._driver)
        root = parser.close()
        root.getroottree().docinfo.URL = address("schema-driver")
        try:
            return etree.XMLSchema(root)
        except (etree.XMLSchemaParseError, ContractError) as error:
            raise reader.refused or ContractError(f"schema cannot be compiled: {error}") from error


class _Reader(etree.Resolver):
    """Gives libxml2 the bytes of pinned documents, and remembers what it asked for."""

    def __init__(self, folder: Folder, documents: Mapping[str, bytes]) -> None:
        self._folder = folder
        self._documents = documents
        self.files: dict[str, bytes] = {}
        self.refused: ContractError | None = None

    def resolve(self, url: str, public_id: str, context: Any) -> Any:  # type: ignore[override]
        """Called by libxml2 for every document that a schema imports or includes."""
        try:
            name = self._name(url)
            self.files[name] = self._documents.get(name) or self._folder.read(name)
            parse_contract(self.files[name], name)
        except ContractError as error:
            self.refused = error
            raise
        return self.resolve_string(self.files[name], context, base_url=url)

    @staticmethod
    def _name(url: str) -> str:
        if not url.startswith(_SCHEME):
            raise ContractError(
                f"{url} is outside the contracts folder: copy it there and change schemaLocation"
            )
        return unquote(url.removeprefix(_SCHEME))


def schema_of(folder: Folder, *names: str) -> Schema:
    """Schema of the given XSD files. Raises `ContractError`."""
    spaces = [(parse_contract(folder.read(name), name).get("targetNamespace"), name) for name in names]
    return assemble(folder, spaces)


def assemble(
    folder: Folder,
    imports: Sequence[tuple[str | None, str]],
    *,
    documents: Mapping[str, bytes] | None = None,
    elements: Mapping[str, str] | None = None,
) -> Schema:
    """Schema that brings in ``imports`` (target namespace, name of a file or of one of ``documents``).

    ``elements`` declares global elements without namespace: name → Clark name of their type, as the
    parts of an rpc/literal message need them. Raises `ContractError`.
    """
    bundles = dict(documents or {})
    root = etree.Element(f"{{{XSD}}}schema", nsmap={"xs": XSD})
    for number, space in enumerate(dict.fromkeys(space for space, _ in imports)):
        names = [name for other, name in imports if other == space]
        if space is None:
            _include(root, names)
        elif len(names) == 1:
            etree.SubElement(root, f"{{{XSD}}}import", namespace=space, schemaLocation=address(names[0]))
        else:  # libxml2 reads one document per imported namespace, so several are included into one
            bundle = etree.Element(f"{{{XSD}}}schema", targetNamespace=space)
            _include(bundle, names)
            bundles[f"bundle-{number}"] = etree.tostring(bundle)
            location = address(f"bundle-{number}")
            etree.SubElement(root, f"{{{XSD}}}import", namespace=space, schemaLocation=location)
    kinds = {name: etree.QName(type_name) for name, type_name in (elements or {}).items()}
    for space in sorted({kind.namespace or XSD for kind in kinds.values()} - {XSD, *(s for s, _ in imports)}):
        etree.SubElement(root, f"{{{XSD}}}import", namespace=space)  # loaded above, by one that was included
    for name, kind in kinds.items():
        _declare(root, name, kind)
    return Schema(folder, etree.tostring(root), bundles)


def _include(schema: etree._Element, names: Sequence[str]) -> None:
    for name in names:
        etree.SubElement(schema, f"{{{XSD}}}include", schemaLocation=address(name))


def _declare(schema: etree._Element, name: str, kind: etree.QName) -> None:
    if kind.namespace == XSD:
        etree.SubElement(schema, f"{{{XSD}}}element", name=name, type=f"xs:{kind.localname}")
        return
    prefixed = f"t:{kind.localname}" if kind.namespace else kind.localname
    spaces = {"t": kind.namespace} if kind.namespace else {}
    schema.append(etree.Element(f"{{{XSD}}}element", {"name": name, "type": prefixed}, nsmap=spaces))


def _refuse_skipped(reader: _Reader, driver_bytes: bytes) -> None:
    """libxml2 reads one document per imported namespace and skips the others without a word: find them."""
    loaded = {"schema-driver": driver_bytes, **reader.files}
    for name, data in loaded.items():
        for node in parse_contract(data, name).iter(f"{{{XSD}}}import", f"{{{XSD}}}include"):
            location = node.get("schemaLocation")
            if location is None:
                continue
            wanted = unquote(urljoin(address(name), location).removeprefix(_SCHEME))
            if wanted not in loaded:
                raise ContractError(
                    f"{name}, line {node.sourceline}: {wanted} would be ignored, because another file "
                    f"already stands for its namespace; merge them or include one from the other"
                )


def _without_values(message: str) -> str:
    place = _PLACE.match(message)
    head, rest = place.groups() if place else ("", message)
    return head + _VALUE.sub(lambda found: f"{found[1] or found[2] or ''}…", rest)
