"""`/about/style/views`: whole pages in each of their states, for people who change their look: walls, text over a
video, a reader's page, a group's desk, sheets with links.

Served only where a setting enables it, as `/about/style` is. They give invented data to the doors, functions and
templates of the real pages. Their scripts are left out: they would look for a meeting that isn't there.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from moothall.adapters.desks.staff_styles import Values
from moothall.adapters.displays import display_options
from moothall.adapters.displays.asked_now import AskedNow, asked_now
from moothall.adapters.displays.display_door import DisplayDoor, newest_lines
from moothall.adapters.displays.style_page import NAMES, sample_line, sample_questions, sample_sentence
from moothall.adapters.http.security_headers import security_headers
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.qr import qr_svg
from moothall.adapters.pages.request_context import SessionRequest, html, language
from moothall.adapters.pages.staff_frame import Asked, house_frame
from moothall.adapters.pages.templates import Pages
from moothall.adapters.questions.your_turn import card, now_asked
from moothall.adapters.reading import page_choices
from moothall.adapters.reading.page_address import TextAddresses
from moothall.adapters.reading.session_page import PageParts, SessionPage, SessionState
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.events.types import Access, ChannelKind, Origin
from moothall.core.hubs.presence import HubNow
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, Epoch, SessionId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.ports import Clock
from moothall.core.sessions.state import Status
from moothall.core.views.captions import ReaderChannel, Session, Snapshot
from moothall.services.questions.author_view import Own
from moothall.services.sessions.staff import HALL, Staff

POLICY = "Content-Security-Policy"
PUBLIC = "https://moothall.example"
FLOOR = ChannelId("floor")
NOW = 60_000
"""The time of all samples, Unix ms and media ms."""
WALLS = ("text", "question", "hands", "break", "not-recorded", "before", "cancelled", "closed")
OVERLAYS = ("", "two-lines", "lower-third", "side")
READERS = (
    *("live", "sheet", "named", "remote", "supported", "hands", "hands-quiet", "near", "turn"),
    *("not-recorded", "before", "closed"),
)
GROUPS = ("good", "lost", "empty")
PAPERS = ("a5", "a4")
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)


class _Still(Clock):
    """The time of the samples, which never goes on."""

    def wall(self) -> int:
        return NOW

    def monotonic(self) -> int:
        return NOW

    async def sleep(self, ms: int) -> None:
        """Return at once."""


class StyleViewsDoor:
    """Serves the whole pages, and the page that shows them in frames."""

    def __init__(self, pages: Pages, *, served: bool) -> None:
        self._pages = pages
        self._served = served

    def routes(self) -> list[web.RouteDef]:
        """The pages' routes; empty where they aren't served."""
        shown = {
            "wall/{session}": self.wall,
            "overlay/{session}": self.overlay,
            "reader/{state}": self.reader,
            "group/{state}": self.group,
            "sheets/{paper}": self.sheets,
        }
        routes = [web.get("/about/style/views", self.page)]
        routes += [web.get(f"/about/style/views/{path}", handler) for path, handler in shown.items()]
        return routes if self._served else []

    async def page(self, request: web.Request) -> web.Response:
        """The page with a frame for each view, in the language and theme that the address asks for."""
        ui = language(self._pages, request)
        choices = page_choices.chosen(request.query)
        theme = choices.get("theme", "")
        kept = {"ui": ui.language, **({"theme": theme} if theme else {})}
        wall = {"ui": ui.language, **({"theme": theme} if theme in ("light", "dark") else {})}
        overlays = [{"ui": ui.language, "preset": preset, "size": "32"} for preset in OVERLAYS]
        text = self._pages.render(
            "display/style_views.html",
            ui=ui,
            part="views",
            shown={f"data-{name}": choices[name] for name in page_choices.SHOWN if name in choices},
            lists=page_choices.form(choices, ui),
            frames=[
                *((f"wall-{name}", "wide", f"wall/{name}?{urlencode(wall)}") for name in WALLS),
                *(
                    (f"overlay-{each['preset'] or 'foot'}", "video", f"overlay/question?{urlencode(each)}")
                    for each in overlays
                ),
                *((f"reader-{name}", "phone", f"reader/{name}?{urlencode(kept)}") for name in READERS),
                *(
                    (f"reader-wide-{name}", "wide", f"reader/{name}?{urlencode(kept)}")
                    for name in ("live", "turn", "closed")
                ),
                *((f"group-{name}", "wide tall", f"group/{name}?{urlencode(kept)}") for name in GROUPS),
                *((f"sheets-{name}", "wide tall", f"sheets/{name}?{urlencode(kept)}") for name in PAPERS),
            ],
        )
        return html(text, ui)

    async def wall(self, request: web.Request) -> web.Response:
        """A wall; `session` is the state that it shows."""
        return _framed(await self._displays(language(self._pages, request)).screen(request))

    async def overlay(self, request: web.Request) -> web.Response:
        """Text over a video; `session` is the state that it shows."""
        response = _framed(await self._displays(language(self._pages, request)).overlay(request))
        if response.status == HTTPStatus.OK:  # what js/display/overlay.js sets
            look = display_options.overlay(request.query)
            style = f"--lines: {look.lines}; --size: {look.size}px; --color: #{look.color}; --back: {look.back}%"
            response.text = (response.text or "").replace("<html ", f'<html style="{style}" ', 1)
            response.headers[POLICY] += "; style-src 'self' 'unsafe-inline'"
        return response

    def _displays(self, ui: Catalogue) -> DisplayDoor:
        async def snapshot_of(session: SessionId, _: Feed) -> Snapshot | None:
            return _snapshot(session, ui)

        async def questions(wanted: SessionRequest, _: Catalogue) -> AskedNow:
            return asked_now(sample_questions(wanted.session, ui), (), lambda *_: (None, ""), ui)

        return DisplayDoor(
            self._pages,
            clock=_Still(),
            snapshot_of=snapshot_of,
            public=PUBLIC,
            begins=lambda _: NOW,
            questions=questions,
        )

    async def reader(self, request: web.Request) -> web.Response:
        """A reader's page, as its script has made it."""
        ui, state = language(self._pages, request), SessionId(request.match_info["state"])
        snapshot, questions = _snapshot(state, ui), sample_questions(state, ui)
        called = None if questions.called is None else questions.get(questions.called)
        mine = None
        if called is not None and state in ("near", "turn"):
            own = msgspec.structs.replace(
                called, status=InterventionStatus.CALLED if state == "turn" else InterventionStatus.QUEUED
            )
            ahead = None if state == "turn" else 1
            wanted = SessionRequest(session=state, feed=Feed(channel=FLOOR), snapshot=snapshot)
            mine = card(wanted, [("token", Own(intervention=own, questions=questions, ahead=ahead))], ui, "")
            mine["may_hold"] = state == "turn"
        parts = PageParts(
            address=TextAddresses(
                state, channel=FLOOR, ui=ui.chosen or None, choices=page_choices.chosen(request.query)
            ),
            ui=ui,
            your_turn=mine,
            now_asked=now_asked(None if mine else questions, snapshot.session, ui, too=state == "supported"),
            questions=questions,
        )
        text = SessionPage(self._pages).render_session(
            snapshot, parts, SessionState(public=PUBLIC, begins=NOW), now=NOW
        )
        live = text.replace("<html ", '<html class="live" ', 1)
        return _framed(
            html(live.replace('class="side sheet"', 'class="side sheet open"') if state == "sheet" else live, ui)
        )

    async def group(self, request: web.Request) -> web.Response:
        """The desk of a group's coordinator."""
        ui, state = language(self._pages, request), request.match_info["state"]
        text = self._pages.render(
            "hub/hub_desk.html",
            ui=ui,
            to=lambda path, **_: path,
            form=lambda: "",
            form_field="form",
            **_group(state, ui),
        )
        return _framed(html(_in_theme(text, request), ui))

    async def sheets(self, request: web.Request) -> web.Response:
        """The sheets of links, on paper of that size."""
        ui = language(self._pages, request)
        staff = [Staff(role=Role.SECRETARIAT, scope=HALL, link="", label="")]
        zone = self._pages.zone()
        text = self._pages.render(
            "admin/admin_sheets.html",
            ui=ui,
            to=lambda path, **_: path,
            form=lambda: "",
            form_field="form",
            frame=house_frame(staff, ui, zone, asked=Asked(path="/admin", language=ui.chosen)),
            sheets=[_sheet(role, ui) for role in (Role.MODERATOR, Role.CAPTIONER, Role.READER)],
            paper=request.match_info["paper"],
            there=(),
            hours=0,
            pages=(),
            meeting=None,
            key="style",
            local="",
        )
        return _framed(html(_in_theme(text, request), ui))


