"""The reader's pages as HTML: values in, text out. Who asks, and where the values come from, is `page_door`'s part.

The same markup is made in the browser (`web/js/reader/view.js`) for lines that come later; a browser test holds the two
against each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import quality_line, took_part
from moothall.adapters.pages.templates import Pages, script_json
from moothall.adapters.pages.texts import card_part, report_part
from moothall.adapters.questions.asking_texts import figures
from moothall.adapters.questions.page_hands import raised
from moothall.adapters.reading import page_choices
from moothall.adapters.reading.page_address import FORMATS, TextAddresses
from moothall.adapters.reading.page_menu import (
    Lacking,
    by_language,
    in_own_language,
    in_place,
    menu,
    not_here,
    to_ask_for,
    ways,
)
from moothall.adapters.reading.page_rows import (
    in_paragraphs,
    in_turns,
    kind_of,
    last_words,
    notices,
    planned_for,
    row_of,
    rows_of,
    short_notice,
    standing,
    with_doubts,
    with_gaps,
    with_stand_in,
)
from moothall.adapters.reading.parallel_text import with_original_lines, with_waiting
from moothall.core.events.types import ChannelKind, Word
from moothall.core.kernel.ids import ChannelId, Position, SegmentId
from moothall.core.kernel.times import UTC_ZONE, Zone, clock_time, iso_time, offset_name
from moothall.core.questions.interventions import Questions
from moothall.core.questions.listing import figures_of
from moothall.core.session.state import ON, Status
from moothall.core.views.captions import SNAPSHOT_LINES, Line, Session, Snapshot, growing
from moothall.core.views.quality import Quality

COMPLETE = Lacking()
NOBODY: Mapping[str, object] = {"number": "", "said": "", "text": "", "may": False, "too": False, "more": "{}"}
"""Nothing is asked."""
OWN_PACE_LINES = 20
"""Lines of a page to be read at one's own pace."""
BRAILLE_LINES = 60
"""Lines of such a page for a braille display, where those of one turn are one paragraph."""


class OlderPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of lines that ends before the newest ones, for readers without JavaScript."""

    lines: tuple[Line, ...]
    start: int
    """How many lines came before the first of them."""
    total: int
    """Lines of the whole text."""
    until: int | None = None
    """When the line began that follows, media ms; None where none does."""


class OwnPace(msgspec.Struct, frozen=True, kw_only=True):
    """A few finished lines, to be read at one's own pace."""

    lines: tuple[tuple[int, Line], ...]
    """Lines and their numbers, from 0."""
    start: int
    """The number that was asked for, from 0."""
    following: int
    """The number to go on from."""
    total: int
    """Finished lines of the whole text."""
    since: int | None = None
    """When the line of the number that was asked for began, media ms; None at the beginning."""
    until: int | None = None
    """When the line to go on from began; None where there is none."""


class PageParts(msgspec.Struct, frozen=True, kw_only=True):
    """What both pages of a session's text are made with."""

    address: TextAddresses
    """Of this page: links keep what it names."""
    ui: Catalogue
    named: bool = True
    """Whether the address names the text."""
    said: Sequence[Line] | None = None
    """The lines that were spoken, where a translation is to be shown with them."""
    offered: Sequence[str] = ()
    """Languages into which the text could be translated."""
    lacking: Lacking = COMPLETE
    """What its translations lack."""
    your_turn: Mapping[str, object] | None = None
    now_asked: Mapping[str, object] = msgspec.field(default_factory=lambda: NOBODY)
    questions: Questions | None = None
    """What was asked."""

    @property
    def own(self) -> bool:
        """Whether something of it is for one visitor alone."""
        return self.your_turn is not None or bool(self.now_asked["too"])


class SessionState(msgspec.Struct, frozen=True, kw_only=True):
    """How all stands that the page of a session shows beside its text."""

    older: OlderPage | None = None
    """Older lines, in place of the newest."""
    sound_address: str | None = None
    """Where the sound can be heard."""
    public: str = ""
    """The server's address as others know it."""
    last_awaited: bool = False
    """As for `standing`."""
    quality: Quality | None = None
    """How good the text is."""
    instead: ChannelId | None = None
    """As for `in_place`."""
    instead_of: ChannelId | None = None
    begins: int | None = None
    """When it is planned to begin, Unix ms; None where nobody has said."""


NEWEST_LINES = 50
"""Lines with which the page of a meeting that goes on begins: over 50 kbit/s all 200 of a snapshot take seconds more.
The page fetches those before when somebody scrolls there."""


