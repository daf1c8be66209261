"""Hand in a birth declaration over REST and follow it to its end, with nothing but Python's standard library.

    python examples/submit.py examples/birth.json

Everything it needs to know of the hub is an address, a key and the schema of the documents.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

WEEK = 7 * 86_400
ENDED = {"completed", "partially-completed", "rejected", "refused", "withdrawn"}


def main() -> int:
    """Run the example. The exit code: 0 if every result is there."""
    options = arguments()
    declaration = json.loads(options.file.read_text(encoding="utf-8"))
    declaration["MessageId"] = uuid.uuid4().hex
    # A child born a week ago, whenever this is run.
    born = time.strftime("%Y-%m-%d", time.localtime(time.time() - WEEK))  # noqa: TID251 - a client of its own
    declaration["BirthDeclaration"]["Child"]["BirthDate"] = born
    answer = call(options, "POST", "/api/v1/dossiers", declaration)
    code = answer["DossierCode"]
    say(f"dossier {code}")
    told: dict[str, str] = {}
    while True:
        status = call(options, "GET", f"/api/v1/dossiers/{code}")
        for step in status.get("Step", []):
            if told.get(step["Id"]) != step["State"]:
                told[step["Id"]] = step["State"]
                say(f"{step['Id']:14} {step['State']}")
        if status["State"] in ENDED:
            say(f"{status['State']} {status.get('Reason', '')}".rstrip())
            return int(status["State"] != "completed")
        time.sleep(1)


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description="Hand in a birth declaration and follow it.")
    parser.add_argument("file", type=Path, help="SubmitRequest as JSON")
    parser.add_argument("--hub", default="http://127.0.0.1:8400", help="address of the hub")
    parser.add_argument(
        "--key", type=Path, default=Path("var/secrets/portal-key"), help="file that holds the API key"
    )
    return parser.parse_args()


def call(options: argparse.Namespace, method: str, path: str, document: Any = None) -> Any:
    """One request; ends the program with the hub's own explanation if it is refused."""
    headers = {"X-Api-Key": options.key.read_text(encoding="utf-8").strip(), "Accept": "application/json"}
    body = None
    if document is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(document).encode()
    request = urllib.request.Request(options.hub + path, body, headers, method=method)  # noqa: S310 - http only
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(error.read().decode())


def say(line: str) -> None:
    """Tell the reader at once, also through a pipe."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
