"""Identity card for a child under 6: signed XML over HTTP, results by polling, in force since 2026-09-01.

The contract is ``xsd/cancuoc/1.0``. Paths ``/yeu-cau``, ``/bo-sung``, ``/rut``, ``/trang-thai``.
"""

from __future__ import annotations

from sandbox.cancuoc.agency import CanCuoc

AGENCY = CanCuoc

__all__ = ["AGENCY", "CanCuoc"]
