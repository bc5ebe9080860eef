"""`/about/style/…`: style guides of the staff's pages, which show their parts in each state, for people who change the
design.

Served only where a setting enables it, as `/about/style` is. They give invented data to the templates, sheets and
scripts of the real pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from moothall.adapters.desks.figure_tables import heard_part, quality_part, readers_part
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import html, language
from moothall.adapters.pages.staff_frame import Asked, MeetingFacts, Tab, meeting_frame
from moothall.adapters.pages.templates import Pages, script_json
from moothall.adapters.reading import page_choices
from moothall.adapters.styles.style_samples import NAMES, misheard, sample_line, sample_sentence
from moothall.core.events.lines import Origin
from moothall.core.events.question_parts import HUB, REMOTE, ROOM, InterventionStatus
from moothall.core.events.types import ChannelKind
from moothall.core.hubs.entry import Details, Hub
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, Epoch, InterventionId, SegmentId, SessionId, SpeakerId
from moothall.core.kernel.persistent import PersistentMap
from moothall.core.proposals.proposing import Fate
from moothall.core.proposals.refining import Proposal
from moothall.core.questions.balance import SpeakingShare
from moothall.core.questions.interventions import Questions, Turn
from moothall.core.sessions.parts import Channel, Segment
from moothall.core.sessions.state import State, Status
from moothall.core.views.captions import Line, ReaderChannel, Session, Snapshot
from moothall.core.views.quality import PERIOD_MS, QualityFigures
from moothall.core.views.reading_order import Gap
from moothall.services.control.control_room import Raised, RoomCard
from moothall.services.control.reader_trends import SAMPLE_MS, ReaderSample
from moothall.services.control.standing import Standing
from moothall.services.desks.proposals import proposal_row
from moothall.services.desks.questions import DeskQuestions
from moothall.services.sessions.staff import HALL, Staff

FLOOR = ChannelId("floor")
MEETING = SessionId("style")
NOW = 600_000
"""The media time of all samples, in ms."""
VERDICTS = ("off", "waiting", "dead", "hum", "quiet", "loud", "ready")
"""What the microphone's page says of its sound."""
Values = dict[str, object]


MapOf = Callable[[Iterable[Hub], Catalogue], str]


class StaffStyleDoor:
    """Serves the style guides of the staff's pages."""

    def __init__(self, pages: Pages, *, served: bool, map_of: MapOf | None = None) -> None:
        """`map_of`: draws the map of groups; None where the house has none."""
        self._pages = pages
        self._map_of = map_of
        self._served = served
        self._parts: dict[str, Callable[[Catalogue], Values]] = {
            "control": self._control,
            "questions": self._questions,
            "text": self._text,
            "refinements": self._refinements,
            "caption": self._caption,
            "podium": self._questions,
            "timetable": self._timetable,
            "forms": self._forms,
        }

    def routes(self) -> list[web.RouteDef]:
        """The pages' route; empty where they aren't served."""
        return (
            [
                web.get(
                    "/about/style/{part:control|questions|text|refinements|caption|podium|timetable|forms}", self.page
                )
            ]
            if self._served
            else []
        )

    async def page(self, request: web.Request) -> web.Response:
        """A page, in the language and theme that the address asks for."""
        ui, part = language(self._pages, request), request.match_info["part"]
        choices = page_choices.chosen(request.query)
        text = self._pages.render(
            f"display/style_{part}.html",
            ui=ui,
            part=part,
            shown={f"data-{name}": choices[name] for name in page_choices.SHOWN if name in choices},
            lists=page_choices.form(choices, ui),
            words=sample_sentence(ui),
            language=ui.language,
            frame=self._frame(ui),
            **self._parts[part](ui),
        )
        return html(text, ui)

    def _frame(self, ui: Catalogue) -> Values:
        """The frame of a meeting that is on, with the tabs of whoever may open all its pages."""
        links = [Staff(role=role, scope=HALL, link="", label="") for role in (Role.SECRETARIAT, Role.TECHNICIAN)]
        facts = MeetingFacts(session=MEETING, room=NAMES[SpeakerId("a")], status=Status.OPEN)
        asked = Asked(path="", language=ui.chosen)
        return meeting_frame(facts, links, ui, self._pages.zone(), here=Tab.TEXT, asked=asked)

    def _data(self, ui: Catalogue, *groups: str, **values: object) -> str:
        return script_json({"zone": self._pages.zone().name, **values, **ui.script(*groups)})

    def _control(self, ui: Catalogue) -> Values:
        cards = _cards(ui)
        return {
            "cards": [card.key for card in cards],
            "data": self._data(ui, "staff", "control", cards=msgspec.to_builtins(cards)),
            "map": "" if self._map_of is None else self._map_of(_hubs(), ui),
            **_figures(ui, self._pages),
        }

    def _questions(self, ui: Catalogue) -> Values:
        news = DeskQuestions().news(_discussion(ui), NOW)
        return {"data": self._data(ui, "staff", "standing", "lines", "desk", "moderation", news=news, now=NOW)}

    def _text(self, ui: Catalogue) -> Values:
        lines = _lines(ui)
        snapshot = msgspec.to_builtins(
            Snapshot(epoch=Epoch("style"), offset=1, feed="", session=_session(ui), lines=lines, before=None)
        )
        words = sample_sentence(ui).split()
        # Every fifth word is in doubt; where there are no spaces, the whole line is.
        certain = {"line-1": [(f" {word}" if n else word, 0.3 if n % 5 == 0 else 1.0) for n, word in enumerate(words)]}
        return {"data": self._data(ui, "staff", "standing", "lines", "desk", snapshot=snapshot, certain=certain)}

    def _refinements(self, ui: Catalogue) -> Values:
        fates = "".join(fate.value for fate in Fate)
        state = _refined(ui)
        rows = [
            proposal_row(n, each, fate, state) for n, (fate, each) in enumerate(zip(fates, _proposals(ui), strict=True))
        ]
        return {"data": self._data(ui, "staff", "standing", "lines", "desk", "refinements", rows=rows, fates=fates)}

    def _caption(self, ui: Catalogue) -> Values:
        return {"data": script_json({"words": sample_sentence(ui), "name": NAMES[SpeakerId("a")]})}

    def _timetable(self, ui: Catalogue) -> Values:
        return {
            "columns": [NAMES[SpeakerId(name)] for name in "abe"],
            "places": ["a", "b", "e"],
            "rows": _day(ui),
            "to": lambda path: f"{path}?{urlencode({'ui': ui.language})}",
        }

    def _forms(self, ui: Catalogue) -> Values:
        verdicts = {kind: ui.named(f"microphone/verdict.{kind}") for kind in VERDICTS}
        return {"verdicts": verdicts, "levels": {"quiet": -54, "ready": -20, "loud": -1}}


