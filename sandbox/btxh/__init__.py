"""Social protection: funeral support as plain XML over HTTP, papers as XML inside XML, results by polling.

The contract is ``xsd/btxh/1.0``. Paths below ``/apiBTXH``: ``DongBoDVC``, ``BoSungHoSo``, ``RutHoSo``,
``DinhChinhHoSo``, ``TienTrinhHoSoBTXH``, ``DanhSachHoSo``.
"""

from __future__ import annotations

from sandbox.btxh.agency import Btxh

AGENCY = Btxh

__all__ = ["AGENCY", "Btxh"]
