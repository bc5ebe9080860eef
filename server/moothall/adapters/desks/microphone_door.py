"""The page from which a browser sends sound: GET /s/{session}/microphone and /room/{room}/microphone, for staff.

The sound itself goes through `moothall.adapters.sound.audio_door`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from moothall.adapters.http.form_guard import FIELD, FormGuard
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, language, own_html
from moothall.adapters.pages.staff_frame import Asked, FrameValues, Tab, facts_of, house_frame, meeting_frame
from moothall.adapters.pages.templates import Pages, script_json
from moothall.adapters.pages.visitor_request import read_form, see_other
from moothall.adapters.reading.page_rows import channel_name
from moothall.core.events.types import ChannelKind, SoundKept
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, SessionId, is_name
from moothall.core.kernel.languages import direction
from moothall.core.sessions.state import ON, State
from moothall.core.views.captions import ReaderChannel
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.staff import Staff

NO_MEETING = "There is no such meeting here, or your link is not for it."
NOT_ADDED = "The text could not be added: it is there already, or the meeting can't be reached at the moment."
STRANGER = "This page is for those who send the sound of a meeting. Open the link that you were given."
INTERPRETERS = (
    "ar", "bn", "de", "en", "es", "fa", "fr", "ha", "hi", "id", "it", "ja", "ko", "nl", "pl", "pt", "ru", "sw", "ta",
    "th", "tr", "uk", "ur", "vi", "zh",
)  # fmt: skip
"""Languages in which a channel of interpretation can be added."""
FLOOR = ChannelId("floor")
ADDS_TEXTS = frozenset({Role.TECHNICIAN, Role.SECRETARIAT})
"""Roles that may add a channel of interpretation to a session."""
AS_SPOKEN = ReaderChannel(kind=ChannelKind.FLOOR, languages=())


class RoomNow(msgspec.Struct, frozen=True):
    """A room of the programme, with its current session."""

    title: str
    session: SessionId | None
    """The session that runs in it or comes next; None where there is neither."""


@dataclass(eq=False, repr=False)
class MicrophoneDoor:
    """Handlers of the page.

    `may_send`: whether a link may send sound for a kind of channel; `room`: looks up a room of the programme;
    `other_session`: the title of another running session in the room of this one; `place`: the title of a session's
    room.

    `add`: adds a channel of interpretation in a language to a session, on somebody's behalf.
    """

    pages: Pages
    _: KW_ONLY
    find: Callable[[SessionId], Awaitable[LiveSession | None]]
    staff: Callable[[web.Request], tuple[Staff, ...]]
    may_act: Callable[[Staff, SessionId], bool]
    may_send: Callable[[Staff, ChannelKind], bool]
    add: Callable[[SessionId, Staff, str], Awaitable[Refusal | None]]
    guard: FormGuard
    key_of: Callable[[web.Request], str]
    room: Callable[[str], RoomNow | None] = lambda _: None
    other_session: Callable[[SessionId], str | None] = lambda _: None
    place: Callable[[SessionId], str] = lambda _: ""

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/s/{session}/microphone", self.of_session),
            web.post("/s/{session}/microphone", self.add_text),
            web.get("/room/{room}/microphone", self.of_room),
        ]

    async def of_session(self, request: web.Request) -> web.Response:
        """The page of one session."""
        name = request.match_info["session"]
        session = SessionId(name)
        live = await self.find(session) if is_name(name) and self.staff(request) else None
        acting = [staff for staff in self.staff(request) if self.may_act(staff, session)]
        if live is None or not acting:
            return self._refuse(request)
        texts = self._texts(acting, live.state)
        if not texts:
            return self._refuse(request)
        adds = any(each.role in ADDS_TEXTS for each in acting)
        return self._page(request, f"/s/{session}", live.state, texts, title=live.state.title, adds=adds)

    async def add_text(self, request: web.Request) -> web.StreamResponse:
        """Add a channel of interpretation to the session, and show the page with the channel selected."""
        session = SessionId(request.match_info["session"])
        acting = [each for each in self.staff(request) if each.role in ADDS_TEXTS and self.may_act(each, session)]
        if not acting or not is_name(session):
            return self._refuse(request)
        try:
            form = await read_form(request)
        except HttpProblem as problem:
            return self._say(request, problem.status, problem.key)
        token, tag = form.get(FIELD, ""), form.get("language", "")
        fits = self.guard.passes(token, self.key_of(request)) and tag in INTERPRETERS
        if not fits or not self.guard.first_time(token):
            return self._say(request, 400, NOT_ADDED)
        if await self.add(session, acting[0], tag) is not None:
            return self._say(request, 409, NOT_ADDED)
        query = urlencode({"channel": tag, **language(self.pages, request).kept})
        return see_other(f"/s/{session}/microphone?{query}")

    async def of_room(self, request: web.Request) -> web.Response:
        """The page of a room, which follows the room from session to session."""
        name = request.match_info["room"]
        room = self.room(name) if is_name(name) else None
        acting = [
            staff
            for staff in self.staff(request)
            if staff.scope in ("hall", f"room:{name}")
            or (room is not None and room.session is not None and self.may_act(staff, room.session))
        ]
        if room is None or not acting:
            return self._refuse(request)
        live = None if room.session is None else await self.find(room.session)
        texts = self._texts(acting, None if live is None else live.state)
        if not texts:
            return self._refuse(request)
        return self._page(request, f"/room/{name}", None if live is None else live.state, texts, title=room.title)

    def _texts(self, acting: Sequence[Staff], state: State | None) -> dict[ChannelId, ReaderChannel]:
        """The channels for which these links may send sound; without a session the floor, which all sessions have."""
        channels = {FLOOR: AS_SPOKEN}
        if state is not None:
            known = state.channels.values()
            channels = {each.id: ReaderChannel(kind=each.kind, languages=each.languages) for each in known}
        return {
            name: channel
            for name, channel in channels.items()
            if any(self.may_send(staff, channel.kind) for staff in acting)
        }

    def _page(
        self,
        request: web.Request,
        base: str,
        state: State | None,
        texts: Mapping[ChannelId, ReaderChannel],
        *,
        title: str,
        adds: bool = False,
    ) -> web.Response:
        ui = language(self.pages, request)
        asked = Asked(path=request.path, language=ui.chosen)
        wanted = ChannelId(request.query.get("channel", ""))
        chosen = wanted if wanted in texts else next(iter(texts))
        tags = {name: channel.languages[0] if channel.languages else "" for name, channel in texts.items()}
        text = self.pages.render(
            "microphone/microphone.html",
            ui=ui,
            frame=self._frame(request, ui, state, asked),
            title=title.strip() or ui.text("Meeting without a title"),
            language="" if state is None or not state.languages else state.languages[0],
            texts=[
                {"id": name, "name": channel_name(channel, ui), "here": name == chosen}
                for name, channel in texts.items()
            ],
            other_session=None if state is None or state.status in ON else self.other_session(state.id),
            kept=ui.named(f"page/kept.{SoundKept.UNTIL_CHECKED if state is None else state.sound}"),
            more=sorted(
                ((tag, ui.language_name(tag)) for tag in INTERPRETERS if adds and ChannelId(tag) not in texts),
                key=lambda each: each[1],
            ),
            form_field=FIELD,
            form=self.guard.token(self.key_of(request)),
            action=f"{base}/microphone?ui={ui.language}",
            in_language=lambda tag: f"{base}/microphone?ui={tag}",
            data=script_json(
                {
                    "base": base,
                    "title": f"{ui.text('Microphone')} \u2013 {title.strip() or ui.text('Meeting without a title')}",
                    "follows": base.startswith("/room/"),
                    "zone": self.pages.zone().name,
                    "languages": {name: [tag, direction(tag)] for name, tag in tags.items()},
                    "kept": {sound: ui.named(f"page/kept.{sound}") for sound in SoundKept},
                    **ui.script("microphone"),
                }
            ),
        )
        return own_html(text, ui)

    def _frame(self, request: web.Request, ui: Catalogue, state: State | None, asked: Asked) -> FrameValues:
        links, zone = self.staff(request), self.pages.zone()
        if state is None:  # The room has no current and no next session.
            return house_frame(links, ui, zone, asked=asked)
        facts = facts_of(state, self.place(state.id))
        acting = [staff for staff in links if self.may_act(staff, state.id)]
        return meeting_frame(facts, acting, ui, zone, here=Tab.MICROPHONE, asked=asked, microphone=request.path)

    def _refuse(self, request: web.Request) -> web.Response:
        if self.staff(request):
            return self._say(request, 404, NO_MEETING)
        return self._say(request, 403, STRANGER)

    def _say(self, request: web.Request, status: int, key: str) -> web.Response:
        ui = language(self.pages, request)
        return own_html(self.pages.render_error(status, key, ui=ui), ui, status=status)
