"""Renders the reader's pages as HTML from values. `page_door` handles the requests and collects the values.

The browser makes the same markup for later lines (`web/js/reader/view.js`); a browser test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import quality_line, rough_text, took_part
from moothall.adapters.pages.prepared_meeting import PreparedMeeting
from moothall.adapters.pages.templates import Pages, script_json
from moothall.adapters.pages.texts import card_part, report_part
from moothall.adapters.questions.asking_texts import figures
from moothall.adapters.questions.opinion_rows import of_session
from moothall.adapters.questions.page_hands import raised
from moothall.adapters.reading import page_choices
from moothall.adapters.reading.page_address import TextAddresses
from moothall.adapters.reading.page_menu import (
    Lacking,
    by_language,
    can_typeset,
    contents_part,
    downloads,
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
    taken_up_now,
    with_doubts,
    with_gaps,
    with_stand_in,
)
from moothall.adapters.reading.parallel_text import with_original_lines, with_waiting
from moothall.core.events.lines import Word
from moothall.core.events.types import ChannelKind, SoundKept, VoicesTold
from moothall.core.kernel.ids import ChannelId, Position, SegmentId
from moothall.core.kernel.times import UTC_ZONE, Zone, clock_time, iso_time, offset_name
from moothall.core.questions.interventions import Questions
from moothall.core.questions.listing import figures_of
from moothall.core.sessions.roughness import unquotable_languages
from moothall.core.sessions.state import ON, Status
from moothall.core.views.captions import SNAPSHOT_LINES, Line, Session, Snapshot, growing
from moothall.core.views.quality import Quality
from moothall.record.citation.contents import RecordContents

COMPLETE = Lacking()
NOBODY: Mapping[str, object] = {"number": "", "said": "", "text": "", "may": False, "too": False, "more": "{}"}
"""The values of `now_asked` when nothing is asked."""
OWN_PACE_LINES = 20
"""Lines on a page to be read at one's own pace."""
BRAILLE_LINES = 60
"""Lines on such a page for a braille display, where the lines of one turn are joined to a paragraph."""


class OlderPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of older lines, which ends before the newest lines, for readers without JavaScript."""

    lines: tuple[Line, ...]
    start: int
    """How many lines come before the first of `lines`."""
    total: int
    """How many lines the whole text has."""
    until: int | None = None
    """When the next line after `lines` began, media ms; None when none follows."""


class OwnPace(msgspec.Struct, frozen=True, kw_only=True):
    """The finished lines of one page that is read at one's own pace."""

    lines: tuple[tuple[int, Line], ...]
    """The lines, each with its number, from 0."""
    start: int
    """The requested number, from 0."""
    following: int
    """The number of the first line of the next page."""
    total: int
    """How many finished lines the whole text has."""
    since: int | None = None
    """When the line with the number `start` began, media ms; None at the beginning of the text."""
    until: int | None = None
    """When the line with the number `following` began, media ms; None when there is none."""


class PageParts(msgspec.Struct, frozen=True, kw_only=True):
    """The values that both pages of a session's text need."""

    address: TextAddresses
    """The addresses of this page: links carry its choices along."""
    ui: Catalogue
    named: bool = True
    """Whether the address names the text."""
    said: Sequence[Line] | None = None
    """The spoken lines, where a translation is shown with them; else None."""
    offered: Sequence[str] = ()
    """Languages (BCP-47) into which the text could be translated."""
    lacking: Lacking = COMPLETE
    """What the session's translations lack."""
    your_turn: Mapping[str, object] | None = None
    now_asked: Mapping[str, object] = msgspec.field(default_factory=lambda: NOBODY)
    questions: Questions | None = None
    """The questions and comments of the session; None where there are none that may be read."""
    prepared: PreparedMeeting | None = None
    """What the session is to answer; None for nothing."""

    @property
    def own(self) -> bool:
        """Whether a part of the page is for one visitor alone, so that the page can't be shared."""
        return self.your_turn is not None or bool(self.now_asked["too"])


