"""The agency's page at ``/``: a person sees the dossiers and approves, asks for a supplement or rejects; where the
agency keeps a register, also corrects what was decided.
"""

from __future__ import annotations

from html import escape
from string import Template
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.core.control import by_hand
from sandbox.core.desk import Record

if TYPE_CHECKING:
    from sandbox.core.agency import Agency

OUTCOMES = {
    "pending": "Đang chờ / Pending",
    "approve": "Đồng ý / Approved",
    "supplement": "Yêu cầu bổ sung / Supplement asked",
    "reject": "Từ chối / Rejected",
}
PAGE = Template("""<!DOCTYPE html>
<html lang="vi"><head><meta charset="utf-8"><title>$title</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color:
#1c2733; } table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .5rem;
vertical-align: top } tr + tr { border-top: 1px solid #d5dce3 } h1 small { display: block; font-size: 1rem;
font-weight: normal } form { display: flex; flex-wrap: wrap; gap: .4rem } input, button { font: inherit;
padding: .2rem .6rem } </style></head><body> <h1>$title <small lang="en">$english – stand-in for
demonstration, all data synthetic</small></h1> <p>Cơ quan mô phỏng: mọi người và số liệu đều là giả định. <a
href="/_control">/_control</a></p> <table><thead><tr><th>Hồ sơ<br><small>Dossier</small></th><th>Nội
dung<br><small>Content</small></th> <th>Nhận lúc<br><small>Received</small></th><th>Số
lần<br><small>Times</small></th> <th>Kết quả<br><small>Outcome</small></th><th>Quyết
định<br><small>Decide</small></th></tr></thead> <tbody>$rows</tbody></table></body></html>
""")
ROW = Template("""<tr><td>$dossier<br><small>$key</small></td><td>$operation<br><small>$subject</small></td>
<td>$received</td><td>$times</td><td>$outcome</td><td><form method="post" action="/">
<input type="hidden" name="key" value="$key"><input name="reason" placeholder="Lý do / Reason" aria-label="Lý
do / Reason"> <button name="outcome" value="approve">Đồng ý</button><button name="outcome"
value="supplement">Bổ sung</button> <button name="outcome" value="reject">Từ chối</button></form>$correct</td></tr>
""")
CORRECT = Template("""<form method="post" action="/"><input type="hidden" name="key" value="$key">
<input name="field" placeholder="Mục / Field" aria-label="Mục / Field"><input name="value" placeholder="Nội dung mới /
New text" aria-label="Nội dung mới / New text"> <button name="outcome" value="correct">Cải chính</button></form>""")


def page_routes(agency: Agency) -> list[BaseRoute]:
    """The routes of the page of one agency."""

    async def page(request: Request) -> Response:
        if request.method == "GET":
            return HTMLResponse(render(agency))
        form = await request.form()
        try:
            _decide(agency, {name: str(value) for name, value in form.items()})
        except (ValueError, KeyError) as error:
            return HTMLResponse(escape(str(error)), 400)
        return RedirectResponse("/", 303)

    return [Route("/", page, methods=["GET", "POST"])]


def _decide(agency: Agency, form: dict[str, str]) -> None:
    """What the form asks for. Raises ValueError or KeyError."""
    if form.get("outcome") == "correct":
        agency.correct(form.get("key", ""), {form.get("field", ""): form.get("value", "")})
    else:
        by_hand(agency, {name: form.get(name, "") for name in ("key", "outcome", "reason")})


def render(agency: Agency) -> str:
    """The page as HTML, newest dossier first."""
    rows = "".join(_row(agency, record) for record in reversed(agency.desk.records()))
    return PAGE.substitute(title=escape(agency.title), english=escape(agency.english), rows=rows)


def _row(agency: Agency, record: Record) -> str:
    verdict = agency.desk.verdict(record.key)
    return ROW.substitute(
        dossier=escape(record.dossier),
        key=escape(record.key),
        operation=escape(record.operation),
        subject=escape(record.title),
        received=record.received.strftime("%d/%m/%Y %H:%M:%S"),
        times=record.times,
        outcome=escape(f"{OUTCOMES[verdict.outcome]} {verdict.reason}"),
        correct=CORRECT.substitute(key=escape(record.key)) if agency.corrects else "",
    )
