from __future__ import annotations

import inspect

from broker.services import HubServices
from broker.web.services import Services
from tests.broker.web.fakes import FakeHub


def test_the_hub_and_the_fake_offer_what_the_face_asks_for() -> None:
    """Every method of the protocol is there, with the same parameters in the same order."""
    for name, method in inspect.getmembers(Services, inspect.isfunction):
        if name.startswith("_"):
            continue
        wanted = list(inspect.signature(method).parameters)
        for kind in (HubServices, FakeHub):
            assert list(inspect.signature(getattr(kind, name)).parameters) == wanted
