"""The description of the REST face, OpenAPI 3.1: its schemas are made from the XSD, its examples are checked
by tests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from broker.canonical.document import DECLARATIONS
from broker.canonical.jsonform import JsonForm
from broker.canonical.jsonschema import json_schemas
from broker.canonical.plan import Element
from broker.web import examples

ROOTS = (
    "SubmitRequest",
    "SubmitResponse",
    "StatusResponse",
    "SupplementRequest",
    "SupplementResponse",
    "WithdrawRequest",
    "WithdrawResponse",
    "ConsentRequest",
    "ConsentResponse",
    "ResumeRequest",
    "ResumeResponse",
    "HandoverRequest",
    "HandoverResponse",
    "ReportRequest",
    "ReportResponse",
    "ProceduresResponse",
    "UnitsResponse",
    "ReviewResponse",
    "Draft",
    "Drafts",
    "DraftPrefill",
    "DraftSubmission",
    "ReceiptResponse",
    "Problems",
)
"""Documents that travel over REST."""

_OPERATIONS: Mapping[str, tuple[str, str | None, str]] = {
    "submit": ("Nộp tờ khai / Hand in a declaration", "SubmitRequest", "SubmitResponse"),
    "status": ("Tình trạng hồ sơ / How a dossier stands", None, "StatusResponse"),
    "supplement": ("Bổ sung hồ sơ / Supplement a dossier", "SupplementRequest", "SupplementResponse"),
    "withdraw": ("Rút hồ sơ / Withdraw a dossier", "WithdrawRequest", "WithdrawResponse"),
    "consent": ("Ý kiến của thân nhân / A relative's consent", "ConsentRequest", "ConsentResponse"),
    "resume": ("Chọn thêm thủ tục / Ask for further procedures", "ResumeRequest", "ResumeResponse"),
    "handover": ("Đã nhận kết quả / A result was received", "HandoverRequest", "HandoverResponse"),
    "report": ("Cơ quan báo trạng thái / An agency reports", "ReportRequest", "ReportResponse"),
}
"""Endpoint → summary, document in the request, document in the answer."""

_ATTACHMENT = {
    "type": "object",
    "properties": {
        "SHA256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "Size": {"type": "integer", "minimum": 1},
        "MediaType": {"type": "string"},
    },
    "required": ["SHA256", "Size", "MediaType"],
}
_FILES = {
    kind: {"schema": {"type": "string", "format": "binary"}}
    for kind in ("application/pdf", "image/jpeg", "image/png")
}
_CITIZENS = frozenset({"status", "supplement", "withdraw", "consent", "resume"})
"""Operations that a citizen who signed in may ask for, of their own dossiers."""
REFUSALS: Mapping[int, str] = {
    401: "Thiếu hoặc sai khóa truy cập / No or wrong key",
    403: "Không có quyền / Not allowed",
    404: "Không tìm thấy / Not found",
    406: "Không trả lời được dạng này / No such form of answer",
    409: "Mã thông điệp đã dùng cho nội dung khác / The message id was used for other content",
    412: "Đã thay đổi ở nơi khác / Changed meanwhile",
    413: "Quá lớn / Too large",
    415: "Định dạng không hỗ trợ / Unsupported media type",
    422: "Dữ liệu chưa đúng, từng mục một / What is wrong, field by field",
    428: "Thiếu If-Match / If-Match is missing",
    429: "Quá nhiều yêu cầu / Too many requests",
    503: "Tạm thời chưa tiếp nhận được / Not at the moment",
}
"""Status of a refusal → what it means."""


def route(name: str) -> dict[str, Any]:
    """How the endpoint called ``name`` is described, as arguments of FastAPI's ``add_api_route``."""
    if name in ("put_attachment", "attachment"):
        return _file_route(name)
    summary, request, response = _OPERATIONS[name]
    extra: dict[str, Any] = {}
    if request is not None:
        extra["requestBody"] = {"required": True, "content": _content(request)}
    if name in _CITIZENS:
        extra["security"] = [{"key": []}, {"session": []}]
    done = {200: "Đã nhận trước đây: câu trả lời đầu tiên / Taken in before: the first answer"}
    taken = {202: "Đã tiếp nhận / Taken in", **done} if request is not None else {200: summary}
    answers = {status: {"description": text, "content": _content(response)} for status, text in taken.items()}
    return {
        "summary": summary,
        "operation_id": name,
        "status_code": 202 if request is not None else 200,
        "responses": {**answers, **refusals(request is not None)},
        "openapi_extra": extra,
    }


