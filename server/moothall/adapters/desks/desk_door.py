"""The staff's pages of a meeting: `/desk/{session}`, `/caption/{session}`, `/moderate/{session}` and
`/podium/{session}`.

What people do on them is sent over Socket.IO (`desk_socket.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import web

from moothall.adapters.desks.check_form import CheckForm, SentCheck
from moothall.adapters.desks.line_form import SENT, ChannelTexts, LineForm
from moothall.adapters.desks.microphone_door import INTERPRETERS
from moothall.adapters.desks.speakers_form import SpeakersForm
from moothall.adapters.pages.prepared_meeting import PreparedOf, nothing_prepared
from moothall.adapters.pages.request_context import HttpProblem, language, own_html, refusal
from moothall.adapters.pages.staff_frame import Asked, MeetingFacts, StaffOf, Tab, meeting_frame
from moothall.adapters.pages.templates import Pages, script_json
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_request import read_form, see_other
from moothall.adapters.reading.page_choices import unsure
from moothall.core.commands import CorrectSegment, SetSpeaker, SetStatus, TypeSegment
from moothall.core.events.notes_and_tags import Tag
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, QueueOrder
from moothall.core.kernel.actors import Role
from moothall.core.kernel.command import Command
from moothall.core.kernel.ids import ChannelId, SessionId, SpeakerId, is_name
from moothall.core.questions.blocked_words import BLOCKED_WORD
from moothall.core.rules.authority import COMMANDS, STAFF_ROLES
from moothall.core.rules.questions import ABUSE, REPORTED
from moothall.core.sessions.state import State
from moothall.services.sessions.staff import MayAct, Staff

REASONS = (
    "Asked already",
    "Not about this subject",
    "There is no time left",
    "Nobody here can answer it",
    "It is rude",
    "It breaks the rules of this meeting",
)
"""Standard reasons for not taking a question: message keys."""
OWN_SOFTWARE = {"zoom": "/closedcaption", "stream": "/captions"}
"""The path to which captioning software sends, by the protocol that it supports."""


class DeskPageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the page has to know before it connects."""

    title: str
    language: str
    """The language of the title."""
    channel: str
    """The channel that is shown first."""
    sound: bool
    """Whether the last seconds of sound can be replayed."""
    others: tuple[tuple[SessionId, str], ...]
    """Sessions to which lines may be moved, with their titles."""
    votes: bool
    """Whether people can vote on comments there: at meetings, not on those on calls and documents."""
    frame: MeetingFacts
    texts: ChannelTexts = ()
    """The session's channels, for the form that adds a line."""


AboutOf = Callable[[SessionId], Awaitable[DeskPageFacts | None]]
"""Returns None for an unknown session. May raise StorageUnavailable."""


MoreOfPage = Callable[[SessionId, Staff, DeskPageFacts], Awaitable[dict[str, object]]]
"""Returns values for a template: of a session, for a link, with what is known of the page."""


def _no_key(_: str) -> str | None:
    """No key: the default for a house that accepts no text of captioning software."""
    return None


