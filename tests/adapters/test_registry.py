"""Adapters come through one door, and what is wrong at the door has a name."""

from __future__ import annotations

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from adapters.registry import BUILT_IN, GROUP, BadAdapter, UnknownAdapter, all_specs, get, load


def point(name: str, place: str) -> EntryPoint:
    """An entry point of the group."""
    return EntryPoint(name, place, GROUP)


def test_every_built_in_adapter_is_found() -> None:
    """Under its own name, whether the tree is installed or not."""
    assert set(BUILT_IN) <= set(all_specs())
    assert all(get(name).name == name for name in BUILT_IN)


def test_distribution_announces_what_is_built_in() -> None:
    """What pyproject announces for this distribution is what the registry lists, under the same names."""
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    announced = project["entry-points"][GROUP]
    assert {name: place for name, place in announced.items() if name not in BUILT_IN} == {}
    assert all(BUILT_IN[name] == place for name, place in announced.items())


def test_same_place_twice_is_one_adapter() -> None:
    """The source tree and its installed metadata announce the same adapters."""
    twice = point("loopback", "adapters.loopback:SPEC")
    assert list(load([twice, twice])) == ["loopback"]


def test_one_name_for_two_places_is_refused() -> None:
    """Neither wins by accident; the error says where both come from."""
    with pytest.raises(BadAdapter, match=r"adapters\.loopback:SPEC.*adapters\.xml_http:SPEC"):
        load([point("loopback", "adapters.loopback:SPEC"), point("loopback", "adapters.xml_http:SPEC")])


@pytest.mark.parametrize(
    ("name", "place", "said"),
    [
        ("gone", "no_such_module:SPEC", "cannot be loaded"),
        ("gone", "adapters.loopback:NOTHING", "cannot be loaded"),
        ("odd", "adapters.loopback:Loopback", "not an adapters.base.Spec"),
        ("other", "adapters.loopback:SPEC", "calls itself 'loopback'"),
    ],
)
def test_broken_adapter_is_refused(name: str, place: str, said: str) -> None:
    """A plug-in that cannot be used is named."""
    with pytest.raises(BadAdapter, match=said):
        load([point(name, place)])


def test_unknown_adapter_lists_the_known() -> None:
    """The error is its own remedy."""
    with pytest.raises(UnknownAdapter, match="soap-client"):
        get("soap-cleint")
