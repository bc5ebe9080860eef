"""`/about/style`: a style guide that shows each part of the pages in each of its states, for people who change the
design.

Served only where a setting enables it; the pictures of `tests/pictures` are taken from it. It renders invented data
with the functions and templates of the real pages.
"""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
from aiohttp import web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import html, language
from moothall.adapters.pages.templates import Pages
from moothall.adapters.questions.asking_texts import STANDS
from moothall.adapters.questions.page_hands import hands_of, raised
from moothall.adapters.questions.your_turn import now_asked
from moothall.adapters.reading import page_choices
from moothall.adapters.reading.page_rows import LineRow, in_turns, row_of, with_gaps
from moothall.adapters.reading.parallel_text import source_row
from moothall.adapters.styles.style_samples import NAMES, sample_line, sample_poll, sample_questions, sample_sentence
from moothall.core.events.lines import Origin, Word
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.ids import SessionId, SpeakerId
from moothall.core.questions.polls import Choice
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Session
from moothall.core.views.doubts import doubted
from moothall.core.views.reading_order import Gap

STATES: tuple[tuple[str, dict[str, object]], ...] = (
    ("live-speaking", {}),
    ("live", {"n": 7}),
    ("waiting", {}),
    ("silence-since", {"time": "14:02"}),
    ("late", {"n": 9}),
    ("late-min", {"n": 5}),
    ("soundless", {}),
    ("unsaved", {}),
    ("lost", {}),
    ("offline", {}),
    ("back", {}),
    ("last-words", {}),
    ("before", {}),
    ("break", {}),
    ("closed", {}),
)
"""Each standing of a meeting, with values for the placeholders of its text."""


class StyleDoor:
    """Serves the style guide."""

    def __init__(self, pages: Pages, *, served: bool) -> None:
        self._pages = pages
        self._served = served

    def routes(self) -> list[web.RouteDef]:
        """The page's route; empty where the page isn't served."""
        return [web.get("/about/style", self.page)] if self._served else []

    async def page(self, request: web.Request) -> web.Response:
        """The page, in the language and theme that the address asks for."""
        ui = language(self._pages, request)
        choices = page_choices.chosen(request.query)
        shown = {f"data-{name}": choices[name] for name in page_choices.SHOWN if name in choices}
        text = self._pages.render(
            "display/style.html",
            ui=ui,
            part="",
            shown={**shown, "class": "live"},  # as the pages' scripts mark it
            states=[{"kind": kind, "text": ui.named(f"standing/standing.{kind}", **values)} for kind, values in STATES],
            rows=_lines(ui, self._pages.catalogues["fr" if ui.language == "en" else "en"]),
            words=sample_sentence(ui),
            polls=_polls(ui),
            lists=page_choices.form(choices, ui),
            in_language=lambda tag: f"?{urlencode({'ui': tag})}",
            now=now_asked(
                sample_questions("named", ui), Session(id=SessionId("style"), status=Status.OPEN), ui, too=True
            ),
            raised=raised(sample_questions("hands", ui), ui, going=True),
            your_turn={
                **dict.fromkeys(("ids", "position"), ""),
                **dict.fromkeys(("address", "events", "page"), "#"),
                **dict.fromkeys(("now", "may_hold"), True),
                "said": ui.text(STANDS[InterventionStatus.CALLED]),
            },
            hands=None,
            hands_before=(),
            hands_at="#",
            hands_query="",
            hands_counted="",
            hands_begun="",
            hands_over="",
        )
        return html(text, ui)


def _lines(ui: Catalogue, other: Catalogue) -> list[LineRow]:
    """Sample lines of six named speakers and of unnamed ones: as heard, corrected and with doubtful words, typed, an
    interpreter's, translated from the `other` language, and a gap.
    """
    session = Session(
        id=SessionId("style"),
        status=Status.OPEN,
        opened=0,
        speakers=NAMES,
        gaps=(Gap(t0=81_000, t1=95_000, reason="not-recorded"),),
    )
    parts = sample_sentence(ui).split(" ")
    words = [Word(f" {part}" if n else part, 0, 1, 0.3 if n % 6 == 3 else 1.0) for n, part in enumerate(parts)]
    told: list[dict[str, object]] = [{"speaker": name} for name in NAMES]
    told += [
        {},
        {"mended": True, "doubts": doubted("", words)},
        {"origin": Origin.PERSON},
        {"origin": Origin.INTERPRETER},
        {"speaker": SpeakerId("a")},
    ]
    rows = [row_of(session, sample_line(n, ui, fields), n, ui) for n, fields in enumerate(told)]
    rows[-1] = {**rows[-1], "original": source_row(sample_line(0, other, {}))}
    rows.append({**rows[-1], "id": "waiting", "waiting": ui.named("reader/waiting")})
    return in_turns(with_gaps(rows, session, None, None, ui), ui)


def _polls(ui: Catalogue) -> list[dict[str, object]]:
    """Shows of hands: open with a choice made, open without numbers, and closed."""
    poll = sample_poll(ui)
    quiet = msgspec.structs.replace(poll, number=2, quiet=True)
    over = msgspec.structs.replace(poll, number=3, open=False)
    return [hands_of(poll, ui, mine=Choice(option=1)), hands_of(quiet, ui), hands_of(over, ui)]
