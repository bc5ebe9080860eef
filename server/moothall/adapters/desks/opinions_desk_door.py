"""`/moderate/{session}/opinions`: whoever leads the questions switches votes on comments on and off, and chooses the
comments. It needs no script.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from urllib.parse import quote

from aiohttp import web

from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, staff_page, wrong
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.http.form_guard import FIELD
from moothall.adapters.pages.staff_frame import Tab, facts_of, meeting_frame
from moothall.adapters.pages.visitor_request import see_other
from moothall.adapters.questions.opinion_rows import result
from moothall.core.commands import PutToVote, SwitchVoting
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.errors import RecordBroken, Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId, is_name
from moothall.core.kernel.languages import direction
from moothall.core.opinions.voting_rules import MOST_PUT, may_be_put
from moothall.core.questions.disclosure import FEWEST
from moothall.core.rules.authority import COMMANDS
from moothall.core.rules.fitting import fits
from moothall.core.sessions.state import Status
from moothall.services.questions.opinions import Opinions
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.sessions.staff import MayAct, Staff

BOX = "comment"
"""The fields of the comments that are put to the vote."""


def leads(staff: Staff) -> bool:
    """Whether a link may switch votes on comments."""
    return SwitchVoting in COMMANDS[staff.role]


@dataclass(eq=False, repr=False)
class OpinionsDeskDoor:
    """Handlers of the page."""

    pages: StaffPages
    opinions: Opinions
    sessions: Sessions
    _: KW_ONLY
    may_act: MayAct
    room_title: Callable[[SessionId], str]

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/moderate/{session}/opinions", self.show),
            web.post("/moderate/{session}/opinions", self.change),
        ]

    @staff_page(lambda staff, _: leads(staff))
    async def show(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Whether there are votes, and the comments that may be put to the vote."""
        staff, live = await self._live(request, asked)
        state, ui = live.state, asked.ui
        voting = state.questions.voting
        return self.pages.show(
            "moderation/voting.html",
            asked,
            frame=meeting_frame(
                facts_of(state, self.room_title(live.id)),
                [each for each in asked.links if self.may_act(each, live.id)],
                ui,
                self.pages.pages.zone(),
                here=Tab.QUESTIONS,
                asked=asked.place,
            ),
            title=state.title.strip() or ui.text("Meeting without a title"),
            language=next(iter(state.languages), ""),
            job=ui.named(f"staff/role.{staff.role}"),
            action=_address(live.id, asked),
            on=voting.on,
            young=state.young_people,
            closed=state.status is Status.CLOSED,
            cancelled=state.cancelled is not None,
            comments=[
                {
                    "id": each.id,
                    "number": each.number,
                    "text": each.text,
                    "language": each.language,
                    "direction": direction(each.language),
                    "put": each.id in voting.comments,
                }
                for each in state.questions.with_status(*InterventionStatus)
                if may_be_put(each)
            ],
            most=MOST_PUT,
            aside=self.opinions.set_aside(live.id),
            shown=asked.to(f"/s/{quote(live.id)}/opinions"),
            fewest=FEWEST,
            result=result(state.questions, ui),
        )

    @staff_page(lambda staff, _: leads(staff))
    async def change(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Switch votes on or off (`act`), or choose the comments (`act=put`, `comment`)."""
        sent = await self.pages.sent(request)
        fields = self.pages.checked(sent, asked)
        staff, live = await self._live(request, asked)
        match fields.get("act"):
            case "on" | "off" as way:
                command: SwitchVoting | PutToVote = SwitchVoting(on=way == "on")
            case "put":
                chosen = {InterventionId(each) for each in sent.get(BOX, ())}
                before = [each for each in live.state.questions.voting.comments if each in chosen]
                added = [
                    each.id
                    for each in live.state.questions.with_status(*InterventionStatus)
                    if each.id in chosen and each.id not in before
                ]
                command = PutToVote(comments=(*before, *added))
            case _:
                raise AdminProblem(400, AdminText.FORM)
        name = CommandId(f"voting:{fields[FIELD].partition('.')[0]}")
        answer = await live.writer.send(Actor(staff.role, staff.link), name, command)
        if isinstance(answer, Refusal) and answer.code is not RefusalCode.CONFLICT:
            raise wrong(answer)
        return see_other(_address(live.id, asked))

    async def _live(self, request: web.Request, asked: AdminRequest) -> tuple[Staff, LiveSession]:
        """Who asks, and the session. Raises AdminProblem."""
        session = SessionId(request.match_info["session"])
        fitting = [each for each in asked.staff if is_name(session) and self.may_act(each, session)]
        try:
            live = await self.sessions.find(session) if fitting else None
        except RecordBroken:
            live = None
        if live is None or not fits(live.state.kind, SwitchVoting):
            raise AdminProblem(404, AdminText.GONE)
        return fitting[0], live


def _address(session: SessionId, asked: AdminRequest) -> str:
    return asked.to(f"/moderate/{quote(session)}/opinions")
