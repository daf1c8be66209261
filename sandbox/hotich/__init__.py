"""Civil status (Ministry of Justice): SOAP 1.1 rpc/literal, token and signed parts, results by polling.

The contract is ``xsd/hotich/1.0``. Endpoint ``/hotich``; options ``user`` and ``password``.
"""

from __future__ import annotations

from sandbox.hotich.agency import HoTich

AGENCY = HoTich

__all__ = ["AGENCY", "HoTich"]
