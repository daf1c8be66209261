"""National public service portal: receives states from the hub, and is the hub's client.

The contract of the receiving side is ``xsd/dvcqg/1.0/trangthai.xsd``; the endpoint ``POST /api/trangthai``
with the header X-Api-Key (option ``api_key``) and an enveloped signature of the hub. `Portal` is the client
for demo and tests.
"""

from __future__ import annotations

from sandbox.dvcqg.agency import DVCQG
from sandbox.dvcqg.portal import Answer, Fault, Paths, Portal

AGENCY = DVCQG

__all__ = ["AGENCY", "DVCQG", "Answer", "Fault", "Paths", "Portal"]
