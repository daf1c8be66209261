"""The page for people."""

from __future__ import annotations

from typing import Any

from sandbox.core.page import render


async def test_dossiers_are_shown_newest_first(client: Any, office: Any) -> None:
    """With number, subject, count and outcome, in Vietnamese and English."""
    await client.apply("K-1", "Lê Một")
    await client.apply("K-2", "Lê Hai")
    page = render(office)
    assert page.index("Lê Hai") < page.index("Lê Một")
    assert "Đồng ý / Approved" in page


async def test_what_citizens_wrote_is_escaped(client: Any, office: Any) -> None:
    """A name is text, never markup."""
    await client.apply("K-1", "&lt;script&gt;alert(1)&lt;/script&gt;")
    assert "<script>" not in render(office)
    assert "Văn phòng &lt;thử&gt;" in render(office)


async def test_person_decides_on_the_page(client: Any, office: Any) -> None:
    """The form's answer is the verdict, and the page comes back."""
    office.decisions.add({"outcome": "hold"})
    await client.apply()
    form = {"key": "K-1", "outcome": "reject", "reason": "Không đúng thẩm quyền"}
    async with client.session.post(client.url + "/", data=form) as answer:
        assert "Từ chối / Rejected Không đúng thẩm quyền" in await answer.text()
    assert office.desk.verdict("K-1").outcome == "reject"


async def test_wrong_form_is_refused(client: Any) -> None:
    """Unknown dossiers and outcomes."""
    async with client.session.post(client.url + "/", data={"key": "K-9", "outcome": "approve"}) as answer:
        assert answer.status == 400
