"""A time-stamping authority over HTTP (RFC 3161 §3.4).

It carries bytes and understands none of them: what the answer is worth is decided by `signing.stamps.timestamp`.
Asking twice does no harm, so a failure is never ambiguous.
"""

from __future__ import annotations

from adapters.errors import Malformed
from adapters.http import HttpClient
from signing.stamps.cms import LIMIT
from signing.stamps.timestamp import QUERY_TYPE, REPLY_TYPE


async def ask(http: HttpClient, url: str, query: bytes, *, timeout_seconds: float) -> bytes:
    """The answer (TimeStampResp, DER) of the authority at ``url`` to ``query`` (TimeStampReq, DER).

    Raises AdapterError if there is none within ``timeout_seconds``, or it is not a time-stamping authority's.
    """
    reply = await http.request(
        "POST",
        url,
        body=query,
        headers={"Content-Type": QUERY_TYPE, "Accept": REPLY_TYPE},
        timeout_seconds=timeout_seconds,
        limit=LIMIT,
        safe=True,
    )
    http.checked(reply, url, safe=True)
    found = reply.headers.get("content-type", "").split(";")[0].strip().lower()
    if found != REPLY_TYPE:
        raise Malformed(
            f"the authority answers with {found or 'nothing'} instead of {REPLY_TYPE}", raw=reply.body
        )
    return reply.body