class DeskDoor:
    """Serves the pages to browsers with a link that allows the session.

    `captions_key`: returns the key for captioning software that belongs to a link; `public`: the house's address, to
    which the software sends; `prepared_of`: what a session is to answer.
    """

    def __init__(
        self,
        pages: Pages,
        *,
        staff: StaffOf,
        may_act: MayAct,
        about: AboutOf,
        line: LineForm,
        check: CheckForm,
        speakers: SpeakersForm,
        captions_key: Callable[[str], str | None] = _no_key,
        public: str = "",
        prepared_of: PreparedOf = nothing_prepared,
    ) -> None:
        self._pages = pages
        self._staff = staff
        self._may_act = may_act
        self._about = about
        self._line = line
        self._check = check
        self._speakers = speakers
        self._captions_key = captions_key
        self._public = public
        self._prepared_of = prepared_of

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/desk/{session}", self.page),
            web.get("/desk/{session}/refinements", self.refinements),
            web.get("/desk/{session}/check", self.check),
            web.post("/desk/{session}/check", self.send_checked),
            web.get("/desk/{session}/speakers", self.speakers),
            web.post("/desk/{session}/speakers", self.send_speakers),
            web.get("/caption/{session}", self.caption),
            web.post("/caption/{session}", self.write),
            web.get("/moderate/{session}", self.moderate),
            web.get("/podium/{session}", self.podium),
        ]

    async def page(self, request: web.Request) -> web.Response:
        """The desk, or a sentence that says why it isn't shown."""
        return await self._page(request, "desk/desk.html", here=Tab.TEXT)

    async def caption(self, request: web.Request) -> web.Response:
        """The page for typing captions, for links that may do so."""
        return await self._page(request, "caption/caption.html", "caption", here=Tab.CAPTION, needs=TypeSegment)

    async def write(self, request: web.Request) -> web.Response:
        """Store a line from a browser without scripts; show the page again, with the typed text where it was
        refused.
        """
        session, fitting = self._fitting(request, TypeSegment)
        if not fitting:
            return await self.caption(request)
        try:
            text, into, refused = await self._line.submit(request, session, fitting[0])
        except HttpProblem as problem:
            return refusal(problem, self._pages, language(self._pages, request))
        if refused is None:
            kept = {name: request.query[name] for name in ("ui", "role") if name in request.query}
            return see_other(f"{quote(request.path)}?{urlencode(kept | {'into': into, SENT: 1}, safe='/')}")
        ui = language(self._pages, request)
        said = text, ui.named(f"desk/refused.{refused.code}")
        return await self._page(
            request, "caption/caption.html", "caption", here=Tab.CAPTION, needs=TypeSegment, refused=said
        )

    async def refinements(self, request: web.Request) -> web.Response:
        """The page for accepting or rejecting a second pass's proposals, for links that may correct lines."""
        return await self._page(
            request, "proposals/refinements.html", "refinements", here=Tab.TEXT, needs=CorrectSegment
        )

    async def check(self, request: web.Request, sent: SentCheck | None = None) -> web.Response:
        """The page for checking a text line by line, for links that may correct lines."""
        return await self._page(
            request, "desk/check.html", here=Tab.TEXT, needs=CorrectSegment, more=partial(self._checking, request, sent)
        )

    async def send_checked(self, request: web.Request) -> web.Response:
        """Take a line that was checked; show the page again, with the typed text where it was refused."""
        session, fitting = self._fitting(request, CorrectSegment)
        if not fitting or await self._about(session) is None:
            return await self.check(request)
        try:
            sent = await self._check.submit(request, session, fitting[0])
        except HttpProblem as problem:
            return refusal(problem, self._pages, language(self._pages, request))
        if sent.refused is None:
            return see_other(self._check.address(request))
        page = await self.check(request, sent)
        page.set_status(409)
        return page

    async def _checking(
        self, request: web.Request, sent: SentCheck | None, session: SessionId, staff: Staff, about: DeskPageFacts
    ) -> dict[str, object]:
        ui = language(self._pages, request)
        shown = await self._check.shown(
            request, session, ChannelId(about.channel), staff, ui, sound=about.sound, sent=sent
        )
        return {"check": shown, "unsure": unsure(ui)}

    async def speakers(
        self, request: web.Request, made: tuple[SpeakerId, str] | None = None, wrong: str = ""
    ) -> web.Response:
        """The page of speakers' private links, for links that may correct lines."""
        more = partial(self._of_speakers, request, made, wrong)
        page = await self._page(request, "desk/speaker_links.html", here=Tab.TEXT, needs=CorrectSegment, more=more)
        if wrong:
            page.set_status(409)
        return page

    async def send_speakers(self, request: web.Request) -> web.Response:
        """Make or revoke a speaker's private link; show the page with it, or with why not."""
        session, fitting = self._fitting(request, CorrectSegment)
        state = await self._check.state_of(session) if fitting else None
        if state is None:
            return await self.speakers(request)
        ui = language(self._pages, request)
        try:
            form = await read_form(request)
        except HttpProblem as problem:
            return refusal(problem, self._pages, ui)
        done = await self._speakers.submit(session, state, form, ui, key=self._check.key_of(request))
        if done is None:
            return see_other(self._check.address(request))
        return await self.speakers(request, wrong=done) if isinstance(done, str) else await self.speakers(request, done)

    async def _of_speakers(
        self,
        request: web.Request,
        made: tuple[SpeakerId, str] | None,
        wrong: str,
        session: SessionId,
        _staff: Staff,
        _about: DeskPageFacts,
    ) -> dict[str, object]:
        ui, state = language(self._pages, request), await self._check.state_of(session) or State(id=session)
        key, here = self._check.key_of(request), self._check.address(request)
        shown = self._speakers.links(session, state, ui, key=key, made=made, wrong=wrong)
        return {"speakers": {**shown, "action": here}}

    async def moderate(self, request: web.Request) -> web.Response:
        """The page for moderating questions, for links that may do so."""
        return await self._page(
            request,
            "moderation/moderate.html",
            "moderation",
            here=Tab.QUESTIONS,
            needs=SetStatus,
            more=partial(self._to_answer, request),
        )

    async def _to_answer(
        self, request: web.Request, session: SessionId, _staff: Staff, _about: DeskPageFacts
    ) -> dict[str, object]:
        return {"prepared": await self._prepared_of(session, language(self._pages, request))}

    async def podium(self, request: web.Request) -> web.Response:
        """The current and the next questions, for a tablet on the podium."""
        return await self._page(request, "moderation/podium.html", "moderation", here=Tab.PODIUM, needs=SetStatus)

    def _fitting(self, request: web.Request, needs: type[Command] | None) -> tuple[SessionId, list[Staff]]:
        """The session of a page, and the browser's links that may open the page."""
        session, role = SessionId(request.match_info["session"]), request.query.get("role")
        return session, [
            staff
            for staff in self._staff(request)
            if staff.role in STAFF_ROLES
            and role in (None, staff.role)
            and (needs is None or needs in COMMANDS[staff.role])
            and is_name(session)
            and self._may_act(staff, session)
        ]

    async def _page(
        self,
        request: web.Request,
        template: str,
        *texts: str,
        here: Tab,
        needs: type[Command] | None = None,
        refused: tuple[str, str] = ("", ""),
        more: MoreOfPage | None = None,
    ) -> web.Response:
        """Render a page. `texts`: groups of messages that its script needs besides those of every page here. `refused`:
        a line that was typed without scripts and refused, and why. `more`: returns what only this template needs.
        """
        ui = language(self._pages, request)
        links = self._staff(request)
        if not links:
            return own_html(self._pages.render_error(401, ErrorText.STAFF, ui=ui), ui, status=401)
        role = request.query.get("role")
        session, fitting = self._fitting(request, needs)
        about = await self._about(session) if fitting else None
        if about is None:
            return own_html(self._pages.render_error(404, ErrorText.NO_SESSION, ui=ui), ui, status=404)
        others = [(name, title) for name, title in about.others if self._may_act(fitting[0], name)]
        asked = f"?{urlencode({'role': role})}" if role else ""
        text = self._pages.render(
            template,
            ui=ui,
            **({} if more is None else await more(session, fitting[0], about)),
            frame=meeting_frame(
                about.frame,
                [staff for staff in links if self._may_act(staff, session)],
                ui,
                self._pages.zone(),
                here=here,
                asked=Asked(path=request.path, language=ui.chosen, role=role or ""),
            ),
            title=about.title.strip() or ui.text("Meeting without a title"),
            language=about.language,
            job=ui.named(f"staff/role.{fitting[0].role}"),
            base=f"/s/{quote(session)}",
            desk=f"/desk/{quote(session)}{asked}",
            form=self._line.shown(request, about.texts, fitting[0].role, ui, text=refused[0], refused=refused[1]),
            refinements=f"/desk/{quote(session)}/refinements{asked}",
            speaker_links=f"/desk/{quote(session)}/speakers{asked}",
            checking=f"/desk/{quote(session)}/check{asked}" if CorrectSegment in COMMANDS[fitting[0].role] else "",
            moderate=f"/moderate/{quote(session)}{asked}" if SetStatus in COMMANDS[fitting[0].role] else "",
            podium=f"/podium/{quote(session)}{asked}",
            opinions=f"/moderate/{quote(session)}/opinions{asked}" if about.votes else "",
            orders=list(QueueOrder),
            reasons=REASONS,
            tags=list(Tag),
            roles=[role for role in Role if role in STAFF_ROLES],
            kinds=list(InterventionKind),
            statuses=list(InterventionStatus),
            flags=[BLOCKED_WORD, REPORTED, ABUSE],
            own_software=self._own_software(fitting[0], session),
            in_language=lambda tag: _address(request.path, tag, role),
            data=script_json(
                {
                    "session": session,
                    "channel": about.channel,
                    "role": fitting[0].role,
                    "link": fitting[0].link,
                    "names": SetSpeaker in COMMANDS[fitting[0].role],
                    "base": f"/s/{quote(session)}",
                    "clip": about.sound,
                    "others": others,
                    "languages": INTERPRETERS,
                    "zone": self._pages.zone().name,
                    **ui.script("staff", "standing", "lines", "desk", *texts),
                }
            ),
        )
        return own_html(text, ui, status=409 if refused[1] else 200)

    def _own_software(self, staff: Staff, session: SessionId) -> dict[str, str] | None:
        """The addresses to paste into captioning software; None for a link that can't write lines, and for people who
        signed in without a link.
        """
        key = self._captions_key(staff.link) if TypeSegment in COMMANDS[staff.role] else None
        if key is None:
            return None
        query = urlencode({"session": session, "key": key})
        return {name: f"{self._public}{path}?{query}" for name, path in OWN_SOFTWARE.items()}


def _address(path: str, language: str, role: str | None) -> str:
    query = {"ui": language} | ({"role": role} if role else {})
    return f"{quote(path)}?{urlencode(query)}"