def statistics_route(keys: Sequence[str]) -> dict[str, Any]:
    """How the statistics are described, as arguments of FastAPI's ``add_api_route``. ``keys``: what is counted by."""
    summary = "Thống kê / Statistics"
    parameters = [
        query("by", {"pattern": f"^({'|'.join(keys)})$"}, "Đơn vị thống kê / What is counted by"),
        query("from", {"format": "date"}, "Từ ngày / First day; today if absent"),
        query("to", {"format": "date"}, "Đến ngày / Last day; today if absent"),
    ]
    figures = {"application/json": {"schema": {"type": "object"}}}
    return {
        "summary": summary,
        "operation_id": "statistics",
        "responses": {200: {"description": summary, "content": figures}, **refusals(False)},
        "openapi_extra": {"parameters": parameters},
    }


def declaring_route(name: str) -> dict[str, Any]:
    """How an endpoint of declaring is described, as arguments of FastAPI's ``add_api_route``."""
    summary, body, answer, status = _DECLARING[name]
    content = {} if answer is None else {"content": _PDF if answer == "pdf" else _content(answer)}
    answers: dict[int | str, dict[str, Any]] = {status: {"description": summary, **content}}
    if name == "submit_draft":
        answers[200] = {"description": "Đã nộp trước đây / Submitted before", **content}
    for more in _OF_VERSIONS if name == "save_draft" else ():
        answers[more] = {"description": REFUSALS[more], "content": _content("Problems")}
    taken = {"content": _declaration() if body == "declaration" else _content(body)} if body else None
    return {
        "summary": summary,
        "operation_id": name,
        "status_code": status,
        "responses": {**answers, **refusals(body is not None)},
        "openapi_extra": {
            **({"requestBody": {"required": body == "declaration", **taken}} if taken else {}),
            **({"parameters": _PARAMETERS[name]} if name in _PARAMETERS else {}),
            "security": [{"key": []}, {"session": []}],
        },
    }


_DECLARING: Mapping[str, tuple[str, str | None, str | None, int]] = {
    "procedures": ("Thủ tục và các bước / Procedures and their steps", None, "ProceduresResponse", 200),
    "units": ("Tỉnh, xã theo ngày / Provinces and communes of a day", None, "UnitsResponse", 200),
    "review": ("Xem lại tờ khai / Review a declaration", "declaration", "ReviewResponse", 200),
    "drafts": ("Các bản nháp / Drafts", None, "Drafts", 200),
    "create_draft": ("Lưu bản nháp mới / Keep a new draft", "declaration", "Draft", 201),
    "draft": ("Một bản nháp / A draft", None, "Draft", 200),
    "save_draft": ("Sửa bản nháp / Change a draft", "declaration", "Draft", 200),
    "remove_draft": ("Xóa bản nháp / Forget a draft", None, None, 204),
    "review_draft": ("Xem lại bản nháp / Review a draft", None, "ReviewResponse", 200),
    "prefill_draft": ("Điền từ CSDL dân cư / Fill in from the register", "DraftPrefill", "Draft", 200),
    "submit_draft": ("Nộp bản nháp / Submit a draft", "DraftSubmission", "ReceiptResponse", 201),
    "receipt_paper": ("Giấy tiếp nhận để in / Receipt on paper", None, "pdf", 200),
    "draft_form": ("Tờ khai của bản nháp để in / A form of a draft on paper", None, "pdf", 200),
    "dossier_form": ("Tờ khai của hồ sơ để in / A form of a dossier on paper", None, "pdf", 200),
    "receipt": ("Giấy tiếp nhận / Receipt", None, "ReceiptResponse", 200),
}
"""Endpoint of declaring → summary, document in the request, document in the answer, status."""

_PDF = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
_OF_VERSIONS = (412, 428)


def session_route(name: str) -> dict[str, Any]:
    """How an endpoint of sign-in is described, as arguments of FastAPI's ``add_api_route``."""
    summary, status = _SESSION[name]
    return {
        "summary": summary,
        "operation_id": name,
        "status_code": status,
        "responses": {
            status: {"description": summary},
            **{
                refusal: {"description": REFUSALS[refusal], "content": _content("Problems")}
                for refusal in (403, 503)
            },
        },
        "openapi_extra": {"security": []},
    }


_SESSION: Mapping[str, tuple[str, int]] = {
    "sign_in": ("Đăng nhập bằng định danh điện tử / Sign in with the e-identity", 303),
    "signed_in": ("Quay lại từ nơi định danh / Back from the identity provider", 200),
    "session": ("Ai đang đăng nhập / Whose session it is", 200),
    "sign_out": ("Đăng xuất / Sign out", 204),
}


