"""National population database (domain page, section 5): SOAP 1.1 document/literal over a real SQL database.

The contract is ``xsd/dancu/1.0``; the endpoint ``/soap``. Options: ``user``, ``secret``, ``client``
(X-Road-Client), ``api_key`` (defaults in `sandbox.dancu.agency.DEFAULTS`), ``households`` (how many are
generated), ``require_signature``. A WS-Security signature is verified where present, and its sender gets a
signed answer.

People are made by `generate`, the same for the same seed; a hub that is given a view reads ``cong_dan_view``
of ``<folder>/dancu/dancu.db`` (columns in `sandbox.dancu.register`).
"""

from __future__ import annotations

from sandbox.dancu.agency import DanCu
from sandbox.dancu.citizen import Citizen, Place
from sandbox.dancu.names import Name
from sandbox.dancu.population import Couple, Population, generate

AGENCY = DanCu

__all__ = ["AGENCY", "Citizen", "Couple", "DanCu", "Name", "Place", "Population", "generate"]
