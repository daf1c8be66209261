"""The API's description as one page without scripts or foreign files: a hub may stand in a closed network."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import Any

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}"
    "code,pre{font:14px/1.4 ui-monospace,monospace}pre{background:#f4f4f4;padding:1rem;overflow:auto}"
    "h2{border-top:1px solid #ccc;padding-top:1rem}table{border-collapse:collapse}td{padding:.2rem 1rem "
    ".2rem 0}"
)


def page(description: dict[str, Any]) -> bytes:
    """The page for an OpenAPI description."""
    parts = [
        '<!doctype html><html lang="vi"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width"><title>Liên Thông API</title>',
        f"<style>{_STYLE}</style></head><body><h1>Liên Thông API</h1>",
        f"<p>{html.escape(description['info']['summary'])}</p>",
        '<p>OpenAPI 3.1: <a href="/api/openapi.json">/api/openapi.json</a>. ',
        'SOAP 1.1, 1.2: <a href="/soap/intake?wsdl">/soap/intake?wsdl</a>.</p>',
        *(part for path, methods in description["paths"].items() for part in _path(path, methods)),
        "</body></html>",
    ]
    return "".join(parts).encode()


def _path(path: str, methods: dict[str, Any]) -> Iterator[str]:
    for method, operation in methods.items():
        yield f"<h2><code>{method.upper()} {html.escape(path)}</code></h2>"
        yield f"<p>{html.escape(operation.get('summary', ''))}</p><table>"
        for status, answer in operation["responses"].items():
            yield f"<tr><td><code>{status}</code></td><td>{html.escape(answer.get('description', ''))}</td></tr>"
        yield "</table>"
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            if "example" in content:
                yield f"<details><summary><code>{kind}</code></summary>{_example(content['example'])}</details>"


def _example(example: Any) -> str:
    text = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False, indent=2)
    return f"<pre>{html.escape(text)}</pre>"
