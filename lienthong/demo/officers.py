"""People at the agencies, as the sandbox's control API lets anybody play them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

from lienthong.demo.case import Case, Rule
from lienthong.demo.death import Death, Notice
from lienthong.demo.world import Agencies

FACILITY = "01005"
_MAIL, _CIVIL_STATUS, _HEALTH = "thu", "hotich", "yte"


class Officers:
    """Decides, certifies and corrects at the agencies of one sandbox."""

    def __init__(self, agencies: Agencies, session: aiohttp.ClientSession) -> None:
        """``session`` should raise for every answer that is not a success."""
        self._agencies, self._session = agencies, session

    async def instruct(self, rules: Sequence[Rule]) -> None:
        """Tell each agency what to do with which case."""
        for rule in rules:
            await self._post(self._control(rule.agency, f"{rule.kind}s"), rule.rule)

    async def certified(self, case: Case) -> Case:
        """Let a hospital certify the death and hand its notice over; the case with that notice in hand."""
        if case.issued is None:
            return case
        assert isinstance(case.event, Death)
        assert case.event.notice is not None
        given = {"kind": "death", "facility": FACILITY, "tags": dict(case.issued)}
        answer = await self._post(f"{self._agencies.url(_HEALTH)}/cap", given)
        code = str(answer["code"])
        notice = Notice(f"{code[:5]}/GBT", case.event.notice.issued_on, f"Cơ sở {FACILITY}", code=code)
        return dataclasses.replace(case, event=dataclasses.replace(case.event, notice=notice))

    async def rectify(self, code: str, values: Mapping[str, str]) -> None:
        """Correct the registered act of a dossier: path in the record → text."""
        given = {"key": f"{code}:registration:1", "values": dict(values)}
        await self._post(self._control(_CIVIL_STATUS, "correct"), given)

    async def mails(self) -> int:
        """How many mails lie in the citizens' mailboxes."""
        async with self._session.get(self._control(_MAIL, "received")) as answer:
            return len(await answer.json())

    def _control(self, agency: str, what: str) -> str:
        return f"{self._agencies.control_url}/{agency}/_control/{what}"

    async def _post(self, url: str, given: Mapping[str, Any]) -> Any:
        async with self._session.post(url, json=given) as answer:
            return await answer.json()
