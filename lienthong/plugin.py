"""Everything that an adapter in a distribution of its own imports, in one place that does not move.

Beside it there is `lienthong.testing`, the contract suite. The packages behind these names may change.
"""

from __future__ import annotations

from adapters.base import (
    Answer,
    Asks,
    CheckReport,
    Features,
    Inbound,
    Received,
    Receiver,
    Reply,
    Request,
    Resources,
    Sender,
    Settings,
    Spec,
    Wire,
)
from adapters.errors import (
    AdapterError,
    Ambiguous,
    Malformed,
    Refused,
    Rejected,
    Throttled,
    Unauthorized,
    Unavailable,
)
from adapters.http import HttpClient, HttpReply, Tls
from adapters.schemas import ContractError, Folder, Schema, schema_of
from signing.errors import SigningError, XmlRefused
from signing.keys import Signer
from signing.trust import Trust
from signing.xml import parse as parse_xml
from signing.xml import serialize as serialize_xml

__all__ = [
    "AdapterError",
    "Ambiguous",
    "Answer",
    "Asks",
    "CheckReport",
    "ContractError",
    "Features",
    "Folder",
    "HttpClient",
    "HttpReply",
    "Inbound",
    "Malformed",
    "Received",
    "Receiver",
    "Refused",
    "Rejected",
    "Reply",
    "Request",
    "Resources",
    "Schema",
    "Sender",
    "Settings",
    "Signer",
    "SigningError",
    "Spec",
    "Throttled",
    "Tls",
    "Trust",
    "Unauthorized",
    "Unavailable",
    "Wire",
    "XmlRefused",
    "parse_xml",
    "schema_of",
    "serialize_xml",
]