def _hubs() -> tuple[Hub, ...]:
    """Groups in four places of the world, of which one has no place that is known."""
    places = (("Nairobi", "Kenya"), ("Montevideo", "Uruguay"), ("Suva", "Fiji"), ("Somewhere", ""))
    return tuple(
        Hub(name=f"style-{n}", title=name, link="", details=Details(city=city, country=country))
        for n, (name, (city, country)) in enumerate(zip(NAMES.values(), places, strict=False))
    )


def _cards(ui: Catalogue) -> tuple[RoomCard, ...]:
    """A card of a room for each of its states."""
    steady = tuple(2 + n % 2 for n in range(60))
    rising = tuple(n // 4 for n in range(60))
    gone = (*steady[:48], *(None,) * 12)

    def card(stands: Standing, *alarms: Raised, **more: object) -> RoomCard:
        on = stands not in (Standing.IDLE, Standing.CLOSED)
        known: Values = {
            "session": SessionId(f"style-{stands}"),
            "title": sample_sentence(ui)[:40],
            "status": Status.PAUSED if stands is Standing.BREAK else Status.OPEN,
            "channels": {FLOOR: (ChannelKind.FLOOR.value, ui.language)},
            "sound": 0,
            "level": -18,
            "words": 1,
            "rate": 131,
            "lag": 2,
            "delays": steady,
            "rates": tuple(110 + n * 7 % 30 for n in range(60)),
        }
        values = {**known, **more} if on else {}
        return RoomCard(key=stands.value, place=NAMES[SpeakerId("a")], stands=stands, alarms=alarms, **values)  # type: ignore[arg-type]  # fields of a RoomCard by name

    muted = Raised(kind="muted", urgent=True, values={"n": 40}, by=None)
    late = Raised(kind="late", urgent=False, values={"n": rising[-1]}, by=NAMES[SpeakerId("b")])
    return (
        card(Standing.LIVE),
        card(Standing.SILENCE, silent_since=NOW, words=95, rate=0),
        card(Standing.LATE, late, lag=rising[-1], delays=rising),
        card(Standing.CUT, muted, dead=40, level=None, delays=gone, rate=0),
        card(Standing.OFF, off=True),
        card(Standing.BREAK),
        card(Standing.IDLE),
    )


def _figures(ui: Catalogue, pages: Pages) -> Values:
    shares = {
        origin: SpeakingShare(received=n, taken=n // 2, answered=n // 3, turns=n // 2, spoken=n * 25_000, wait=60_000)
        for origin, n in ((ROOM, 12), (REMOTE, 9), (f"{HUB}style", 6))
    }
    periods = [
        (
            n * PERIOD_MS,
            QualityFigures(
                words=500 + 40 * n,
                lines=60,
                spoken_ms=240_000,
                delays={8: 300 + 20 * n, 12: 200 + 20 * n},
                by_person=n % 3,
                by_machine=1,
                gaps=n // 4,
                corrected=2,
            ),
        )
        for n in range(6)
    ]
    samples = [ReaderSample(n * SAMPLE_MS, {FLOOR: 20 + n, ChannelId("mt-fr"): 8 + n // 2}) for n in range(20)]
    channels = {
        FLOOR: Channel(id=FLOOR, kind=ChannelKind.FLOOR, languages=(ui.language,)),
        ChannelId("mt-fr"): Channel(id=ChannelId("mt-fr"), kind=ChannelKind.TRANSLATION, languages=("fr",)),
    }
    return {
        "heard": heard_part(shares, {"style": NAMES[SpeakerId("b")]}, ui),
        "quality": quality_part(periods, ui, pages.zone()),
        "readers": readers_part(samples, channels, ui, pages.zone()),
    }


def _discussion(ui: Catalogue) -> State:
    """A meeting with questions: one that is asked now, and rows that are new, flagged, picked and open."""
    questions = Questions()
    rows: tuple[tuple[InterventionStatus, Values], ...] = (
        (InterventionStatus.CALLED, {"name": NAMES[SpeakerId("a")], "given": NAMES[SpeakerId("a")], "origin": ROOM}),
        (InterventionStatus.CHECKED, {"name": NAMES[SpeakerId("b")], "given": NAMES[SpeakerId("b")]}),
        (InterventionStatus.CHECKED, {"flags": ("abuse",)}),
        (InterventionStatus.CHECKED, {"origin": f"{HUB}style"}),
        (InterventionStatus.QUEUED, {"support": 12}),
        (InterventionStatus.QUEUED, {"name": NAMES[SpeakerId("e")], "given": NAMES[SpeakerId("e")]}),
        (InterventionStatus.ANSWERED, {}),
        (InterventionStatus.LATER, {"own": True}),
    )
    for number, (status, fields) in enumerate(rows, 1):
        text = sample_sentence(ui)
        asked = {"number": number, "text": text, "received": text, "language": ui.language, "status": status}
        questions = questions.with_(InterventionId(f"q{number}"), t=NOW - 60_000 * number, **asked, **fields)
    called = InterventionId("q1")
    turn = Turn(intervention=called, origin=ROOM, asker="", t=NOW - 45_000)
    questions = msgspec.structs.replace(questions, last=len(rows), called=called, turns=(turn,))
    return State(id=MEETING, status=Status.OPEN, languages=(ui.language,), questions=questions)


def _session(ui: Catalogue) -> Session:
    return Session(
        id=MEETING,
        status=Status.OPEN,
        opened=0,
        languages=(ui.language,),
        speakers=NAMES,
        channels={FLOOR: ReaderChannel(kind=ChannelKind.FLOOR, languages=(ui.language,), of_record=True)},
        gaps=(Gap(t0=41_000, t1=49_000, reason="not-recorded"),),
    )


def _lines(ui: Catalogue) -> tuple[Line, ...]:
    told: tuple[Values, ...] = (
        {"speaker": SpeakerId("a")},
        {"speaker": SpeakerId("a")},
        {"speaker": SpeakerId("b"), "mended": True, "revision": 1},
        {"origin": Origin.PERSON},
        {"speaker": SpeakerId("e"), "t0": 50_000, "t1": 55_000},
        {"t0": 60_000, "t1": None, "segment": SegmentId("growing")},
    )
    return tuple(sample_line(n, ui, fields) for n, fields in enumerate(told))


def _proposals(ui: Catalogue) -> list[Proposal]:
    """What a second pass proposes, for a line of each fate."""
    return [
        Proposal(
            segment=SegmentId(f"line-{n}"),
            channel=FLOOR,
            base_revision=0,
            t0=n * 10_000,
            old=misheard(sample_sentence(ui)),
            new=sample_sentence(ui),
            stays=0.9,
            machine=True,
        )
        for n in range(len(Fate))
    ]


def _refined(ui: Catalogue) -> State:
    """The meeting whose lines these are."""
    lines = PersistentMap[SegmentId, Segment]()
    for each in _proposals(ui):
        line = Segment(
            id=each.segment,
            channel=FLOOR,
            language=ui.language,
            t0=each.t0,
            t1=each.t0 + 5_000,
            text=each.old,
            speaker=SpeakerId("a"),
        )
        lines = lines.set(line.id, line)
    return State(id=MEETING, speakers=dict(NAMES), segments=lines)


def _day(ui: Catalogue) -> list[Values]:
    """Two times of a day in three rooms: meetings that are on, planned, cancelled, hidden and at the same time as
    another, and a free place.
    """

    def meeting(kind: str, state: str, **more: object) -> Values:
        known: Values = {
            "id": MEETING,
            "title": sample_sentence(ui),
            "language": ui.language,
            "kind": kind,
            "state": ui.named(f"page/state.{state}"),
            "status": "",
            "times": "09:00\u201310:30",
            "rehearsal": False,
            "hidden": False,
            "imported": False,
        }
        return {**known, **more}

    def cell(*meetings: Values, rows: int = 1, clash: bool = False) -> Values:
        return {"meetings": meetings, "rows": rows, "clash": clash}

    planned = meeting("idle", "created")
    first = [cell(meeting("live", "open"), rows=2), cell(planned, meeting("idle", "created", hidden=True), clash=True)]
    return [
        {"time": "09:00", "moment": "09:00", "field": "", "cells": [*first, cell(meeting("cancelled", "cancelled"))]},
        {"time": "11:00", "moment": "11:00", "field": "", "cells": [None, cell(meeting("break", "paused")), cell()]},
    ]
