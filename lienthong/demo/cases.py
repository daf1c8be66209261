"""All declarations of the demo."""

from __future__ import annotations

import dataclasses

from lienthong.demo.birth_cases import births
from lienthong.demo.case import DOORS, Case
from lienthong.demo.death_cases import deaths
from lienthong.demo.families import Families

BIRTHS = 40


def cases(families: Families) -> list[Case]:
    """All declarations of the demo, in the order in which they are sent, over all doors in turn.

    What cannot be read keeps its door: it is written as XML.
    """
    found = [*deaths(families), *births(families, BIRTHS)]
    return [
        dataclasses.replace(case, door=DOORS[number % len(DOORS)]) if case.written is None else case
        for number, case in enumerate(found)
    ]