def _framed(response: web.Response) -> web.Response:
    """The page without its scripts, which this house's own pages may show in a frame."""
    response.text = _SCRIPT.sub("", response.text or "")
    response.headers[POLICY] = security_headers(("'self'",))[POLICY]
    return response


def _in_theme(text: str, request: web.Request) -> str:
    """The page in the theme of the address, which on staff pages only a script sets."""
    theme = page_choices.chosen(request.query).get("theme", "system")
    return text.replace("<html ", f'<html data-theme="{theme}" ', 1)


def _snapshot(state: SessionId, ui: Catalogue) -> Snapshot:
    """Lines of a meeting in this state: two speakers, a typed line, and one that still grows."""
    status = {"before": Status.CREATED, "cancelled": Status.CREATED, "break": Status.PAUSED, "closed": Status.CLOSED}
    told: tuple[dict[str, object], ...] = (
        {"speaker": SpeakerId("a")},
        {"speaker": SpeakerId("b")},
        {"origin": Origin.PERSON, "speaker": SpeakerId("b")},
        {"speaker": SpeakerId("e"), "t1": None},
    )
    begun = state not in ("before", "cancelled")
    lines = tuple(sample_line(n, ui, fields) for n, fields in enumerate(told)) if begun else ()
    if state == "closed":
        lines = tuple(msgspec.structs.replace(line, t1=line.t0 + 5_000) for line in lines)
    session = Session(
        id=state,
        title=sample_sentence(ui)[:40],
        languages=(ui.language,),
        access=Access.PUBLIC,
        status=status.get(state, Status.OPEN),
        cancelled="" if state == "cancelled" else None,
        opened=0 if begun else None,
        clock=(0, 0) if begun else None,
        not_recorded=NOW if state == "not-recorded" else None,
        paused=NOW if state == "break" else None,
        speakers=NAMES,
        hubs={"b": HubNow(title=NAMES[SpeakerId("b")], people=23, most=23, here=True, since=0)},
        channels={
            FLOOR: ReaderChannel(kind=ChannelKind.FLOOR, languages=(ui.language,), of_record=True),
            ChannelId("mt-fr"): ReaderChannel(kind=ChannelKind.TRANSLATION, languages=("fr",), of_record=False),
        },
    )
    return Snapshot(epoch=Epoch("style"), offset=1, feed="", session=session, lines=lines, before=None)


