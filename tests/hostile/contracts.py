"""Contracts that lead elsewhere: imports and includes of hosts and files, in WSDL and XML Schema; and what is none."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from adapters.contract import load
from adapters.schemas import ContractError, Folder, schema_of
from tests.hostile.attack import Attack, Hostile
from tests.hostile.canary import canary
from tests.hostile.resources import ROOT

_CONTRACTS = ROOT / "tests/adapters/contracts"
_OUTSIDE = (
    "outside the contracts folder|contracts are read from their folder only|cannot be read|would be ignored"
)


def _places() -> dict[str, str]:
    """Where an import may try to lead."""
    bird = canary()
    return {
        "a server": f"{bird.url}/x.xsd",
        "a server, by scheme only": f"//127.0.0.1:{bird.port}/x.xsd",
        "a server over TLS": f"https://127.0.0.1:{bird.port}/x.xsd",
        "a server by its number": f"http://2130706433:{bird.port}/x.xsd",
        "a server by its address in IPv6": f"http://[::ffff:127.0.0.1]:{bird.port}/x.xsd",
        "a server behind a user": f"http://contracts.invalid@127.0.0.1:{bird.port}/x.xsd",
        "the metadata of a cloud": "http://169.254.169.254/latest/meta-data/",
        "an FTP server": f"ftp://127.0.0.1:{bird.port}/x.xsd",
        "a file": "file:///etc/passwd",
        "a file on this host": "file://localhost/etc/passwd",
        "a file by its path": "/etc/passwd",
        "a file above": "../../../../../../etc/passwd",
        "a file above, escaped": "%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "a file above, escaped twice": "%252e%252e/etc/passwd",
        "a file above, with backslashes": "..\\..\\etc\\passwd",
        "a device": "file:///dev/zero",
        "a device by its path": "/dev/zero",
        "a share": "\\\\127.0.0.1\\share\\x.xsd",
        "a link that leads out": "link.xsd",
        "a folder": ".",
        "nothing": "gone.xsd",
        "a null character": "x%00.xsd",
        "a name too long": "x" * 300 + ".xsd",
        "an archive": f"jar:{bird.url}/x.jar!/x.xsd",
        "data": "data:text/xml,<schema/>",
    }


def _folder(change: Callable[[Path], object]) -> Path:
    """A copy of the contracts, changed by an attacker; with a link in it that leads out."""
    folder = Path(tempfile.mkdtemp(prefix="hostile-contracts-"))
    shutil.copytree(_CONTRACTS, folder, dirs_exist_ok=True)
    (folder / "link.xsd").symlink_to("/etc/passwd")
    change(folder)
    return folder


def _replaced(name: str, old: str, new: str) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def _imports() -> Iterator[Hostile]:
    for place, address in _places().items():
        quoted = address.replace("&", "&amp;").replace("<", "&lt;")
        schema = f'schemaLocation="{quoted}"'
        wsdl = f'<wsdl:import namespace="urn:x" location="{quoted}"/><wsdl:types>'
        include = f'<xs:include schemaLocation="{quoted}"/>'
        ways = {
            "import of a schema": _replaced("note.wsdl", 'schemaLocation="note.xsd"', schema),
            "import of a WSDL": _replaced("note.wsdl", "<wsdl:types>", wsdl),
            "include in a schema": _behind_schema(include),
            "redefinition in a schema": _behind_schema(f'<xs:redefine schemaLocation="{quoted}"/>'),
        }
        for way, change in ways.items():
            yield Hostile(
                f"{way} from {place}",
                lambda change=change: _folder(change),
                f"{_OUTSIDE}|not a consistent WSDL",
            )  # type: ignore[misc]


def _behind_schema(markup: str) -> Callable[[Path], object]:
    """``markup`` as first child of the schema that the WSDL imports."""

    def change(folder: Path) -> None:
        text = (folder / "note.xsd").read_text(encoding="utf-8")
        at = text.index(">", text.index("<xs:schema")) + 1
        (folder / "note.xsd").write_text(text[:at] + markup + text[at:], encoding="utf-8")

    return change


def _documents() -> Iterator[Hostile]:
    url = canary().url
    doctype = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{url}/e">]><wsdl:definitions '
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/><wsdl:types>'
    changes: dict[str, tuple[Callable[[Path], object], str]] = {
        "a document type": (_replaced("note.wsdl", "<wsdl:definitions ", doctype), "DOCTYPE"),
        "a document type in a schema": (
            _replaced("note.xsd", "<xs:schema", "<!DOCTYPE x><xs:schema"),
            "DOCTYPE",
        ),
        "an XInclude": (_replaced("note.wsdl", "<wsdl:types>", include), "XInclude"),
        "an import of itself": (
            _behind_schema('<xs:include schemaLocation="note.xsd"/>'),
            "cannot be compiled",
        ),
        "no XML": (lambda folder: (folder / "note.wsdl").write_bytes(b"\0" * 1_000), "well-formed"),
        "another document": (lambda folder: (folder / "note.wsdl").write_bytes(b"<html/>"), "0 SOAP ports"),
        "too many elements": (
            lambda folder: (folder / "note.wsdl").write_bytes(b"<a>" + b"<b/>" * 2_500_000 + b"</a>"),
            "tags",
        ),
        "deep elements": (
            lambda folder: (folder / "note.wsdl").write_bytes(b"<a>" * 5_000 + b"</a>" * 5_000),
            "depth|deeper",
        ),
        "more than is read": (lambda folder: (folder / "note.wsdl").write_bytes(b" " * 17_000_000), "bytes"),
    }
    for said, (change, why) in changes.items():
        yield Hostile(f"contract with {said}", lambda change=change: _folder(change), why)  # type: ignore[misc]


def _inputs() -> Iterator[Hostile]:
    yield from _imports()
    yield from _documents()


def onboard(folder: Path) -> object:
    """Load the contract and its schema, as the hub does at its start; a server must not be asked."""
    try:
        load(folder, "note.wsdl", port="Soap11")
        return schema_of(Folder(folder), "note.xsd")
    finally:
        canary().must_be_silent()
        shutil.rmtree(folder)


CONTRACTS = Attack(_inputs, onboard, ContractError, honest=lambda: _folder(lambda _: None))
