"""Finds adapters: those in the box and those of plug-ins come through the same door.

The door is the entry-point group ``lienthong.adapters``; each entry point names a `Spec`. The built-in
ones are also listed here, so that a source tree works before it is installed.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from importlib import metadata
from types import MappingProxyType

from adapters.base import Spec

GROUP = "lienthong.adapters"
"""Entry-point group in which a distribution announces its adapters."""

BUILT_IN: Mapping[str, str] = MappingProxyType(
    {
        "gateway-service": "adapters.gateway_service:SPEC",
        "loopback": "adapters.loopback:SPEC",
        "loopback-service": "adapters.loopback:RECEIVER",
        "population-db": "adapters.population_db:SPEC",
        "smtp": "adapters.smtp:SPEC",
        "soap-client": "adapters.soap_client:SPEC",
        "soap-service": "adapters.soap_service:SPEC",
        "webhook": "adapters.webhook:SPEC",
        "xml-http": "adapters.xml_http:SPEC",
        "xml-http-service": "adapters.xml_http_service:SPEC",
    }
)
"""Name → place of every adapter in this distribution; pyproject lists the same."""


class BadAdapter(Exception):
    """An adapter cannot be loaded, or two claim one name; the text names the distribution."""


class UnknownAdapter(LookupError):
    """No installed adapter has this name; the text lists those that exist."""


def get(name: str) -> Spec:
    """The adapter called ``name``. Raises `UnknownAdapter`, or `BadAdapter` if an installed one is broken."""
    specs = all_specs()
    if name not in specs:
        raise UnknownAdapter(f"no adapter is called {name!r}; installed: {', '.join(specs)}")
    return specs[name]


@functools.cache
def all_specs() -> Mapping[str, Spec]:
    """Every adapter of this environment, by name, sorted. Raises `BadAdapter`."""
    built_in = [metadata.EntryPoint(name, place, GROUP) for name, place in BUILT_IN.items()]
    return load([*built_in, *metadata.entry_points(group=GROUP)])


def load(entry_points: Iterable[metadata.EntryPoint]) -> Mapping[str, Spec]:
    """Load each entry point once. Raises `BadAdapter` for a broken one and for a name that means two
    things.
    """
    chosen: dict[str, metadata.EntryPoint] = {}
    for point in entry_points:
        first = chosen.setdefault(point.name, point)
        if first.value != point.value:
            raise BadAdapter(
                f"two adapters are called {point.name!r}: {_origin(first)} and {_origin(point)}; remove one"
            )
    return MappingProxyType({name: _spec(chosen[name]) for name in sorted(chosen)})


def _spec(point: metadata.EntryPoint) -> Spec:
    try:
        spec = point.load()
    except Exception as error:
        raise BadAdapter(f"adapter {point.name!r} of {_origin(point)} cannot be loaded: {error}") from error
    if not isinstance(spec, Spec):
        raise BadAdapter(f"adapter {point.name!r}: {_origin(point)} is not an adapters.base.Spec")
    if spec.name != point.name:
        raise BadAdapter(f"adapter {point.name!r}: the spec at {_origin(point)} calls itself {spec.name!r}")
    return spec


def _origin(point: metadata.EntryPoint) -> str:
    return f"{point.value} ({point.dist.name if point.dist is not None else 'built in'})"