def _sheet(role: Role, ui: Catalogue) -> Values:
    address = f"{PUBLIC}/enter/style-{role}"
    return {
        "job": ui.named(f"admin/role.{role}"),
        "does": ui.named(f"links/does.{role}"),
        "good_for": sample_sentence(ui)[:40],
        "label": "" if role is Role.READER else NAMES[SpeakerId("a")],
        "when": "09:00\u201310:30",
        "place": NAMES[SpeakerId("b")],
        "address": address,
        "qr": qr_svg(address),
        "secret": role is not Role.READER,
        "item": "",
    }


def _group(state: str, ui: Catalogue) -> Values:
    """The values of the desk of a group: all is well, the line is lost, or nothing was told to it yet."""
    good = state != "lost"
    words, meeting = sample_sentence(ui), SessionId("live")
    asked = {
        "kind": ui.text("A question"),
        "text": words,
        "language": ui.language,
        "direction": ui.direction,
        "name": NAMES[SpeakerId("e")],
        "says": "",
        "reason": "",
        "may_go_on": True,
    }
    here = [
        {
            **asked,
            "id": "q1",
            "heading": ui.text("No. {n} of your group", n=1),
            "support": "",
            "on_wall": True,
            "may_be_on_wall": False,
        },
        {
            **asked,
            "id": "q2",
            "heading": ui.text("No. {n} of your group", n=2),
            "support": ui.counted("{n} here would ask this too", 3),
            "on_wall": False,
            "may_be_on_wall": True,
        },
    ]
    done = [{**here[0], "id": "q3", "says": ui.text("Kept in the group"), "on_wall": False}]
    note = {
        "id": "n1",
        "heading": ui.text("From the meeting, {time}", time="14:02"),
        "text": words,
        "says": "",
        "reason": "",
        "may_be_read": True,
        "was_read": False,
    }
    about: Values = {
        "session": meeting,
        "title": words[:40],
        "title_language": ui.language,
        "when": "09:00\u201310:30",
        "doing": (),
        "there": True,
        "whole": ui.text("The copy of the text is checked: it is what was written and signed."),
        "here": here,
        "done": done,
        "mode": "coordinator",
        "on_wall": 1,
        "people": 23,
        "counted": ui.text("Counted at {time}", time="14:02"),
        "notes": (note,),
        "wall": "#",
        "ask": "#",
        "text": "#",
        "questions": "#",
    }
    wanted = SessionRequest(session=meeting, feed=Feed(channel=FLOOR), snapshot=_snapshot(meeting, ui))
    row = {
        "id": meeting,
        "title": words[:40],
        "language": ui.language,
        "place": NAMES[SpeakerId("a")],
        "when": "09:00\u201310:30",
        "state": ui.named("page/state.open"),
        "kept": True,
        "link": "#",
    }
    empty = state == "empty"
    return {
        "title": NAMES[SpeakerId("b")],
        "address": PUBLIC,
        "room": "http://192.168.1.10",
        "wants": []
        if good
        else [
            {
                "text": ui.counted("{n} question of the group waits for you", 2),
                "to": "#Questions",
                "do": ui.text("Questions of the group"),
                "urgent": False,
            }
        ],
        "untranslated": False,
        "reported": (),
        "text": None if empty else newest_lines(wanted, ui, NOW),
        "problem": "",
        "given": {},
        "uplink": {
            "good": good,
            "kind": "live" if good else "lost",
            "says": ui.named(f"hub/line.{'good' if good else 'down'}", time="14:02"),
            "setup": False,
            "reason": "",
            "figures": (ui.text("An answer takes {n} ms.", n=40),),
            "clock": "",
        },
        "checks": {
            "ready": good,
            "verdict": ui.text("Ready." if good else "Not ready yet: see what to do."),
            "rows": [
                {
                    "name": ui.named("hub/check.line"),
                    "verdict": "good" if good else "bad",
                    "says": ui.named(f"hub/verdict.{'good' if good else 'bad'}"),
                    "todo": "",
                }
            ],
        },
        "about": None if empty else about,
        "programme": () if empty else (row,),
        "which": "today",
        "words": False,
        "languages": ({"tag": "fr", "name": ui.language_name("fr"), "chosen": True},),
        "stuck": (),
        "most_people": 1_000,
        "longest_note": 500,
        "best": 3,
    }
