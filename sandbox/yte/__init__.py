"""Health facilities: birth and death certificates as signed XML, pushed to the hub, and found by code.

The contract is ``xsd/yte/1.0``. Each facility is a sender of its own, with account, token and key. Paths:
``/api/traCuuChungTu`` (a certificate by its code), ``/cap`` (a person lets a facility issue one).
"""

from __future__ import annotations

from sandbox.yte.agency import Yte

AGENCY = Yte

__all__ = ["AGENCY", "Yte"]
