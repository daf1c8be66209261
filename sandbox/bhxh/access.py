"""Who may use the gateway: accounts of units, and tokens that are worth nothing in another's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5, sha256
from typing import Any

from sandbox.bhxh.answers import Refusal
from sandbox.core import tokens
from sandbox.core.database import Database
from sandbox.core.tokens import LIFETIME, Tokens

SCHEMA = tokens.SCHEMA + (
    "CREATE TABLE IF NOT EXISTS token_account (token TEXT PRIMARY KEY, user TEXT NOT NULL);"
)


@dataclass(frozen=True, slots=True)
class Account:
    """An account and the unit (maDonVi) that it belongs to."""

    user: str
    password: str
    unit: str

    @property
    def digest(self) -> str:
        """The password as the gateway wants it in a form: MD5 in hexadecimal (observed)."""
        return md5(self.password.encode(), usedforsecurity=False).hexdigest()

    def id_token(self, token: str) -> str:
        """The second token of the pair: it binds the first to account and unit."""
        return sha256(f"{token}/{self.user}/{self.unit}".encode()).hexdigest()


def accounts(options: Mapping[str, Any]) -> list[Account]:
    """The account of ``user``, ``password`` and ``unit``, and those listed under ``accounts``."""
    own = Account(
        str(options.get("user", "lienthong")),
        str(options.get("password", "mat-khau-thu")),
        str(options.get("unit", "DVCLT")),
    )
    return [own, *(Account(**item) for item in options.get("accounts", ()))]


class Access:
    """Logs accounts in and tells in whose name a request comes."""

    def __init__(self, database: Database, issued: Tokens, known: Sequence[Account]) -> None:
        """``issued`` holds the life spans of tokens."""
        self._database, self._tokens = database, issued
        self._accounts = {account.user: account for account in known}

    def log_in(self, given: Mapping[str, str]) -> dict[str, object] | None:
        """A pair of tokens, None for a wrong account; the password may come plain or as its digest."""
        account = self._accounts.get(given.get("username", ""))
        if account is None or given.get("password") not in (account.password, account.digest):
            return None
        token = self._tokens.issue()
        with self._database.transaction() as sql:
            sql.execute("INSERT INTO token_account VALUES (?, ?)", (token, account.user))
        lifetime = int(LIFETIME.total_seconds())
        return {"access_token": token, "id_token": account.id_token(token), "expires_in": lifetime}

    def holder(self, token: str) -> Account:
        """The account to which a token was given. Raises `Refusal` if there is none."""
        row = self._database.row("SELECT user FROM token_account WHERE token = ?", (token,))
        account = self._accounts.get(row["user"]) if row is not None else None
        if account is None or not self._tokens.holds(token):
            raise Refusal("401", "Token không hợp lệ hoặc đã hết hạn")
        return account

    def sender(self, given: Mapping[str, str]) -> Account:
        """Whose form it is: tokens, account and unit must all be of one. Raises `Refusal`."""
        token = given.get("token", "")
        account = self.holder(token)
        if given.get("id_token") != account.id_token(token):
            raise Refusal("401", "Token không hợp lệ hoặc đã hết hạn")
        if given.get("username") != account.user:
            raise Refusal("401", "Token không thuộc tài khoản gửi hồ sơ", "username")
        if given.get("password", "").lower() != account.digest:
            raise Refusal("401", "Sai tài khoản hoặc mật khẩu")
        if given.get("maDonVi") != account.unit:
            raise Refusal("401", "maDonVi không thuộc tài khoản", "maDonVi")
        return account
