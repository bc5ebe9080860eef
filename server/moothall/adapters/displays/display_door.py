"""Pages of displays: on a wall (`/screen`), over a video (`/overlay`), in another site's page (`/embed`).

Each page is rendered with the newest lines; its script continues from there over server-sent events. Only the embedded
page may be in a frame, and only on origins that the operator has named.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.displays import display_options
from moothall.adapters.displays.asked_now import AskedNow
from moothall.adapters.http.security_headers import security_headers
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import with_us
from moothall.adapters.pages.qr import qr_svg
from moothall.adapters.pages.request_context import (
    HttpProblem,
    SessionRequest,
    SnapshotOf,
    asked,
    html,
    language,
    refusal,
)
from moothall.adapters.pages.templates import Pages, script_json
from moothall.adapters.pages.texts import DoorText, ErrorText
from moothall.adapters.reading.page_menu import spoken
from moothall.adapters.reading.page_rows import (
    gap_text,
    kind_of,
    label,
    last_words,
    planned_for,
    short_notice,
    standing,
    taken_up_now,
    with_stand_in,
)
from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.kernel.languages import direction
from moothall.core.ports import Clock
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Line, Session, Snapshot
from moothall.core.views.reading_order import BREAK_SET_BACK, Gap, SpeakerTurn, with_spans

Look = TypeVar("Look", bound=msgspec.Struct)

KEPT = 40
"""The most lines in a page as it is rendered."""
FULL = 320
"""Characters after which a new paragraph begins, as in `web/js/display/tail.js`."""
LONG_TITLE = 30
"""The assumed number of characters of a wall's title that fit on one line, until its script has measured them
(`web/js/display/screen.js`)."""
QUIET_S = 15
"""How often a wall's page reloads itself where there is no JavaScript."""
MOST_POLICY = 5
"""Policy questions on a wall before the meeting. Overflow: the meeting's page has all."""
SIDES_MS = 600_000
"""How long a wall's QR code stays on one side, as in `web/js/display/sides.js`, so that nothing burns into a screen."""


class WallContent(msgspec.Struct, frozen=True):
    """What the wall of a room shows."""

    title: str
    """The room's title."""
    session: SessionId | None
    """The session that is on in it or comes next; None where there is neither."""


AskedNowOf = Callable[[SessionRequest, Catalogue], Awaitable[AskedNow]]
"""Returns the questions on the wall of a session that may be read."""


LocalQuestionsOf = Callable[[SessionRequest, Catalogue], Awaitable[Mapping[str, object] | None]]
"""Returns a hub's own questions for its wall; None on a wall that isn't a hub's."""


async def _no_local_questions(_: SessionRequest, __: Catalogue) -> None:
    """No local questions: the default everywhere but at a hub."""


async def _no_questions(_: SessionRequest, __: Catalogue) -> AskedNow:
    """No questions: the default for a house without questions."""
    return AskedNow()


class Paragraph(msgspec.Struct, kw_only=True):
    """Consecutive lines of one speaker in one language."""

    name: str | None
    """The speaker's name at a change of speaker; empty at a change to an unnamed speaker; None where the speaker
    continues, or nobody has been named yet."""
    language: str
    direction: str
    texts: list[str]
    mark: str = ""
    """A text that is shown in place of lines; empty for a paragraph of lines."""


