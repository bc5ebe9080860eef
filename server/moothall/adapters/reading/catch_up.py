"""*What did I miss?*: one page with the status of a session, its last lines, and what happened beside its words.

Without scripts it is a page of its own; scripts show its part `Missed` beside the text (`web/js/panels/catch_up.js`).
"""

from __future__ import annotations

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.templates import Pages
from moothall.adapters.questions import asking_texts as texts
from moothall.adapters.questions.page_hands import hands_of
from moothall.adapters.questions.your_turn import asker
from moothall.adapters.reading.page_address import TextAddresses
from moothall.adapters.reading.page_menu import of_translation
from moothall.adapters.reading.page_rows import (
    LineRow,
    gap_text,
    row_of,
    shows,
    standing,
    topic_text,
    with_stand_in,
)
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import UTC_ZONE, Zone, media_time, time_of_day
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.sessions.state import ON
from moothall.core.views.captions import Session, Snapshot
from moothall.core.views.happenings import Happening, happenings

LAST_LINES = 5
"""How many of the newest finished lines the page repeats."""


def render_catch_up(
    pages: Pages, snapshot: Snapshot, questions: Questions | None, address: TextAddresses, ui: Catalogue, *, now: int
) -> str:
    """Return the page as HTML; `now` is Unix ms."""
    session = snapshot.session
    going = session.status in ON
    opened = session.opened
    zone = UTC_ZONE if opened is None else pages.zone().steady(opened)
    kind, values = standing(snapshot, now)
    called = None if questions is None or not going or questions.called is None else questions.get(questions.called)
    first = snapshot.before or 0
    lines = [(number, line) for number, line in enumerate(snapshot.lines, first) if shows(line) and line.t1 is not None]
    return pages.render(
        "panels/catch_up.html",
        ui=ui,
        address=address,
        title=session.title.strip() or ui.text("Meeting without a title"),
        title_language=session.languages[0] if session.title.strip() and session.languages else "",
        kind=kind,
        state=with_stand_in(kind, ui.named(f"standing/standing.{kind}", **values), session, ui),
        speaking=session.speakers.get(session.speaking, "") if going and session.speaking else "",
        now=None if called is None or not called.published else _question(called, session, ui),
        translation=of_translation(session, address, ui, [line for _, line in lines[-LAST_LINES:]]),
        lines=[row_of(session, line, number, ui, zone=zone) for number, line in lines[-LAST_LINES:]],
        happened=[_row(each, session, ui, zone, going=going) for each in happenings(session, questions)],
    )


def _question(each: Intervention, session: Session, ui: Catalogue) -> LineRow:
    return {
        "heading": ui.text(texts.NUMBERED[each.kind], n=each.number),
        "asker": asker(each, session, ui),
        "number": each.number,
        "text": each.text,
        "language": each.language,
        "direction": direction(each.language),
    }


def _row(each: Happening, session: Session, ui: Catalogue, zone: Zone, *, going: bool) -> LineRow:
    clock = "" if session.opened is None else time_of_day(zone.at(session.opened + each.t))
    row: LineRow = {
        "t": each.t,
        "time": media_time(each.t),
        "clock": clock,
        "question": None,
        "hands": None,
        "said": "",
    }
    if each.topic is not None:
        return {**row, "said": topic_text(each.topic, ui)}
    if each.question is not None:
        return {**row, "question": _question(each.question, session, ui)}
    if each.poll is not None:
        return {**row, "hands": hands_of(each.poll, ui, going=going)}
    if each.gap is not None:
        return {**row, "said": gap_text(each.gap, ui)}
    return {**row, "said": ui.text("A break began.") if each.recorded else ui.text("From here on nothing is kept.")}
