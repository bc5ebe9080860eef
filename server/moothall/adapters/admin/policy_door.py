"""The policy questions of a meeting, listed on its page of `/admin`, one a line."""

from __future__ import annotations

from aiohttp import web

from moothall.adapters.admin.pages_door import runs_the_house
from moothall.adapters.admin.request import StaffPages, Wrong, wrong
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.pages.visitor_request import see_other
from moothall.core.commands import ListPolicyQuestions
from moothall.core.kernel.errors import RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.rules.staff import MAX_QUESTION, MOST_QUESTIONS, listed
from moothall.services.programme.programme import Programme

MAX_TEXT = MOST_QUESTIONS * (MAX_QUESTION + 10)
"""Characters of the form's field that are looked at."""


class PolicyDoor:
    """Handler of `/admin/meetings/{session}/questions`."""

    def __init__(self, *, pages: StaffPages, programme: Programme) -> None:
        self._pages = pages
        self._programme = programme

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.post("/admin/meetings/{session}/questions", self.list)]

    async def list(self, request: web.Request) -> web.Response:
        """Replace the list; questions that stay on it keep their marks."""
        try:
            asked = self._pages.asked(request, runs_the_house)
            given = await self._pages.form(request, asked)
            session = SessionId(request.match_info["session"])
            await self._change(session, given.get("questions", ""), asked.staff[0].link)
        except Wrong as error:
            return self._pages.refuse(request, error)
        except StorageUnavailable:
            return self._pages.refuse(request, Wrong(503, AdminText.BUSY))
        return see_other(asked.to(f"/admin/meetings/{session}"))

    async def _change(self, session: SessionId, text: str, by: str) -> None:
        live = await self._programme.live(session) if is_name(session) else None
        if live is None:
            raise Wrong(404, AdminText.GONE)
        before = live.state.backstage.questions
        wanted = listed(text[:MAX_TEXT].splitlines(), before)
        if wanted == before:
            return
        refused = await self._programme.send(session, ListPolicyQuestions(questions=wanted), by=by)
        if refused is not None and refused.code is RefusalCode.INVALID:
            raise Wrong(400, AdminText.POLICY)
        if refused is not None:
            raise wrong(refused)
