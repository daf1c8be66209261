"""Residence (Ministry of Public Security): SOAP 1.2, WS-Addressing, WS-Security, results by call-back.

The contract is ``xsd/cutru/1.0``. Endpoint ``/cutru``; the hub implements ``cutru-callback.wsdl`` at the
path that the option ``callback_path`` names.
"""

from __future__ import annotations

from sandbox.cutru.agency import CuTru

AGENCY = CuTru

__all__ = ["AGENCY", "CuTru"]
