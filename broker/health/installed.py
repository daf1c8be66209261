"""Installed files against the hashes of their distribution's RECORD (PyPA "Recording installed projects").

``adapters``, ``broker`` and ``signing`` are names that other distributions use too: whoever is installed last wins,
and nothing else would notice.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from importlib import metadata

from broker.mapping.errors import Finding

_REMEDY = "Install the hub again, in an environment of its own."


def check_installed(name: str = "lienthong") -> Iterator[Finding]:
    """Findings for files that are not what the distribution ``name`` installed."""
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        remedy = "Install it, so that plug-ins and the files of others can be told apart."
        yield Finding(name, 1, "-", "runs from a folder and is not installed", remedy, "warning")
        return
    if editable(distribution):
        return
    for file in distribution.files or ():
        if file.hash is None:
            continue
        try:
            data = file.locate().read_bytes()  # type: ignore[attr-defined]  # a Path, typed as less
        except OSError:
            yield Finding(str(file), 1, "-", "was installed and is not there", _REMEDY)
            continue
        digest = base64.urlsafe_b64encode(hashlib.new(file.hash.mode, data).digest()).rstrip(b"=").decode()
        if digest != file.hash.value:
            yield Finding(str(file), 1, "-", f"is not the file that {name} installed", _REMEDY)


def editable(distribution: metadata.Distribution) -> bool:
    """True for a source tree that is installed in place: its files are meant to change (PEP 610)."""
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    return bool(origin.get("dir_info", {}).get("editable"))