@dataclass(eq=False, repr=False)
class DisplayDoor:
    """Serves the three pages.

    `public`: the server's public address for QR codes, without a path, or a function that returns it where it may
    change; `room`: looks up a room of the programme.

    `begins`: when a session is planned to begin, in Unix ms.

    `last_awaited`: whether a session is about to close and its last words are awaited. `questions`: the questions of a
    wall; `local_questions`: those of a hub; `policy`: what a session is to answer. `framers`: origins whose pages may
    embed the box; `*` stands for all.
    """

    pages: Pages
    _: KW_ONLY
    clock: Clock
    snapshot_of: SnapshotOf
    public: str | Callable[[], str]
    framers: Sequence[str] = ()
    room: Callable[[str], WallContent | None] = lambda _: None
    begins: Callable[[SessionId], int | None] = lambda _: None
    last_awaited: Callable[[SessionId], bool] = lambda _: False
    questions: AskedNowOf = _no_questions
    local_questions: LocalQuestionsOf = _no_local_questions
    policy: Callable[[SessionId], Sequence[PolicyQuestion]] = lambda _: ()

    def __post_init__(self) -> None:
        ancestors = ("*",) if "*" in self.framers else ("'self'", *self.framers)
        policy = security_headers(ancestors)["Content-Security-Policy"]
        self._framed = {"Content-Security-Policy": policy, "Cross-Origin-Resource-Policy": "cross-origin"}

    @property
    def _public(self) -> str:
        return self.public if isinstance(self.public, str) else self.public()

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/s/{session}/screen", self.screen),
            web.get("/room/{room}/screen", self.room_screen),
            web.get("/room/{room}/now", self.room_now),
            web.get("/s/{session}/overlay", self.overlay),
            web.get("/s/{session}/embed", self.embed),
        ]

    async def screen(self, request: web.Request) -> web.Response:
        """The page for a room's screen: large text, the state in words, and the QR code of the reader's page."""
        ui = language(self.pages, request)
        try:
            look = _look(display_options.screen, request)
            wanted = await asked(request, self.snapshot_of)
        except HttpProblem as wrong:
            return refusal(wrong, self.pages, ui)
        return html(await self._wall(wanted, ui, look, room=None), ui)

    async def room_screen(self, request: web.Request) -> web.Response:
        """The screen of a room, which follows the room from session to session."""
        ui = language(self.pages, request)
        name = request.match_info["room"]
        room = self.room(name) if is_name(name) else None
        if room is None:
            return refusal(HttpProblem(404, ErrorText.NOTHING), self.pages, ui)
        try:
            look = _look(display_options.screen, request)
            shown = await self._session_on_wall(request, room)
        except HttpProblem as wrong:
            return refusal(wrong, self.pages, ui)
        watched = script_json({"ask": f"/room/{name}/now", "session": None if shown is None else shown.session})
        if shown is not None:
            return html(await self._wall(shown, ui, look, room=watched), ui)
        short = self._public.partition("://")[2]
        text = self.pages.render(
            "display/screen_waiting.html",
            ui=ui,
            look=look,
            title=room.title,
            qr=qr_svg(self._public),
            short=short,
            side=self._side(look),
            room=watched,
        )
        return html(text, ui)

    async def room_now(self, request: web.Request) -> web.Response:
        """The session on a room's wall as JSON: `{"session": ID or null}`."""
        name = request.match_info["room"]
        room = self.room(name) if is_name(name) else None
        if room is None:
            return web.json_response({"error": "There is no such room."}, status=404)
        shown = await self._session_on_wall(request, room)
        now = {"session": None if shown is None else shown.session}
        return web.json_response(now, headers={hdrs.CACHE_CONTROL: "no-store"})

    async def _session_on_wall(self, request: web.Request, room: WallContent) -> SessionRequest | None:
        """The session on a room's wall; None between sessions, and during a session that isn't public."""
        if room.session is None:
            return None
        try:
            return await asked(request, self.snapshot_of, session=room.session)
        except HttpProblem as wrong:
            if wrong.key == ErrorText.NO_SESSION:
                return None
            raise

    async def _wall(
        self, wanted: SessionRequest, ui: Catalogue, look: display_options.Screen, *, room: str | None
    ) -> str:
        address = f"{self._public}/s/{wanted.session}"
        return self._render(
            "display/screen.html",
            wanted,
            ui,
            look,
            wall=True,
            qr=qr_svg(address),
            short=address.partition("://")[2],
            asked=await self.questions(wanted, ui),
            local=await self.local_questions(wanted, ui),
            side=self._side(look),
            policy=[each.text for each in self.policy(wanted.session)[:MOST_POLICY]],
            most_policy=MOST_POLICY,
            topic=taken_up_now(wanted.snapshot.session, ui),
            long_title=LONG_TITLE,
            planned=planned_for(self.pages.zone(), self.begins(wanted.session), ui),
            renew=QUIET_S if room is not None or wanted.snapshot.session.status is not Status.CLOSED else None,
            room=room,
        )

    def _side(self, look: display_options.Screen) -> str:
        """The side of the wall on which the QR code is now; empty where it never moves."""
        if look.steady:
            return ""
        return "start" if self.clock.wall() // SIDES_MS % 2 else "end"

    async def overlay(self, request: web.Request) -> web.Response:
        """The newest lines on a transparent page, for a video mixer."""
        ui = language(self.pages, request)
        try:
            look = _look(display_options.overlay, request)
            wanted = await asked(request, self.snapshot_of)
        except HttpProblem as wrong:
            return refusal(wrong, self.pages, ui)
        found = await self.questions(wanted, ui) if look.question else None
        return html(self._render("display/overlay.html", wanted, ui, look, wall=True, asked=found), ui)

    async def embed(self, request: web.Request) -> web.Response:
        """The newest lines in a box for another site's page."""
        ui = language(self.pages, request)
        try:
            look = _look(display_options.box, request)
            wanted = await asked(request, self.snapshot_of)
        except HttpProblem as wrong:
            response = refusal(wrong, self.pages, ui)
            response.headers.update(self._framed)  # The box also shows the reason why there is no text.
            return response
        query = {"channel": wanted.feed.channel, **ui.kept}
        floor = spoken(wanted.snapshot.session)
        page = f"/s/{wanted.session}?"
        whole, original = page + urlencode(query), page + urlencode({**query, "channel": floor})
        text = self._render("display/embed.html", wanted, ui, look, whole=whole, original=original)
        return html(text, ui, headers=self._framed)

    def _render(
        self,
        template: str,
        wanted: SessionRequest,
        ui: Catalogue,
        look: msgspec.Struct,
        *,
        wall: bool = False,
        **values: object,
    ) -> str:
        """Render a page. `wall`: leave out lines that were cleared from the walls; an embedded box is no wall."""
        now = self.clock.wall()
        shown = newest_lines(wanted, ui, now, wall=wall, last_awaited=self.last_awaited(wanted.session), look=look)
        hubs = wanted.snapshot.session.hubs
        return self.pages.render(
            template, ui=ui, look=look, with_us=with_us(hubs, ui, now) if wall else "", **shown, **values
        )