def query(name: str, form: dict[str, str], text: str) -> dict[str, Any]:
    """An optional parameter of the query."""
    return {
        "name": name,
        "in": "query",
        "required": False,
        "schema": {"type": "string", **form},
        "description": text,
    }


_ON = query("on", {"format": "date"}, "Ngày tiếp nhận, mặc định hôm nay / Day of receipt, today if absent")
_PARAMETERS: Mapping[str, list[dict[str, Any]]] = {
    "procedures": [_ON],
    "units": [
        _ON,
        query("province", {"pattern": "^[0-9]{2}$"}, "Mã tỉnh / Province whose communes are asked for"),
    ],
    "save_draft": [
        {
            "name": "If-Match",
            "in": "header",
            "required": True,
            "schema": {"type": "string"},
            "description": "Phiên bản đang sửa (ETag) / Version that is changed",
        }
    ],
}


def _declaration() -> dict[str, Any]:
    """A declaration, which in a draft or a review may be incomplete."""
    members = [
        {
            "type": "object",
            "required": [name],
            "properties": {name: {"type": "object"}},
            "additionalProperties": False,
        }
        for name in DECLARATIONS
    ]
    shown = ", ".join(DECLARATIONS)
    return {
        "application/json": {"schema": {"oneOf": members}},
        "application/xml": {
            "schema": {"type": "string", "description": f"{shown}; có thể chưa đủ / may be incomplete"}
        },
    }


def _file_route(name: str) -> dict[str, Any]:
    put = name == "put_attachment"
    answer = {"content": {"application/json": {"schema": _ATTACHMENT}}}
    statuses = {201: "Đã lưu tệp / Kept", 200: "Tệp đã có / Known before"} if put else {200: "Tệp / The file"}
    return {
        "summary": "Gửi tệp đính kèm / Hand over a file"
        if put
        else "Thông tin tệp / What is known of a file",
        "operation_id": name,
        "status_code": 201 if put else 200,
        "responses": {
            **{status: {"description": text, **answer} for status, text in statuses.items()},
            **refusals(put),
        },
        "openapi_extra": {"requestBody": {"required": True, "content": _FILES}} if put else {},
    }


def _content(root: str) -> dict[str, Any]:
    return {
        "application/json": {"schema": {"$ref": f"#/components/schemas/{root}"}},
        "application/xml": {
            "schema": {"type": "string", "description": f"{root}, xsd/lienthong/1.0/intake.xsd"}
        },
    }


def refusals(with_body: bool) -> dict[int | str, dict[str, Any]]:
    """Every refusal that a request may meet, those about its body only if it has one."""
    return {
        status: problems(status)
        for status in REFUSALS
        if status not in _OF_VERSIONS and (with_body or status not in (409, 413, 415, 422))
    }


def problems(status: int) -> dict[str, Any]:
    """A refusal of that status: a Problems document."""
    return {"description": REFUSALS[status], "content": _content("Problems")}


def describe(app: FastAPI, elements: Mapping[str, Element], server: str) -> dict[str, Any]:
    """The whole description, to be served as JSON."""
    found = get_openapi(
        title="Liên Thông",
        version="1.0",
        openapi_version="3.1.0",
        summary="Trục liên thông thủ tục hành chính / Data-exchange hub for linked public services",
        routes=app.routes,
        servers=[{"url": server}],
    )
    components = found.setdefault("components", {})
    components["schemas"] = json_schemas(elements, ROOTS)
    components["securitySchemes"] = {
        "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
        "session": {"type": "http", "scheme": "bearer"},
    }
    found["security"] = [{"key": []}]
    form = JsonForm(elements)
    for operations in found["paths"].values():
        for operation in operations.values():
            if operation["responses"].get("422", {}).get("description") == "Validation Error":
                del operation["responses"]["422"]  # FastAPI's own; ours are Problems
            _illustrate(operation, form)
    return found


def _illustrate(operation: dict[str, Any], form: JsonForm) -> None:
    """Put the example, if there is one, beside the request's schema in both forms."""
    content = operation.get("requestBody", {}).get("content", {})
    root = content.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
    if root in examples.DOCUMENTS:
        document = examples.DOCUMENTS[root]
        content["application/json"]["example"] = json.loads(form.to_json(document.encode()))
        content["application/xml"]["example"] = document