class SessionState(msgspec.Struct, frozen=True, kw_only=True):
    """The values that a session's page shows beside its text."""

    older: OlderPage | None = None
    """The older lines to show in place of the newest, or a part of a record; None for the newest."""
    sound_address: str | None = None
    """The address at which the sound can be heard; None where there is none."""
    public: str = ""
    """The server's public address, without a path."""
    last_awaited: bool = False
    """Whether the session is about to be closed, and its last words are awaited (see `standing`)."""
    quality: Quality | None = None
    """The quality of the text; None when it is unknown."""
    instead: ChannelId | None = None
    """The text to read in place of this text now; None for none (see `in_place`)."""
    instead_of: ChannelId | None = None
    begins: int | None = None
    """When the session is planned to begin, Unix ms; None when that is unknown."""


NEWEST_LINES = 30
"""How many lines the page of an open meeting begins with: all 200 of a snapshot take seconds longer over 50 kbit/s, and
50 take 0.3 s longer than 30. The page fetches older lines when somebody scrolls to them.
"""


def first_line(snapshot: Snapshot) -> int:
    """The number of the first line on the page that shows the newest lines; for a closed session that of the
    snapshot.
    """
    before, lines = snapshot.before or 0, snapshot.lines
    if snapshot.session.status is Status.CLOSED or len(lines) <= NEWEST_LINES:
        return before
    grows = growing(lines)
    return before + min(len(lines) - NEWEST_LINES, len(lines) if grows is None else grows)


