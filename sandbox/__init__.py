"""Stand-in agencies: real servers on real sockets with real databases, for demo, tests and onboarding.

Nothing here imports the hub, and the hub's code is not reused: agencies sign and verify with `signxml`,
validate with `xmlschema` and have their own SOAP code, so that a common mistake cannot cancel out.

Run them::

    async with Sandbox(folder, hub_url="http://127.0.0.1:8080", hub_certificate=pem) as box:
        box.url("dancu"), box.certificate("cutru")         # address; PEM path for the hub's trust store
        box.agency("hotich").faults.add({"fault": {"kind": "http", "status": 503, "retry_after": 1}, "times":
        2}) box.agency("hotich").decisions.add({"match": {"contains": "Thủy"}, "outcome": "late-number",
        "polls": 3}) await box.agency("bhxh").set_down(True)            # the port refuses connections until
        set_down(False) box.agency("hotich").desk.records()                # what was taken in, how often,
        with what effect

`ThreadedSandbox` is the same for blocking code; `serve` runs one agency in its own process. Over HTTP the
same controls are at ``<agency>/_control`` (`sandbox.core.control`) and at
``box.control_url/<agency>/_control``; people use the page ``/`` of each agency. Time comes from the ``clock``
argument (`ManualClock` for tests).

Write one: a package ``sandbox/<name>/`` whose ``__init__`` exports ``AGENCY``, a subclass of `Agency`::

    class CivilStatus(Agency):
        name, title, english = "hotich", "Hộ tịch điện tử", "Civil status"
        schema = "CREATE TABLE IF NOT EXISTS so_ho_tich (…)"      # its own tables, beside the core's
        soap_version = SOAP11                                     # lets the fault rules find operations, make
        faults

        def routes(self):
            service = SoapService(SOAP11, [Operation("nhanHoSo", "{urn:…}nhanHoSo", self._receive,
            action="…")],
                                  schema(self.contract_folder / "hotich.xsd"),
                                  Contract(self.contract_folder, "hotich.wsdl"), admit=…, guard=…, seal=…)
            return [Route("/soap", service.respond, methods=["GET", "POST"])]  # GET: ?wsdl

        def _receive(self, exchange: Exchange) -> etree._Element:
            with self.database.transaction() as sql:              # nested transactions join
                taken = self.desk.take(key, dossier, exchange.operation.name, text_for_matching,
                title=child_name) if not taken.again:                               # a repeated key has no
                second effect
                    sql.execute(…); self.desk.effect(key, "Đăng ký khai sinh số 12")

- `Desk.poll(key)` counts a question and returns a `Verdict` (``pending``, ``approve``, ``supplement``,
  ``reject``; ``number_ready``); `Desk.verdict(key)` does not count; `Desk.remember(key, **facts)` keeps the
  agency's own facts.
- Agencies that call back override `Agency.progress` (look for verdicts that are due, then
  ``self.callbacks.add(key, operation, path, payload)``), `Agency.seal_callback` (envelope and signature, made
  anew for each attempt) and `Agency.acknowledged`.
- ``self.quirk("out-of-order", operation, content)`` asks whether a business fault is wanted;
  ``duplicate-callback`` and ``wrong-signature`` on callbacks are done by the core.
- Agencies without SOAP override `Agency.content` (unwrap base64 …) and `Agency.operation` for the rules'
  sake.
- Signatures: `sandbox.core.dsig` (enveloped, two-reference) and `sandbox.core.wss`; the hub's certificate is
  ``self.hub_public()``, the agency's own key ``self.identity``.
"""

from __future__ import annotations

from sandbox.core.agency import Agency, Site
from sandbox.core.apart import SandboxProcess
from sandbox.core.clock import ManualClock, system_clock
from sandbox.core.contract import Contract
from sandbox.core.running import AGENCIES, Sandbox, ThreadedSandbox, agency_class, serve
from sandbox.core.schema import Schema, schema
from sandbox.core.service import Exchange, HttpRefusal, Operation, SoapService
from sandbox.core.soap import SOAP11, SOAP12, SoapFault

__all__ = [
    "AGENCIES",
    "SOAP11",
    "SOAP12",
    "Agency",
    "Contract",
    "Exchange",
    "HttpRefusal",
    "ManualClock",
    "Operation",
    "Sandbox",
    "SandboxProcess",
    "Schema",
    "Site",
    "SoapFault",
    "SoapService",
    "ThreadedSandbox",
    "agency_class",
    "schema",
    "serve",
    "system_clock",
]
