"""The reference pages, made from the code: ``python -m lienthong.reference`` writes them, ``--check`` compares.

What a page says of commands, settings, adapters, errors and addresses is said once, in the code.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from adapters import errors as adapter_errors
from adapters import registry
from broker import errors as hub_errors
from broker.config import describe
from broker.config.agency import AgencyConfig
from broker.config.calendar import CalendarConfig
from broker.config.hub import Hub
from broker.config.notices import NoticesConfig
from broker.config.population import PopulationConfig
from broker.config.retention import Retention
from broker.config.schedule import Schedule
from broker.config.units import ProvinceTable
from broker.delivery import policy
from broker.process.rules import Process
from broker.store import errors as store_errors
from broker.web import openapi
from broker.web.soap import INTAKE_PATH
from lienthong.cli import common
from lienthong.cli.lazy import COMMANDS, command

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
_NOTE = "<!-- Made by `make docs` from the code. Change the code, not this page. -->\n\n"
_FILES: Mapping[str, type[BaseModel]] = {
    "hub.yaml": Hub,
    "agencies/<id>.yaml": AgencyConfig,
    "processes/<name>.yaml": Process,
    "population.yaml": PopulationConfig,
    "schedule.yaml": Schedule,
    "retention.yaml": Retention,
    "notices.yaml": NoticesConfig,
    "calendar.yaml": CalendarConfig,
    "units/provinces.yaml": ProvinceTable,
}


def pages() -> dict[str, str]:
    """File name → content of every reference page."""
    makers: Mapping[str, Callable[[], Iterator[str]]] = {
        "cli.md": _cli,
        "config.md": _config,
        "adapters.md": _adapters,
        "errors.md": _errors,
        "http.md": _http,
    }
    return {name: _NOTE + "\n".join(maker()) + "\n" for name, maker in makers.items()}


def _cli() -> Iterator[str]:
    yield "# Commands\n"
    yield _table_of(common.__doc__ or "", "Every command ends with one of these codes:")
    for name in COMMANDS:
        yield from _commands(name, command(name))


def _commands(name: str, found: Any) -> Iterator[str]:
    """A command, or all commands of a group."""
    inner: Mapping[str, Any] = getattr(found, "commands", {})
    for sub, one in inner.items():
        yield from _commands(f"{name} {sub}", one)
    if not inner:
        yield from _command(name, found)


def _command(name: str, found: Any) -> Iterator[str]:
    arguments = [one for one in found.params if one.param_type_name == "argument"]
    shown = "".join(f" {one.name.upper()}" if one.required else f" [{one.name.upper()}]" for one in arguments)
    yield f"## lienthong {name}\n"
    yield f"    lienthong {name}{shown}\n"
    yield inspect.cleandoc(found.help or "") + "\n"
    rows = [[_names(one), one.help or "", _preset(one)] for one in found.params if one.name != "help"]
    yield from _table(["", "meaning", "default"], rows)


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.name.upper()}`"
    return ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))


def _preset(parameter: Any) -> str:
    if parameter.required:
        return "(required)"
    default = parameter.default
    if default in (None, False, (), []):
        return ""
    return "yes" if default is True else _code(str(getattr(default, "value", default)))


def _config() -> Iterator[str]:
    yield "# Configuration\n"
    yield (
        "Files below `config/` of a project folder. Durations are written `250ms`, `30s`, `5m`, `2h`, `3d`; texts for "
        "people as `{vi: …, en: …}`. Unknown keys are refused. `local.json` beside `config/` puts values on top of the "
        'files by dotted keys, such as `{"hub.listen.port": 8500}`.\n'
    )
    told: set[type[BaseModel]] = set()
    for name, model in _FILES.items():
        yield f"## {name}\n"
        yield _first(model.__doc__) + "\n"
        yield from _model(model)
        told.add(model)
        for inner in _inside(model):
            if inner not in told:
                told.add(inner)
                yield f"### {inner.__name__}\n"
                yield _first(inner.__doc__) + "\n"
                yield from _model(inner)


def _model(model: type[BaseModel]) -> Iterator[str]:
    rows = [
        [
            f"`{one.place}`",
            _linked(one),
            "(required)" if one.required else _code(one.default),
            one.description,
        ]
        for one in describe.own(model)
    ]
    yield from _table(["key", "value", "default", "meaning"], rows)


def _linked(setting: describe.Setting) -> str:
    names = ", ".join(f"[{model.__name__}](#{model.__name__.lower()})" for model in setting.models)
    return setting.type.replace("settings", names, 1) if names else setting.type


def _inside(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for setting in describe.own(model):
        for inner in setting.models:
            yield inner
            yield from _inside(inner)


def _adapters() -> Iterator[str]:
    yield "# Adapters\n"
    yield (
        "An agency's file names an adapter under `adapters.send` or `adapters.receive` and gives its settings there. "
        "Those in the box are listed here; `lienthong adapters` lists what is installed, plug-ins included. `*` stands "
        "for a name.\n"
    )
    specs = registry.load(_built_in())
    yield from _table(
        ["adapter", "direction", ""],
        [[f"[{s.name}](#{s.name})", s.direction, s.summary] for s in specs.values()],
    )
    for spec in specs.values():
        yield f"## {spec.name}\n"
        yield f"{spec.summary}\n"
        rows = [
            [
                f"`{one.place}`",
                one.type,
                "(required)" if one.required else _code(one.default),
                one.description,
            ]
            for one in describe.settings(spec.settings)
        ]
        yield from _table(["setting", "value", "default", "meaning"], rows)


def _built_in() -> Iterator[Any]:
    from importlib.metadata import EntryPoint

    return (EntryPoint(name, place, registry.GROUP) for name, place in registry.BUILT_IN.items())


def _errors() -> Iterator[str]:
    yield "# Errors\n"
    titles = {
        adapter_errors: "At the edge: what an adapter raises",
        hub_errors: "At the doors: what the hub answers",
        store_errors: "Below: what the database raises",
    }
    for module, title in titles.items():
        yield f"## {title}\n"
        yield _literal(module.__doc__ or "") + "\n"
        for name, found in _classes(module):
            yield f"- **{name}**: {_first(found.__doc__)}"
        yield ""
    yield "## What follows a failed attempt\n"
    yield _table_of(policy.__doc__ or "", "")


def _classes(module: Any) -> Iterator[tuple[str, type]]:
    """The classes of a module in the order in which it defines them."""
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef):
            yield node.name, getattr(module, node.name)


def _http() -> Iterator[str]:
    yield "# HTTP\n"
    yield (
        "Callers prove who they are with the header `X-Api-Key`. Documents are those of "
        "`xsd/lienthong/1.0/intake.xsd`, as XML or as JSON of the same schema; the hub describes itself at "
        "`/api/openapi.json` and `/api/docs`. The "
        "documents and their JSON form are a proposal of this project, not a published standard.\n"
    )
    rows = [
        [f"`{method} {path}`", summary]
        for path, methods in _described().items()
        for method, summary in methods.items()
    ]
    rows += [
        [f"`GET {INTAKE_PATH}?wsdl`", "the contract of the SOAP door"],
        [f"`POST {INTAKE_PATH}`", "SOAP 1.1 and 1.2: submit, status, supplement, withdraw, report"],
        ["`POST /agency/<id>`", "call-backs of an agency, in its own protocol"],
        ["`GET /health`", "the process answers; no key"],
    ]
    yield from _table(["address", ""], rows)
    yield "## Refusals\n"
    yield (
        "Every refusal is a `Problems` document: a reason for machines, and for each problem its field and a text in "
        "Vietnamese and English.\n"
    )
    yield from _table(["status", "meaning"], [[str(code), text] for code, text in openapi.REFUSALS.items()])


def _described() -> dict[str, dict[str, str]]:
    from broker.canonical.jsonform import JsonForm
    from broker.canonical.schemas import Schemas
    from broker.web.declaring import DeclaringRest
    from broker.web.evidence import EvidenceRest
    from broker.web.exchange import Bounds
    from broker.web.log import LogRest
    from broker.web.rendering import Renderer
    from broker.web.rest import Rest
    from broker.web.search import SearchRest
    from broker.web.statistics import StatisticsRest

    form = JsonForm(Schemas(FOLDER.parents[1]).elements)
    nobody: Any = None  # described, never called
    routers = (
        Rest(nobody, form, Renderer(form), Bounds(), nobody).router(),
        DeclaringRest(nobody, form, Renderer(form), Bounds()).router(),
        StatisticsRest(nobody).router(),
        SearchRest(nobody).router(),
        EvidenceRest(nobody).router(),
        LogRest(nobody, nobody).router(),
    )
    found: dict[str, dict[str, str]] = {}
    for one in (route for router in routers for route in router.routes):
        route: Any = one
        for method in sorted(route.methods):
            found.setdefault(route.path, {})[method] = route.summary
    return found


def _table(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    if not rows:
        return
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|")


def _table_of(docstring: str, introduction: str) -> str:
    """The docstring's own table, as it stands there."""
    lines = docstring.splitlines()
    marks = [number for number, line in enumerate(lines) if line.startswith("====")]
    head = f"{introduction}\n\n" if introduction else ""
    return f"{head}```text\n" + "\n".join(lines[marks[0] : marks[-1] + 1]) + "\n```\n"


def _literal(docstring: str) -> str:
    """A docstring whose drawing becomes a code block."""
    text = inspect.cleandoc(docstring)
    introduction, _, rest = text.partition("::\n")
    lines = rest.strip("\n").splitlines()
    end = next((number for number, line in enumerate(lines) if line[:1].strip()), len(lines))
    drawing, after = inspect.cleandoc("\n".join(lines[:end])), "\n".join(lines[end:])
    return f"{introduction}:\n\n```text\n{drawing}\n```\n\n{after}".rstrip()


def _first(docstring: str | None) -> str:
    return " ".join(inspect.cleandoc(docstring or "").partition("\n\n")[0].split())


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def main(check: bool) -> int:
    """Write the pages, or say which are not as the code has them. The exit code."""
    stale = []
    for name, content in pages().items():
        file = FOLDER / name
        if file.is_file() and file.read_text(encoding="utf-8") == content:
            continue
        stale.append(name)
        if not check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
    if stale:
        sys.stdout.write(f"{'stale' if check else 'written'}: {', '.join(stale)}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
