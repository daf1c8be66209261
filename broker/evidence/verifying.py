"""Verifies a file of evidence before it counts, in a process of its own: so as others will, and beside the traffic."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from signing.verifier.anchors import Anchors


class Verifying:
    """Runs the verifier (`signing.audit`)."""

    def __init__(self, anchors: Callable[[], Anchors]) -> None:
        """``anchors``: whom our own files must be signed by."""
        self._anchors = anchors

    async def errors(self, path: Path) -> list[str]:
        """What is wrong with a file, in words; empty if it verifies. What is merely unproven is not wrong."""
        with tempfile.TemporaryDirectory() as folder:
            write_anchors(self._anchors(), Path(folder))
            report, said, code = await _run(path, Path(folder))
        if report is None:
            return [f"the verifier ended with code {code}: {said[-300:]}"]
        findings = [one for file in report["files"] for one in file["findings"]] + report["across"]
        return [f"{one['place']}: {one['text']}" for one in findings if one["severity"] == "error"]


def write_anchors(anchors: Anchors, folder: Path) -> None:
    """Write anchors as the verifier reads them (`Anchors.from_folder`)."""
    kinds = {
        "signers": anchors.certificates,
        "tsa/authorities": anchors.authorities,
        "partners/partners": anchors.partners,
    }
    for name, certificates in kinds.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pem = b"".join(one.public_bytes(Encoding.PEM) for one in certificates)
        if pem:
            (folder / f"{name}.pem").write_bytes(pem)
    keys = [key.vkey for key in (*anchors.logs, *anchors.witnesses)]
    (folder / "log.vkey").write_text("".join(f"{key}\n" for key in keys), encoding="utf-8")


async def _run(path: Path, folder: Path) -> tuple[Any, str, int | None]:
    """The report as JSON, else None with what the verifier said instead."""
    out = folder / "report.json"
    arguments = [str(path), "--trust", str(folder), "--format", "json", "--out", str(out)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "signing.audit", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    text = said.decode("utf-8", "replace").strip()
    return (json.loads(out.read_bytes()) if out.exists() else None), text, process.returncode
