"""One agency at run time."""

from __future__ import annotations

import dataclasses

import pytest

from adapters.base import Received, Reply
from adapters.errors import Malformed
from broker.clock import local_day
from broker.config.agency import Callback
from broker.mapping import MappingError
from broker.mapping.errors import Problem
from broker.model import Outcome
from tests.broker.rig import Rig


class Refuses:
    """Mappings that refuse every document."""

    def get(self, *_: object) -> Refuses:
        """This one."""
        return self

    def run(self, source: bytes, **_: object) -> bytes:
        """Always a problem."""
        raise MappingError([Problem("A", "B", "sai", "wrong")])


async def test_words(rig: Rig) -> None:
    """The table of texts says what an agency's words mean, whatever the case; else nobody knows."""
    hotich = rig.hub.agencies["hotich"]
    assert hotich.judge("Hồ sơ ĐÃ ĐƯỢC TIẾP NHẬN") is Outcome.DUPLICATE
    assert hotich.judge("xin chào") is None
    assert hotich.judge(None) is None


async def test_what_it_offers(rig: Rig) -> None:
    """An agency has the operations that its config names."""
    assert rig.hub.agencies["cutru"].offers("ask")
    assert not rig.hub.agencies["bhxh"].offers("ask")
    with pytest.raises(KeyError):
        rig.hub.agencies["bhxh"].operation("ask")


async def test_answer_not_understood(rig: Rig) -> None:
    """An answer that cannot be mapped back is not the contract, and is kept."""
    config = rig.hub.agencies["hotich"].config
    operations = {**config.operations, "poll": config.operations["poll"].model_copy(update={"reply": "r"})}
    agency = dataclasses.replace(
        rig.hub.agencies["hotich"],
        config=config.model_copy(update={"operations": operations}),
        mappings=Refuses(),  # type: ignore[arg-type]
    )
    with pytest.raises(Malformed) as refused:
        agency.read("poll", Reply("poll", b"<raw/>", b"<x/>"), local_day(rig.clock()))
    assert refused.value.raw == b"<x/>"


async def test_echo(rig: Rig) -> None:
    """An answer that must name the notice fails if the notice has no name."""
    cutru = rig.hub.agencies["cutru"]
    use = Callback(report="r", answer="a", echo={"notice": "MaThongBao"})
    agency = dataclasses.replace(cutru, config=cutru.config.model_copy(update={"callbacks": {"n": use}}))
    with pytest.raises(Malformed, match="MaThongBao"):
        agency.acknowledge(Received("n", b"<x/>"), b"<y/>", local_day(rig.clock()))


async def test_no_receiver(rig: Rig) -> None:
    """An agency that only answers has no door, and the error names its file."""
    with pytest.raises(LookupError, match=r"hotich\.yaml"):
        rig.hub.agencies["hotich"].receive(None)  # type: ignore[arg-type]
