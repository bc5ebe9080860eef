"""`/about/style/views`: whole pages in each of their states, for people who change their look: walls, text over a
video, a reader's page, a group's desk, sheets with links.

Served only where a setting enables it, as `/about/style` is. They give invented data to the doors, functions and
templates of the real pages. Their scripts are left out: they would look for a meeting that isn't there.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from moothall.adapters.displays import display_options
from moothall.adapters.displays.asked_now import AskedNow, asked_now
from moothall.adapters.displays.display_door import DisplayDoor, newest_lines
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.qr import qr_svg
from moothall.adapters.pages.request_context import SessionRequest, html, language
from moothall.adapters.pages.staff_frame import Asked, house_frame
from moothall.adapters.pages.templates import Pages
from moothall.adapters.questions.your_turn import card, now_asked
from moothall.adapters.reading import page_choices
from moothall.adapters.reading.page_address import TextAddresses
from moothall.adapters.reading.session_page import PageParts, SessionPage, SessionState
from moothall.adapters.styles.staff_styles import Values
from moothall.adapters.styles.style_lists import AGENDAS, HUB_LINES, SEARCHES
from moothall.adapters.styles.style_proposals import CHECKS, LINKS, OWN_WORDS
from moothall.adapters.styles.style_records import RECORDS
from moothall.adapters.styles.style_samples import (
    FLOOR,
    NAMES,
    NOW,
    POLICY,
    PUBLIC,
    Still,
    framed,
    in_theme,
    sample_questions,
    sample_sentence,
    sample_snapshot,
)
from moothall.adapters.styles.style_scripted import BESIDE, scripted, with_original
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Snapshot
from moothall.record.citation.contents import contents_of
from moothall.services.questions.author_view import Own
from moothall.services.sessions.staff import HALL, Staff

WALLS = ("text", "question", "hands", "break", "not-recorded", "before", "cancelled", "closed")
OVERLAYS = ("", "two-lines", "lower-third", "side")
READERS = (
    *("live", "sheet", "named", "remote", "supported", "hands", "hands-quiet", "near", "turn"),
    *("not-recorded", "before", "acts", "closed", "chapters"),
    *("beside", "missed", "voice", "away"),
)
"""States of a reader's page. `acts` is how scripts mark lines and show buttons while somebody reads back: a place that
was marked, a line to quote, what is not saved; `chapters`: those of a record, unfolded; `beside`: both languages side
by side; `missed`: *What did I miss?* in the sheet; `voice`: the text is read aloud; `away`: no connection to ask.
"""
PARTS = {"missed": "#Missed", "voice": "#Voice"}
"""The part of the sheet that a state is about: a phone has not all of the sheet in the window."""
WIDE = ("live", "turn", "closed", "beside", "missed")
"""Those that are shown in a wide window too."""
GROUPS = ("good", "lost", "empty")
PAPERS = ("a5", "a4")


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
        """The page with a frame for each view of one set, in the language and theme that the address asks for."""
        ui = language(self._pages, request)
        choices = page_choices.chosen(request.query)
        theme = choices.get("theme", "")
        kept = {"ui": ui.language, **({"theme": theme} if theme else {})}
        wall = {"ui": ui.language, **({"theme": theme} if theme in ("light", "dark") else {})}
        overlays = [{"ui": ui.language, "preset": preset, "size": "32"} for preset in OVERLAYS]
        frames = {
            "": [
                *((f"wall-{name}", "wide", f"wall/{name}?{urlencode(wall)}") for name in WALLS),
                *(
                    (f"overlay-{each['preset'] or 'foot'}", "video", f"overlay/question?{urlencode(each)}")
                    for each in overlays
                ),
                *(
                    (f"reader-{name}", "phone", f"reader/{name}?{urlencode(kept)}{PARTS.get(name, '')}")
                    for name in READERS
                ),
                *((f"reader-wide-{name}", "wide", f"reader/{name}?{urlencode(kept)}") for name in WIDE),
                *((f"group-{name}", "wide tall", f"group/{name}?{urlencode(kept)}") for name in GROUPS),
                *((f"sheets-{name}", "wide tall", f"sheets/{name}?{urlencode(kept)}") for name in PAPERS),
            ],
            "lists": [
                *((f"hub-line-{name}", "line", f"hub-line/{name}?{urlencode(kept)}") for name in HUB_LINES),
                *((f"agenda-{name}", "phone", f"agenda/{name}?{urlencode(kept)}") for name in AGENDAS),
                *(
                    (f"search-{name or 'form'}", "phone", f"search?{urlencode({'q': name, **kept, **more})}")
                    for name, more in SEARCHES.items()
                ),
                *((f"record-{name}", "phone", f"record/{name}?{urlencode(kept)}") for name in RECORDS),
            ],
            "proposals": [
                *((f"check-{name}", "wide tall", f"check/{name}?{urlencode(kept)}") for name in CHECKS),
                *((f"own-words-{name}", "phone", f"own-words/{name}?{urlencode(kept)}") for name in OWN_WORDS),
                *((f"speaker-links-{name}", "phone", f"speaker-links/{name}?{urlencode(kept)}") for name in LINKS),
            ],
        }
        text = self._pages.render(
            "display/style_views.html",
            ui=ui,
            part="views",
            shown={f"data-{name}": choices[name] for name in page_choices.SHOWN if name in choices},
            lists=page_choices.form(choices, ui),
            frames=frames.get(request.query.get("of", ""), frames[""]),
            sets=[(name, f"?{urlencode({**kept, 'of': name})}") for name in frames],
        )
        return html(text, ui)

    async def wall(self, request: web.Request) -> web.Response:
        """A wall; `session` is the state that it shows."""
        return framed(await self._displays(language(self._pages, request)).screen(request))

    async def overlay(self, request: web.Request) -> web.Response:
        """Text over a video; `session` is the state that it shows."""
        response = framed(await self._displays(language(self._pages, request)).overlay(request))
        if response.status == HTTPStatus.OK:  # what js/display/overlay.js sets
            look = display_options.overlay(request.query)
            style = f"--lines: {look.lines}; --size: {look.size}px; --color: #{look.color}; --back: {look.back}%"
            response.text = (response.text or "").replace("<html ", f'<html style="{style}" ', 1)
            response.headers[POLICY] += "; style-src 'self' 'unsafe-inline'"
        return response

    def _displays(self, ui: Catalogue) -> DisplayDoor:
        async def snapshot_of(session: SessionId, _: Feed) -> Snapshot | None:
            return sample_snapshot(session, ui)

        async def questions(wanted: SessionRequest, _: Catalogue) -> AskedNow:
            return asked_now(sample_questions(wanted.session, ui), (), lambda *_: (None, ""), ui)

        return DisplayDoor(
            self._pages,
            clock=Still(),
            snapshot_of=snapshot_of,
            public=PUBLIC,
            begins=lambda _: NOW,
            questions=questions,
        )

    async def reader(self, request: web.Request) -> web.Response:
        """A reader's page, as its script has made it."""
        ui, state = language(self._pages, request), SessionId(request.match_info["state"])
        snapshot, questions = sample_snapshot(state, ui), sample_questions(state, ui)
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
        choices, said, channel = page_choices.chosen(request.query), None, FLOOR
        if state == "beside":
            snapshot, said = with_original(snapshot, ui, self._pages.catalogues["fr" if ui.language == "en" else "en"])
            choices, channel = {**choices, page_choices.SHOW: "side"}, BESIDE
        parts = PageParts(
            address=TextAddresses(state, channel=channel, ui=ui.chosen or None, choices=choices),
            ui=ui,
            said=said,
            your_turn=mine,
            now_asked=now_asked(None if mine else questions, snapshot.session, ui, too=state == "supported"),
            questions=questions,
        )
        ended = snapshot.session.status is Status.CLOSED
        text = SessionPage(self._pages).render_session(
            snapshot,
            parts,
            SessionState(public=PUBLIC, begins=NOW),
            now=NOW,
            contents=contents_of(snapshot.session, snapshot.lines, sample_questions("live", ui)) if ended else None,
        )
        return framed(html(scripted(text.replace("<html ", '<html class="live" ', 1), state, ui, self._pages), ui))

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
        return framed(html(in_theme(text, request), ui))

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
        return framed(html(in_theme(text, request), ui))


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
    wanted = SessionRequest(session=meeting, feed=Feed(channel=FLOOR), snapshot=sample_snapshot(meeting, ui))
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
