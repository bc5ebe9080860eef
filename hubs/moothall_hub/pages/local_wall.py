"""The part of a hub's wall that the centre's walls do not have: the room's own questions. The coordinator can clear the
wall, offline too.

A wall is the server's own page (`moothall.adapters.displays.display_door`), with values from here: its sessions look as
if they had been cleared when this wall was, and the room's questions are shown beside those of the meeting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.displays.asked_now import AskedNow
from moothall.adapters.displays.display_door import AskedNowOf
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, SessionRequest, SnapshotOf, asked, language
from moothall.adapters.pages.templates import Pages
from moothall.core.kernel.errors import NO_MEETING
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.kernel.languages import direction
from moothall.core.ports import Clock
from moothall.core.questions.polls import shown_polls
from moothall.core.sessions.state import State
from moothall.core.views.captions import Snapshot
from moothall_hub.pages import desk_texts
from moothall_hub.room import local_questions
from moothall_hub.room.ports import Meetings
from moothall_hub.room.questions import RoomQuestions

MOST_SHOWN = 4
"""The most questions of the room that are shown at a time, the newest."""


@dataclass(eq=False, repr=False)
class LocalWall:
    """The additions of a hub to the server's wall. Three methods are arguments of `DisplayDoor`: `snapshot_of`,
    `questions` and `local_questions`.
    """

    pages: Pages
    local: RoomQuestions
    _: KW_ONLY
    meetings: Meetings
    clock: Clock
    snapshot_for_all: SnapshotOf
    """The snapshots of readers' pages, without this wall's clearing; as `questions_for_all` gives their questions."""
    questions_for_all: AskedNowOf

    def __post_init__(self) -> None:
        self._asked_at: int | None = None

    @property
    def asked_ago(self) -> int | None:
        """Milliseconds since a wall last asked what to show; None: never."""
        return None if self._asked_at is None else self.clock.monotonic() - self._asked_at

    def routes(self) -> list[web.RouteDef]:
        """The route, for `app.add_routes`."""
        return [web.get("/s/{session}/wall", self.part)]

    async def part(self, request: web.Request) -> web.Response:
        """Answer with the part beside the meeting's text, as JSON: `{"cleared": Unix ms or null, "html": "…"}`."""
        ui = language(self.pages, request)
        try:
            wanted = await asked(request, self.snapshot_for_all)
        except HttpProblem:
            return web.json_response({"error": NO_MEETING.message}, status=404)
        made = self.pages.render("hub/_hub_wall.html", ui=ui, local=await self.local_questions(wanted, ui))
        local = self.local.of(wanted.session)
        answer = {"cleared": local.cleared, "html": made}
        return web.json_response(answer, headers={hdrs.CACHE_CONTROL: "no-store"})

    async def snapshot_of(self, session: SessionId, feed: Feed) -> Snapshot | None:
        """A session's snapshot for this wall, without what was said before the wall was cleared."""
        snapshot = await self.snapshot_for_all(session, feed)
        if snapshot is None:
            return None
        here = await self._cleared(session)
        there = snapshot.session.wall_cleared
        if here is None or (there is not None and there >= here):
            return snapshot
        replace = msgspec.structs.replace
        return replace(snapshot, session=replace(snapshot.session, wall_cleared=here))

    async def questions(self, wanted: SessionRequest, ui: Catalogue) -> AskedNow:
        """The meeting's questions for this wall; none that were there already when it was cleared."""
        found = await self.questions_for_all(wanted, ui)
        here, state = await self._cleared(wanted.session), await self.meetings.state(wanted.session)
        if here is None or state is None or _since(state) >= here:
            return found
        return AskedNow()

    async def local_questions(self, wanted: SessionRequest, ui: Catalogue) -> Mapping[str, object]:
        """The values of the room's own questions, for `screen.html`."""
        self._asked_at = self.clock.monotonic()
        local = self.local.of(wanted.session)
        shown = local_questions.on_wall(local)[-MOST_SHOWN:]
        return {
            "ask": f"/s/{wanted.session}/wall?ui={ui.language}",
            "cleared": local.cleared or 0,
            "begins": await self._cleared(wanted.session),
            "questions": [
                {
                    "heading": ui.text(desk_texts.HERE, n=each.number),
                    "name": each.name,
                    "text": each.text,
                    "language": each.language,
                    "direction": direction(each.language),
                }
                for each in reversed(shown)
            ],
        }

    async def _cleared(self, session: SessionId) -> int | None:
        """When this wall was last cleared, in media ms; None: never."""
        at = self.local.of(session).cleared
        state = None if at is None else await self.meetings.state(session)
        if at is None or state is None:
            return None
        return max(0, state.clock.t + at - state.clock.wall)


def _since(state: State) -> int:
    """When the question or poll that walls show last changed, in media ms; -1: there was none."""
    called = None if state.questions.called is None else state.questions.get(state.questions.called)
    begun = [each.t for each in shown_polls(state.questions.polls)]
    return max([*begun, *([] if called is None else [called.since])], default=-1)
