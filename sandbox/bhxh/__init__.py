"""Social insurance: token, then a form with base64 of XML signed by two references; results by call-back.

The contract is ``xsd/bhxh/1.0``. Paths ``/api/token/take``, ``/api/hoso/guiHoSoDienTu`` (``loaiHs`` TK1 card,
MTP funeral allowance, TT survivor allowance, DLH stop of a pension, BS supplement, RUT withdrawal, DC correction),
``/api/hoso/danhSach``.
"""

from __future__ import annotations

from sandbox.bhxh.agency import Bhxh

AGENCY = Bhxh

__all__ = ["AGENCY", "Bhxh"]
