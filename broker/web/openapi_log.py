"""The description of the log's resources, beside `broker.web.openapi`: messages for clients with the right, heads,
tiles and proofs for everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from broker.web.openapi import problems, query, refusals
from signing.container.asic import MIMETYPE


def log_route(name: str, filters: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """How a resource of the log is described, as arguments of FastAPI's ``add_api_route``. ``filters``: what messages
    are looked for by, with words for people.
    """
    summary, headers = _LOG[name]
    queries = {name: " / ".join(words) for name, words in filters.items()} if name == "log_messages" else {}
    if name in ("log_messages", "log_verifications"):
        queries |= {
            "limit": "Số dòng / Lines, 50 if absent",
            "after": "Trang tiếp / 'next' of the page before",
        }
    parameters = [query(name, {}, text) for name, text in queries.items()]
    parameters += [{**query(name, {}, _LOG_HEADERS[name]), "in": "header"} for name in headers]
    kind = "application/octet-stream" if name == "log_body" else "application/json"
    schema = {"type": "string", "format": "binary"} if name == "log_body" else {"type": "object"}
    refused = refusals(False) | ({409: problems(409)} if name == "log_body" else {}) | {422: problems(422)}
    return {
        "summary": summary,
        "operation_id": name,
        "responses": {200: {"description": summary, "content": {kind: {"schema": schema}}}, **refused},
        "openapi_extra": {"parameters": parameters},
    }


_LOG: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "log_messages": ("Tìm trong nhật ký / Search the log", ("X-Citizen", "X-Officer", "X-Purpose")),
    "log_message": ("Một thông điệp / A message", ("X-Officer",)),
    "log_verification": ("Kiểm tra một thông điệp / A message, verified now", ("X-Officer",)),
    "log_body": ("Nội dung một thông điệp / What a message said", ("X-Officer", "X-Purpose")),
    "log_verifications": ("Các lần kiểm tra nhật ký / Verifications of the whole log", ("X-Officer",)),
}
"""Endpoint of the log → summary, header fields."""
_LOG_HEADERS: Mapping[str, str] = {
    "X-Citizen": "Số định danh của công dân / Personal number of a citizen",
    "X-Officer": "Cán bộ / Officer; needed for bodies",
    "X-Purpose": "Mục đích / Purpose; needed for bodies",
}


def tree_route(name: str) -> dict[str, Any]:
    """How a head, tile or proof of the log is described, as arguments of FastAPI's ``add_api_route``."""
    summary, kinds, queries, public = _TREE[name]
    whole = {"pattern": "^(0|[1-9][0-9]{0,17})$"}
    content = {kind: {"schema": _TREE_KINDS[kind]} for kind in kinds}
    described: dict[str, Any] = {
        "parameters": [{**query(name, whole, text), "required": must} for name, text, must in queries]
    }
    if public:
        described["security"] = []
    statuses = (401, 403, 404, 429, 503) if not public else (404, 429, 503)
    return {
        "summary": summary,
        "operation_id": name,
        "responses": {
            200: {"description": summary, "content": content},
            **{status: problems(status) for status in (*statuses, *((422,) if queries else ()))},
        },
        "openapi_extra": described,
    }


_TREE_KINDS: Mapping[str, Any] = {
    "text/plain": {"type": "string"},
    "application/json": {"type": "object"},
    "application/octet-stream": {"type": "string", "format": "binary"},
}
_Queries: TypeAlias = tuple[tuple[str, str, bool], ...]
_INDEX = ("index", "Vị trí trong nhật ký / Position in the log", True)
_SIZE = ("size", "Kích thước nhật ký / Size of the log; the best signed head if absent", False)
_OLD = ("old", "Kích thước cũ / The older size", True)
_NEW = ("new", "Kích thước mới / The newer size; all entries if absent", False)
_TREE: Mapping[str, tuple[str, tuple[str, ...], _Queries, bool]] = {
    "log_checkpoint": ("Điểm kiểm tra mới nhất / The newest signed head", ("text/plain",), (), True),
    "log_tile": ("Mảnh cây băm / Hashes of a tile", ("application/octet-stream",), (), True),
    "log_tile_entries": (
        "Các mục của một mảnh / Entries of a tile",
        ("application/octet-stream",),
        (),
        False,
    ),
    "log_inclusion": (
        "Bằng chứng một mục nằm trong nhật ký / That an entry is in the log",
        ("application/json", "text/plain"),
        (_INDEX, _SIZE),
        True,
    ),
    "log_consistency": (
        "Bằng chứng nhật ký chỉ được nối thêm / That the log was only appended to",
        ("application/json",),
        (_OLD, _NEW),
        True,
    ),
}
"""Endpoint of the tree → summary, media types, parameters, whether anybody may ask."""


def evidence_route(name: str) -> dict[str, Any]:
    """How a resource of evidence is described, as arguments of FastAPI's ``add_api_route``."""
    summary = _EVIDENCE[name]
    bodies = "Kèm nội dung thông điệp / With what messages say"
    parameters = [query("bodies", {"pattern": "^(true|false)$"}, bodies)]
    for header in ("X-Officer", "X-Purpose"):
        parameters.append({**query(header, {}, _LOG_HEADERS[header]), "in": "header", "required": True})
    file = {MIMETYPE: {"schema": {"type": "string", "format": "binary"}}}
    refused = {status: problems(status) for status in (401, 403, 404, 409, 422, 429, 503)}
    return {
        "summary": summary,
        "operation_id": name,
        "responses": {200: {"description": summary, "content": file}, **refused},
        "openapi_extra": {"parameters": parameters},
    }


_EVIDENCE: Mapping[str, str] = {
    "evidence_message": "Chứng cứ về một thông điệp / Evidence about a message",
    "evidence_exchange": "Chứng cứ về một lượt trao đổi / Evidence about an exchange",
    "evidence_dossier": "Chứng cứ về một hồ sơ / Evidence about a dossier",
}
"""Endpoint of evidence → summary."""