def newest_lines(
    wanted: SessionRequest,
    ui: Catalogue,
    now: int,
    *,
    wall: bool = False,
    last_awaited: bool = False,
    look: msgspec.Struct | None = None,
) -> dict[str, object]:
    """Values of a page that shows the newest lines with `_shown.html` and `web/js/display/tail.js`.

    `wall`: leave out lines that were cleared from the walls; `look`: display options that the page's script needs.
    """
    snapshot = wanted.snapshot
    session = snapshot.session
    cleared = session.wall_cleared if wall else None
    stand = [line for line in snapshot.lines if not line.gone]
    shown = [line for line in stand if cleared is None or line.t0 >= cleared][-KEPT:]
    query = urlencode({"channel": wanted.feed.channel, "feed": "live" if wanted.feed.live else "lines"})
    kind, places = standing(snapshot, now, last_awaited=last_awaited)
    return {
        "session": session,
        "title": session.title.strip() or ui.text("Meeting without a title"),
        "untitled": not session.title.strip(),
        "paragraphs": paragraphs(session, shown, lambda gap: gap_text(gap, ui)),
        "notice": label(session, wanted.feed.channel, ui, shown),
        "made": kind_of(session, wanted.feed.channel) is ChannelKind.TRANSLATION,
        "off": session.not_recorded is not None,
        "kind": kind,
        "state": with_stand_in(kind, ui.named(f"standing/standing.{kind}", **places), session, ui),
        "seal": "" if session.seal is None else ui.named(f"reader/seal.{session.seal}"),
        "data": script_json(
            {
                "epoch": snapshot.epoch,
                "offset": snapshot.offset,
                "session": msgspec.to_builtins(session),
                "lines": [
                    {**msgspec.to_builtins(line), "number": number} for number, line in _numbered(snapshot, shown)
                ],
                "wall": wall,
                "events": f"/s/{wanted.session}/events?{query}",
                "now": now,
                "spoke": last_words(snapshot),
                "notice": short_notice(session, wanted.feed.channel, ui),
                **ui.script("standing", "display", *(["wall"] if wall else [])),
                "look": {} if look is None else msgspec.to_builtins(look),
            }
        ),
    }


def _numbered(snapshot: Snapshot, lines: Iterable[Line]) -> list[tuple[int, Line]]:
    """Lines of a snapshot with their numbers in the whole text."""
    numbers = {line.segment: number for number, line in enumerate(snapshot.lines, snapshot.before or 0)}
    return [(numbers[line.segment], line) for line in lines]


def paragraphs(session: Session, lines: Iterable[Line], mark: Callable[[Gap], str]) -> list[Paragraph]:
    """Group the lines into paragraphs: a new one begins where speaker or language changes, or the last one is long.

    When somebody set the end of a break back, text after that end begins before the break was ended. A paragraph with
    only a `mark` precedes such text, as in `web/js/display/tail.js`.
    """
    made: list[Paragraph] = []
    turn = SpeakerTurn()
    shown = [line for line in lines if line.text.strip()]
    set_back = [gap for gap in session.gaps if gap.reason == BREAK_SET_BACK and shown and gap.t0 > shown[0].t0]
    for line in with_spans(shown, set_back, lambda line: line.t0):
        if isinstance(line, Gap):
            if line.t0 <= shown[-1].t0:
                made.append(Paragraph(name=None, language="", direction="", texts=[], mark=mark(line)))
                turn = turn.broken()
            continue
        text = line.text.strip()
        if made and made[-1].texts and line.language != made[-1].language:
            turn = turn.broken()
        name = session.speakers.get(line.speaker, "") if line.speaker else ""
        heading = turn.then(name, changes=bool(line.voice_changes))
        turn = heading.turn
        if not heading.begins and sum(map(len, made[-1].texts)) < FULL:
            made[-1].texts.append(text)
            continue
        way = direction(line.language)
        made.append(Paragraph(name=heading.name, language=line.language, direction=way, texts=[text]))
    return made


def _look(read: Callable[[Mapping[str, str]], Look], request: web.Request) -> Look:
    try:
        return read(request.query)
    except display_options.BadLook as bad:
        raise HttpProblem(400, DoorText.CHOICE, name=bad.name, value=bad.value[:40]) from bad
