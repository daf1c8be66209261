"""What a verification starts from: certificates and keys that the reader got in another way than the evidence.

A folder holds ``*.pem`` (who may seal evidence: authorities, or the hub's own certificate), ``tsa/*.pem`` (authorities
of time-stamps), ``partners/*.pem`` (who else may sign the messages inside) and ``*.vkey`` (a key a line: of the log and
of witnesses, C2SP signed-note).
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from cryptography import x509

from signing.errors import KeyProblem
from signing.keys import read_certificates
from signing.log.cosignature import CosignatureVerifier
from signing.log.note import NoteVerifier


@dataclasses.dataclass(frozen=True, slots=True)
class Anchors:
    """Whom the reader believes; whatever is empty leaves the part it would anchor unproven."""

    certificates: tuple[x509.Certificate, ...] = ()
    authorities: tuple[x509.Certificate, ...] = ()
    logs: tuple[NoteVerifier, ...] = ()
    witnesses: tuple[CosignatureVerifier, ...] = ()
    partners: tuple[x509.Certificate, ...] = ()

    @classmethod
    def from_folder(cls, folder: Path) -> Anchors:
        """Read a folder. Raises KeyProblem with the file that cannot be read."""
        if not folder.is_dir():
            raise KeyProblem(f"{folder} is not a folder of anchors")
        keys = [vkeys(_text(file)) for file in sorted(folder.glob("*.vkey"))]
        return cls(
            _certificates(folder),
            _certificates(folder / "tsa"),
            tuple(log for logs, _ in keys for log in logs),
            tuple(witness for _, witnesses in keys for witness in witnesses),
            _certificates(folder / "partners"),
        )


def vkeys(text: str) -> tuple[list[NoteVerifier], list[CosignatureVerifier]]:
    """Keys of logs and of witnesses from lines of text. Raises KeyProblem for a line that is neither."""
    logs: list[NoteVerifier] = []
    witnesses: list[CosignatureVerifier] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        try:
            logs.append(NoteVerifier.from_vkey(line))
        except KeyProblem:
            witnesses.append(CosignatureVerifier.from_vkey(line))
    return logs, witnesses


def _certificates(folder: Path) -> tuple[x509.Certificate, ...]:
    return tuple(one for file in sorted(folder.glob("*.pem")) for one in read_certificates(file))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyProblem(f"{file} cannot be read: {error}") from error