def first_line(snapshot: Snapshot) -> int:
    """The number of the first line on the page of a session: of a record, that of the snapshot."""
    before, lines = snapshot.before or 0, snapshot.lines
    if snapshot.session.status is Status.CLOSED or len(lines) <= NEWEST_LINES:
        return before
    grows = growing(lines)
    return before + min(len(lines) - NEWEST_LINES, len(lines) if grows is None else grows)


class SessionPage:
    """Makes the pages of a session's text. One for the whole server; it holds no state."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def render_session(self, snapshot: Snapshot, parts: PageParts, state: SessionState, *, now: int) -> str:
        """The page of a session: its newest lines, or older ones. `now` is Unix ms. What its bytes depend on is given
        here, or never changes (but for the zone of `Pages`, and a hub's status bar).
        """
        older, questions = state.older, parts.questions
        session = snapshot.session
        zone = self._clock_of(session, now)
        address, ui, said = parts.address, parts.ui, parts.said
        channel = address.channel
        if older is None:
            start = first_line(snapshot)
            lines = snapshot.lines[start - (snapshot.before or 0) :]
        else:
            lines, start = older.lines, older.start
        apart = growing(lines) if older is None else None
        kind, values = standing(snapshot, now, last_awaited=state.last_awaited)
        newest = older is None or start + len(lines) >= older.total
        until = None if older is None else older.until
        rows = rows_of(session, lines, start, apart=apart, until=until, ui=ui, zone=zone)
        if said is not None:
            rows = with_original_lines(rows, lines, said)
            rows = with_waiting(rows, lines, said, session, whole=not start, newest=newest, ui=ui, zone=zone)
        if apart is not None:
            rows.append(row_of(session, lines[apart], start + apart, ui, zone=zone))
        rows = in_turns(rows, ui)
        interpreter = ["interpreter"] if kind_of(session, channel) is ChannelKind.INTERPRETATION else []
        grows = None if apart is None else rows.pop()
        return self._pages.render(
            "reader/session.html",
            ui=ui,
            **self._around(session, parts, lines=lines, named=parts.named or older is not None),
            in_language=lambda language: address.page(ui=language),
            instead=in_place(session, address, state.instead, state.instead_of, ui),
            yours=None if parts.named or older is not None else in_own_language(session, address, ui),
            # Never the address of the page itself: of that a browser would only look for the place in it.
            newer=f"{address.page(instead_of=state.instead_of)}&at={now}",
            older=older is not None,
            making=parts.lacking.making,
            rows=rows,
            growing=grows,
            planned=planned_for(self._pages.zone(), state.begins, ui) if kind == "before" else "",
            short=short_notice(session, channel, ui),
            text_language=_language_of(session, channel),
            ways=ways(session, address, ui),
            formats=[{"address": address.record(form), "text": ui.named(f"page/format.{form}")} for form in FORMATS],
            sound_address=state.sound_address,
            quality=quality_line(state.quality, ui),
            asked=[
                *([] if questions is None else figures(figures_of(questions), ui)),
                *filter(None, [took_part(session.hubs, ui)]),
            ],
            card=card_part(
                session,
                self._pages.date(session, ui),
                ui,
                address=state.public + address.base,
                image=state.public + self._pages.card,
            ),
            report=report_part(session.id, channel or "", ui),
            before=start,
            later=None if older is None else _later(older),
            page_lines=SNAPSHOT_LINES,
            position=Position(snapshot.epoch, snapshot.offset),
            seal=None if session.seal is None else ui.named(f"reader/seal.{session.seal}"),
            kind=kind,
            state=with_stand_in(
                kind, _with_reason(ui.named(f"standing/standing.{kind}", **values), session), session, ui
            ),
            made=clock_time(zone.at(now)),
            data=script_json(
                {
                    "epoch": snapshot.epoch,
                    "offset": snapshot.offset,
                    "channel": channel,
                    "total": start + len(lines),
                    "now": now,
                    "spoke": last_words(snapshot),
                    "date": self._pages.date(session, ui),
                    "zone": _script_zone(zone, now),
                    "session": msgspec.to_builtins(session),
                    "making": parts.lacking.making,
                    "growing": None
                    if apart is None
                    else {**msgspec.to_builtins(lines[apart]), "number": start + apart},
                    "base": address.base,
                    "query": address.query,
                    **ui.script("standing", "lines", "reader", *interpreter),
                }
            ),
        )

    def render_own_pace(
        self, session: Session, seen: OwnPace, parts: PageParts, words: Mapping[SegmentId, Sequence[Word]] | None = None
    ) -> str:
        """A few lines that stay as they are until the reader asks for the next ones.

        `words`: what was recognised of them; None where the reader can't be told of which words it was not sure.
        """
        address, ui, lines = parts.address, parts.ui, [line for _, line in seen.lines]
        zone = self._clock_of(session, None)
        rows = [row_of(session, line, number, ui, zone=zone) for number, line in seen.lines]
        recognised = words is not None and kind_of(session, address.channel) is not ChannelKind.TRANSLATION
        uncertain = recognised and page_choices.UNCERTAIN in address.choices
        rows = with_doubts(rows, words if uncertain and words else {}, ui)
        rows = in_turns(with_gaps(rows, session, seen.since, seen.until, ui) if rows else [], ui)
        if parts.said is not None:
            rows = with_original_lines(rows, lines, parts.said)
        braille = page_choices.BRAILLE in address.choices
        most = BRAILLE_LINES if braille else OWN_PACE_LINES
        more = max(0, seen.total - seen.following)
        place = {"first": seen.start + 1, "last": seen.following, "total": seen.total}
        return self._pages.render(
            "reader/own_pace.html",
            ui=ui,
            **self._around(session, parts, lines=lines, named=parts.named),
            ways=ways(session, address, ui, own_pace=seen.start + 1),
            in_language=lambda language: address.own_pace(seen.start + 1, ui=language),
            rows=in_paragraphs(rows) if braille else rows,
            braille=braille,
            uncertain=uncertain,
            unsure=page_choices.unsure(ui),
            recognised=recognised,
            place=ui.text("Lines {first} to {last} of {total}", **place) if rows else None,
            next=address.own_pace(seen.following + 1) if more else None,
            more=ui.text("Next lines ({n} more)", n=more),
            previous=address.own_pace(max(1, seen.start + 1 - most)) if seen.start else None,
            newest=address.own_pace(max(1, seen.total + 1 - most)),
            here=seen.start + 1,
        )

    def _around(self, session: Session, parts: PageParts, *, lines: Sequence[Line], named: bool) -> dict[str, object]:
        """What every page of a session needs with `lines`; `named` is whether its address names the text."""
        address, ui = parts.address, parts.ui
        shown = {f"data-{name}": address.choices[name] for name in page_choices.SHOWN if name in address.choices}
        if not named and len(session.channels) > 1:
            shown["data-texts"] = by_language(session)  # js/lib/early.js goes to the one in the reader's language
        return {
            "address": address,
            "session": session,
            "title": session.title.strip() or ui.text("Meeting without a title"),
            "untitled": not session.title.strip(),
            "date": self._pages.date(session, ui),
            "closed": session.status is Status.CLOSED,
            "notices": notices(session, address.channel, ui, lines),
            "lists": page_choices.form(address.choices, ui),
            "sources": address.choices.get(page_choices.SOURCES) == "yes",
            "texts": menu(session, address, ui, self._pages.zone(), parts.offered),
            "to_ask_for": to_ask_for(session, parts.offered, ui),
            "not_here": not_here(parts.lacking, ui),
            "shown": shown,
            "your_turn": parts.your_turn,
            "now_asked": parts.now_asked,
            "raised": raised(parts.questions, ui, going=session.status in ON),
        }

    def _clock_of(self, session: Session, now: int | None) -> Zone:
        """The clock of a meeting: as it stood when that began; before, as it stands now."""
        began = now if session.opened is None else session.opened
        return UTC_ZONE if began is None else self._pages.zone().steady(began)


def _with_reason(state: str, session: Session) -> str:
    """How it stands in words; of a cancelled meeting why, too, where somebody said so."""
    return f"{state} \N{MIDDLE DOT} {session.cancelled}" if session.cancelled else state


def _language_of(session: Session, channel: ChannelId | None) -> str:
    """The language of a text, BCP-47; of what is spoken in several the first. Empty where nobody said."""
    about = None if channel is None else session.channels.get(channel)
    languages = session.languages if about is None else about.languages
    return languages[0] if languages else ""


def _script_zone(zone: Zone, now: int) -> tuple[int, str, str]:
    """The clock of a meeting for the scripts: ms ahead of UTC, and the offset as machines and as people write it."""
    moment = zone.at(now)
    ahead = moment.utcoffset()
    return 0 if ahead is None else round(ahead.total_seconds()) * 1000, iso_time(moment)[19:], offset_name(moment)


def _later(older: OlderPage) -> int | None:
    """`before` of the page that follows, None when that is the newest text."""
    following = older.start + len(older.lines) + SNAPSHOT_LINES
    return None if following >= older.total else following
