"""The declarations of the simulated day."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, time

from bench.day import working
from bench.day.cases import Fate, draw
from broker.model import DossierState
from lienthong.demo.death import Death
from tests.worlds import population

MIDNIGHT = datetime.combine(working.MONDAY, time(), working.HANOI)


def test_a_monday() -> None:
    """Nine o'clock takes a fifth, every fate occurs, births and deaths stand as in the nation."""
    arrivals = draw(3000, MIDNIGHT, population(), random.Random(1))
    assert arrivals == sorted(arrivals, key=lambda arrival: arrival.at)
    assert {arrival.at.date() for arrival in arrivals} == {working.MONDAY}
    hours = Counter(arrival.at.hour for arrival in arrivals)
    assert hours.most_common(1)[0][0] == 9
    assert 0.17 < hours[9] / len(arrivals) < 0.23
    assert {arrival.fate for arrival in arrivals} == set(Fate)
    deaths = sum(isinstance(arrival.event, Death) for arrival in arrivals)
    assert 0.20 < deaths / len(arrivals) < 0.26


def test_one_seed_one_day() -> None:
    """The same seed gives the same day; a fate says how it must end."""
    first, again = (draw(50, MIDNIGHT, population(), random.Random(7)) for _ in range(2))
    assert first == again
    ends = {arrival.fate: arrival.end for arrival in draw(3000, MIDNIGHT, population(), random.Random(1))}
    assert ends[Fate.NO_RESIDENCE] is DossierState.PARTIAL
    assert ends[Fate.SUPPLEMENT] is DossierState.COMPLETED