class SessionPage:
    """Renders the pages of a session's text. One object serves the whole server; it holds no state."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def render_session(
        self,
        snapshot: Snapshot,
        parts: PageParts,
        state: SessionState,
        *,
        now: int,
        contents: RecordContents | None = None,
    ) -> str:
        """Render the page of a session: its newest lines, or older ones; `contents`: those of a record, which the
        snapshot and the questions determine. `now` is Unix ms. All that its bytes depend on is passed in here or never
        changes, except the zone of `Pages` and a hub's status bar.
        """
        older, questions = state.older, parts.questions
        session = snapshot.session
        of_record = session.status is Status.CLOSED and not parts.lacking.making
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
            topic=taken_up_now(session, ui),
            prepared=parts.prepared,
            instead=in_place(session, address, state.instead, state.instead_of, ui),
            yours=None if parts.named or older is not None else in_own_language(session, address, ui),
            # Never the address of the page itself: the browser would only scroll to the fragment instead of loading it
            # again.
            newer=f"{address.page(instead_of=state.instead_of)}&at={now}",
            older=older is not None,
            still=older is not None and not of_record,
            of_record=of_record,
            contents=None if contents is None else contents_part(contents, address, ui),
            versions=address.versions(),
            end=address.page(before=0 if older is None else older.total),
            making=parts.lacking.making,
            rows=rows,
            growing=grows,
            planned=planned_for(self._pages.zone(), state.begins, ui) if kind == "before" else "",
            short=short_notice(session, channel, ui),
            rough=" ".join(rough_text(unquotable_languages(lines), ui)),
            text_language=_language_of(session, channel),
            ways=ways(session, address, ui),
            formats=downloads(session, address, ui, pdf=can_typeset()),
            sound_address=state.sound_address,
            quality=quality_line(state.quality, ui),
            asked=[
                *([] if questions is None else figures(figures_of(questions), ui)),
                *filter(None, [took_part(session.hubs, ui)]),
            ],
            opinions=of_session(
                questions,
                f"{address.base}/opinions{ui.query}",
                ui,
                over=session.status is Status.CLOSED or session.cancelled is not None,
            ),
            card=card_part(
                session,
                self._pages.date(session, ui),
                ui,
                address=state.public + address.base,
                image=state.public + self._pages.card_of(session, ui),
            ),
            report=report_part(session.id, channel or "", ui),
            before=start,
            later=None if older is None else _later(older, of_record=of_record),
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
                    "whole": 0 if newest or older is None else older.total,
                    "now": now,
                    "spoke": last_words(snapshot),
                    "date": self._pages.date(session, ui),
                    "zone": _script_zone(zone, now),
                    "session": msgspec.to_builtins(session),
                    "making": parts.lacking.making,
                    "kept": {sound: ui.named(f"page/sound.{sound}") for sound in SoundKept},
                    "voices": {measured: ui.named(f"page/voices.{measured}") for measured in VoicesTold},
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
        """Render a page of a few lines that stays as it is until the reader requests the next page.

        `words`: the recognised words of the lines; None where it isn't known of which words the recogniser was not
        sure.
        """
        address, ui, lines = parts.address, parts.ui, [line for _, line in seen.lines]
        zone = self._clock_of(session, None)
        rows = [row_of(session, line, number, ui, zone=zone) for number, line in seen.lines]
        recognised = words is not None and kind_of(session, address.channel) is not ChannelKind.TRANSLATION
        uncertain = recognised and page_choices.UNCERTAIN in address.choices
        if uncertain:
            rows = with_doubts(rows, words or {}, ui)
        rows = in_turns(with_gaps(rows, session, seen.since, seen.until, ui) if rows else [], ui)
        if parts.said is not None:
            rows = with_original_lines(rows, lines, parts.said)
        braille = page_choices.BRAILLE in address.choices
        most = BRAILLE_LINES if braille else OWN_PACE_LINES
        more = max(0, seen.total - seen.following)
        numbers = {"first": seen.start + 1, "last": seen.following, "total": seen.total}
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
            place=ui.text("Lines {first} to {last} of {total}", **numbers) if rows else None,
            next=address.own_pace(seen.following + 1) if more else None,
            more=ui.text("Next lines ({n} more)", n=more),
            previous=address.own_pace(max(1, seen.start + 1 - most)) if seen.start else None,
            newest=address.own_pace(max(1, seen.total + 1 - most)),
            here=seen.start + 1,
        )

    def _around(self, session: Session, parts: PageParts, *, lines: Sequence[Line], named: bool) -> dict[str, object]:
        """The values that every page of a session with `lines` needs; `named`: whether its address names the text."""
        address, ui = parts.address, parts.ui
        shown = {f"data-{name}": address.choices[name] for name in page_choices.SHOWN if name in address.choices}
        if not named and len(session.channels) > 1:
            shown["data-texts"] = by_language(session)  # js/lib/early.js redirects to the text in the reader's language
        return {
            "address": address,
            "session": session,
            "title": session.title.strip() or ui.text("Meeting without a title"),
            "untitled": not session.title.strip(),
            "date": self._pages.date(session, ui),
            "closed": session.status is Status.CLOSED,
            "notices": notices(session, address.channel, ui, lines, parts.lacking.services),
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
        """The clock of a meeting: the zone with the UTC offset of its opening; before the opening, of `now`."""
        began = now if session.opened is None else session.opened
        return UTC_ZONE if began is None else self._pages.zone().steady(began)


def _with_reason(state: str, session: Session) -> str:
    """The standing in words; for a cancelled meeting with the reason, where one was given."""
    return f"{state} \N{MIDDLE DOT} {session.cancelled}" if session.cancelled else state


def _language_of(session: Session, channel: ChannelId | None) -> str:
    """The language of a text, BCP-47; the first where several are spoken. Empty when it is unknown."""
    about = None if channel is None else session.channels.get(channel)
    languages = session.languages if about is None else about.languages
    return languages[0] if languages else ""


def _script_zone(zone: Zone, now: int) -> tuple[int, str, str]:
    """The clock of a meeting for the scripts: ms ahead of UTC, and the offset as machines and as people write it."""
    moment = zone.at(now)
    ahead = moment.utcoffset()
    return 0 if ahead is None else round(ahead.total_seconds()) * 1000, iso_time(moment)[19:], offset_name(moment)


def _later(older: OlderPage, *, of_record: bool) -> int | None:
    """`before` of the next page, towards newer lines; None when that is the newest text, or a record ends here."""
    shown = older.start + len(older.lines)
    following = min(shown + SNAPSHOT_LINES, older.total) if of_record else shown + SNAPSHOT_LINES
    return None if shown >= older.total or (not of_record and following >= older.total) else following
