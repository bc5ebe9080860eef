"""Lines, gaps, and a session's standing, as rows for the templates of the reader's pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import msgspec
from babel.dates import format_date, get_timezone_location
from msgspec import UnsetType

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import made_text, rough_text, services_of
from moothall.adapters.reading.page_choices import unsure
from moothall.core.events.lines import AirSource, MadeFrom, Origin, Word
from moothall.core.events.types import ChannelKind, Topic, VoicesTold
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import UTC_ZONE, Zone, iso_time, media_time, offset_name
from moothall.core.sessions.roughness import heard_roughly, unquotable, unquotable_languages
from moothall.core.sessions.state import Status
from moothall.core.sessions.topics import topic_now
from moothall.core.translation.routes import languages_of
from moothall.core.views.captions import ImportedFrom, Line, ReaderChannel, Session, Snapshot
from moothall.core.views.doubts import apart
from moothall.core.views.reading_order import Gap, SpeakerTurn, with_spans
from moothall.record.imports.past import NAMES
from moothall.record.model import RecordedLine
from moothall.record.wrapping import plain
from moothall.wire.plain_text import around_doubts

LineRow = dict[str, object]

MARKS = 6
"""How many shapes precede speakers' names (web/css/lib/text.css). A session's speakers have them in the order in which
they were introduced; the seventh has the first one's again."""


def times_are(zone: Zone, now: int, ui: Catalogue) -> str:
    """The sentence that says, once on a page, by which clock its times are."""
    if zone.name == UTC_ZONE.name:
        return ui.text("Times are UTC.")
    place = get_timezone_location(zone.name, locale=ui.locale, return_city=True)
    return ui.text("Times are {place} time, {difference}.", place=place, difference=offset_name(zone.at(now)))


def planned_for(zone: Zone, begins: int | None, ui: Catalogue) -> str:
    """The sentence that says when a meeting is planned to begin (`begins`, Unix ms); empty when that is unknown."""
    if begins is None:
        return ""
    return f"{ui.text('It is planned for {time}.', time=ui.moment(zone.at(begins)))} {times_are(zone, begins, ui)}"


def shows(line: Line) -> bool:
    """Whether the line has text to show: it is not removed and not blank."""
    return not line.gone and bool(line.text.strip())


def rows_of(
    session: Session,
    lines: Sequence[Line],
    start: int,
    *,
    until: int | None = None,
    ui: Catalogue,
    zone: Zone = UTC_ZONE,
    apart: int | None = None,
) -> list[LineRow]:
    """Make rows of lines and of the gaps between them, in order, with speakers' names.

    `start` is the number of the first line in the whole text, `until` the media ms of the line that follows, None when
    none does, and `apart` the index of a line that is shown elsewhere.
    """
    rows: list[LineRow] = []
    for index, line in enumerate(lines):
        if not shows(line) or index == apart:
            continue
        rows.append(row_of(session, line, start + index, ui, zone=zone))
    return in_turns(with_gaps(rows, session, lines[0].t0 if start and lines else None, until, ui), ui)


def in_turns(rows: Sequence[LineRow], ui: Catalogue) -> list[LineRow]:
    """Return the rows, each marked with whether its turn has a heading. `rows` must be all rows that are shown one
    above the other.
    """
    unnamed = ui.named("lines/unnamed")
    turn = SpeakerTurn()
    found: list[LineRow] = []
    for row in rows:
        if row["gap"]:
            turn = turn.broken()
            found.append(row)
            continue
        heading = turn.then(str(row["name"]), changes=bool(row.get("changes")))
        turn = heading.turn
        found.append({**row, "again": not heading.begins, "unnamed": unnamed if heading.name == "" else ""})
    return found


LONGEST_PARAGRAPH = 1_200
"""The most characters of a paragraph of one turn: thirty rows of a braille display of 40 cells."""


def in_paragraphs(rows: Sequence[LineRow]) -> list[LineRow]:
    """Join the rows of `in_turns` of one turn and language to paragraphs, under the name of the first row."""
    found: list[LineRow] = []
    for row in rows:
        before = found[-1] if found else None
        if (
            before is not None
            and not row["gap"]
            and not before["gap"]
            and row["again"]
            and (row["language"], row["original"]) == (before["language"], None)
            and len(str(before["text"])) + len(str(row["text"])) < LONGEST_PARAGRAPH
        ):
            *first, (last, _) = _pieces(before)
            (begun, doubt), *rest = _pieces(row)
            pieces = (*first, (f"{last} {begun}", doubt), *rest)
            found[-1] = {**before, "text": f"{before['text']} {row['text']}", "pieces": pieces}
        else:
            found.append(row)
    return found


def with_doubts(rows: Sequence[LineRow], words: Mapping[SegmentId, Sequence[Word]], ui: Catalogue) -> list[LineRow]:
    """Have each row say in words of which of its words the recogniser was not sure.

    `words`: the recognised words of each line.
    """
    told = {"language": ui.language, "text": unsure(ui)}
    return [
        {
            **row,
            "pieces": around_doubts(str(row["text"]), words.get(SegmentId(str(row["id"])), ())),
            "unsure": told,
        }
        for row in rows
    ]


def _pieces(row: LineRow) -> Sequence[tuple[str, str]]:
    pieces = row["pieces"]
    return pieces if isinstance(pieces, list | tuple) else ()


def row_of(session: Session, line: Line, number: int, ui: Catalogue, *, zone: Zone = UTC_ZONE) -> LineRow:
    """Make the row of a line, before `in_turns` marks whose turn it is in; `zone` is the zone of its wall time."""
    moment = None if session.opened is None else zone.at(session.opened + line.t0)
    return {
        "gap": None,
        "id": line.segment,
        "number": number,
        "t0": line.t0,
        "language": line.language,
        "direction": direction(line.language),
        "text": line.text.strip(),
        "pieces": apart(line.text, line.doubts or ()),
        "unsure": None,
        "speaker": line.speaker or "",
        "name": session.speakers.get(line.speaker, "") if line.speaker else "",
        "mark": list(session.speakers).index(line.speaker) % MARKS if line.speaker in session.speakers else 0,
        "changes": bool(line.voice_changes),
        "again": False,
        "unnamed": "",
        "time": media_time(line.t0),
        "to_line": ui.named("reader/to-line", time=media_time(line.t0)),
        "datetime": "" if moment is None else iso_time(moment),
        "moment": "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} {offset_name(moment)}",
        "mended": line.mended,
        "mended_text": mended_text(line, ui),
        "origin": line.origin.value,
        "source": source_of(line, ui),
        "original": None,
        "waiting": "",
        "tool": "" if isinstance(line.tool, UnsetType) else line.tool,
        "respoken": bool(line.respoken),
        "rough": unquotable(line),
        "heard_rough": heard_roughly(line),
        "made": "" if isinstance(line.made_from, UnsetType) else msgspec.json.encode(line.made_from).decode(),
    }


def source_of(line: Line, ui: Catalogue) -> str:
    """The origin of a line, in words."""
    tool = "" if isinstance(line.tool, UnsetType) else ui.named("lines/tool", name=line.tool)
    if line.origin is Origin.TRANSLATED and not isinstance(line.made_from, UnsetType):
        made = made_text(line.made_from, ui)
        return f"{made} · {tool}" if tool else made
    if tool:
        return tool
    if unquotable(line):
        return ui.named("lines/rough")
    return ui.named("lines/respoken" if line.respoken else f"lines/origin.{line.origin}")


def mended_text(line: Line, ui: Catalogue) -> str:
    """What a line that was mended says of that, in words."""
    return ui.named("lines/accepted" if line.accepted else "lines/mended")


def whole_source_of(line: Line, ui: Catalogue) -> str:
    """The origin of a line and whether it was mended, in words, as `record.wording` has it."""
    return f"{source_of(line, ui)} · {mended_text(line, ui)}" if line.mended else source_of(line, ui)


def with_gaps(
    rows: Sequence[LineRow], session: Session, since: int | None, until: int | None, ui: Catalogue
) -> list[LineRow]:
    """Insert rows for the gaps from media ms `since` to `until` among the rows of lines; None means no limit on that
    side.
    """
    gaps = [gap for gap in session.gaps if (since is None or since < gap.t0) and (until is None or gap.t0 <= until)]
    items = with_spans(rows, gaps, lambda row: int(str(row["t0"])))
    return [_gap_row(item, ui) if isinstance(item, Gap) else item for item in items]


def _gap_row(gap: Gap, ui: Catalogue) -> LineRow:
    return {
        "gap": gap_text(gap, ui),
        "t0": gap.t0,
    }


def gap_text(gap: Gap, ui: Catalogue) -> str:
    """The text that is shown for a span without text."""
    return ui.named(f"lines/gap.{gap.reason}", start=media_time(gap.t0), end=media_time(gap.t1))


def topic_text(topic: Topic, ui: Catalogue) -> str:
    """What was taken up, in words. The title, whose direction is its own, is isolated."""
    title = f"\u2068{plain(topic.title)}\u2069"
    return f"{ui.named('lines/policy-question', n=topic.number)}: {title}" if topic.number else title


def taken_up_now(session: Session, ui: Catalogue) -> str:
    """What a meeting that is on has taken up now, in words; empty for nothing."""
    topic = None if session.status is Status.CLOSED else topic_now(session.topics or ())
    return "" if topic is None else ui.named("lines/topic-now", what=topic_text(topic, ui))


_STANDING = {Status.PAUSED: "break", Status.CLOSED: "closed"}
"""The standing of a session of which no words are awaited."""


def standing(snapshot: Snapshot, now: int, *, last_awaited: bool = False) -> tuple[str, dict[str, int]]:
    """The standing of the session as far as its log shows it: a name of the texts `standing`, and the values of its
    placeholders.

    `last_awaited`: whether the session is about to be closed, and its last words are awaited.
    """
    if snapshot.session.cancelled is not None:
        return "cancelled", {}
    if last_awaited and snapshot.session.status is not Status.CLOSED:
        return "last-words", {}
    if snapshot.session.status is not Status.OPEN:
        return _STANDING.get(snapshot.session.status, "before"), {}
    spoke = last_words(snapshot)
    if spoke is None:
        return "waiting", {}
    seconds = max(1_000, now - spoke) // 1000
    return ("live", {"n": seconds}) if seconds < 60 else ("live-min", {"n": seconds // 60})


def with_stand_in(kind: str, state: str, session: Session, ui: Catalogue) -> str:
    """The standing of a session in words, with the note that the machine stands in for a captioner where it does.

    A good state comes after the note, a bad state before it, since a narrow page cuts the end off.
    """
    if not stands_in(session):
        return state
    parts = [ui.named("standing/stands-in"), state]
    return " \N{MIDDLE DOT} ".join(parts if kind.startswith(("live", "waiting")) else parts[::-1])


def stands_in(session: Session) -> bool:
    """Whether the machine writes in place of a captioner or a tool that was on air before."""
    return session.status is Status.OPEN and session.on_air is AirSource.MACHINE


def last_words(snapshot: Snapshot) -> int | None:
    """Unix ms at which the last words were said, as far as the lines show; None without lines or a clock."""
    ends = [line.t0 if line.t1 is None else line.t1 for line in snapshot.lines if shows(line)]
    if not ends or snapshot.session.clock is None:
        return None
    media, wall = snapshot.session.clock
    return wall + max(ends) - media


def channel_name(channel: ReaderChannel, ui: Catalogue) -> str:
    """The name of a text for readers."""
    language = ui.language_name(channel.languages[0]) if channel.languages else ""
    return ui.named(f"staff/kind.{channel.kind}", language=language)


def kind_of(session: Session, channel: ChannelId | None) -> ChannelKind:
    """The kind of a text; an unknown text counts as the floor."""
    known = None if channel is None else session.channels.get(channel)
    return ChannelKind.FLOOR if known is None else known.kind


def on_demand(session: Session, channel: ChannelId | None) -> bool:
    """Whether a text is a translation that is no part of the record."""
    known = None if channel is None else session.channels.get(channel)
    return known is not None and known.kind is ChannelKind.TRANSLATION and not known.of_record


def text_notice(session: Session, channel: ChannelId | None, ui: Catalogue) -> str:
    """The notice of what a text is and what it isn't. A translation is said to be one, whatever it was made from."""
    made = ui.named(f"page/notice.{_made_how(session, channel)}")
    if not session.imported:
        return made
    translated = [made] if kind_of(session, channel) is ChannelKind.TRANSLATION else []
    return " ".join((*translated, *imported_text(session.imported, ui)))


def imported_text(imported: ImportedFrom, ui: Catalogue) -> list[str]:
    """Sentences about a text that comes from a file."""
    source = " \N{MIDDLE DOT} ".join(filter(None, [NAMES.get(imported.form, imported.form), imported.producer]))
    date = format_date(UTC_ZONE.at(imported.at), "long", locale=ui.locale)
    said = [
        ui.text(
            "Imported on {date} from a file ({source}). It was not written here, and nobody here has checked it.",
            date=date,
            source=source,
        )
    ]
    if imported.estimated:
        said.append(ui.text("The file has no times: those shown are estimated."))
    if imported.ground:
        said.append(ui.text("It may be read on this ground: {ground}", ground=imported.ground))
    return said


def _made_how(session: Session, channel: ChannelId | None) -> str:
    return "on-demand" if on_demand(session, channel) else kind_of(session, channel)


def notices(
    session: Session, channel: ChannelId | None, ui: Catalogue, lines: Sequence[Line], services: Sequence[str] = ()
) -> list[str]:
    """The notices on the page before and during a session: what the text is, and what is kept.

    For a translation a notice names the languages through which the last of its `lines` came: each hop adds mistakes.
    Named are also the services that made that line, and those to which words of the session go now (`services`).
    """
    said = text_notices(session, channel, ui, lines, services)
    if session.young_people:
        said.append(ui.text("Young people take part: no sound and no full names are kept."))
    else:
        said.append(ui.named(f"page/sound.{session.sound}"))
    if session.rehearsal:
        said.append(ui.text("This is a rehearsal: none of it stays."))
    return said


def text_notices(
    session: Session, channel: ChannelId | None, ui: Catalogue, lines: Sequence[Line], services: Sequence[str] = ()
) -> list[str]:
    """Those of the notices that say what a text is, what is measured of voices, how the last of its `lines` came about,
    and in which languages they are rough.
    """
    ways = ways_of(_last_made(lines), ui, services)
    return [text_notice(session, channel, ui), *voices_notice(session.measured, ui), *rough_notice(lines, ui), *ways]


def voices_notice(measured: VoicesTold | UnsetType, ui: Catalogue) -> list[str]:
    """The notice of what is measured of voices, and of what isn't; none where nothing is measured."""
    return [ui.named(f"page/voices.{measured}")] if measured else []


def rough_notice(lines: Sequence[Line | RecordedLine], ui: Catalogue) -> list[str]:
    """The notice that lines in some languages are not for quoting; none where there are no such lines."""
    rough = unquotable_languages(lines)
    return [ui.named("reader/rough-notice", languages=ui.listed(map(ui.language_name, rough)))] if rough else []


def _last_made(lines: Sequence[Line | RecordedLine]) -> list[MadeFrom]:
    made = (line.made_from for line in reversed(lines) if line.made_from and line.made_from.route)
    return list(islice(made, 1))


def ways_of(made: Iterable[MadeFrom], ui: Catalogue, services: Iterable[str] = ()) -> list[str]:
    """Sentences about translations that came through other languages or give the gist only, and about the services that
    made them or that are given, each once.
    """
    made = list(made)
    named = dict.fromkeys([*(name for each in made for name in services_of(each.route)), *services])
    through = dict.fromkeys(made_text(each, ui) for each in made if each.rough or languages_of(each.route)[1:])
    return [
        *through,
        *(ui.text("A service outside translates words of this meeting: {name}", name=name) for name in named),
    ]


def label(session: Session, channel: ChannelId | None, ui: Catalogue, lines: Sequence[Line | RecordedLine]) -> str:
    """The notice of `short_notice`, with the languages through which the last of the `lines` came, whether it gives the
    gist only, and in which languages the lines are rough, in a few words.
    """
    notice, way = short_notice(session, channel, ui), way_in_short(lines, ui)
    way += rough_text(unquotable_languages(lines), ui)
    return " \N{MIDDLE DOT} ".join((notice.rstrip(".。"), *way)) if way else notice


def way_in_short(lines: Sequence[Line | RecordedLine], ui: Catalogue) -> list[str]:
    """Through which languages the last of the `lines` came, and whether it gives the gist only."""
    way = []
    for made in _last_made(lines):
        if through := languages_of(made.route)[1:]:
            way.append(ui.text("Through {through}", through=ui.listed(map(ui.language_name, through))))
        if made.rough:
            way.append(ui.text("The gist only"))
    return way


def original_of(session: Session, channel: ChannelId | None, *, public: str = "", door: str = "") -> str:
    """The address of what a translation was made from, by way of a door of the session (`/text`); empty for another
    text. `public`: the server's public address, without a path.
    """
    if kind_of(session, channel) is not ChannelKind.TRANSLATION:
        return ""
    spoken = (name for name, each in session.channels.items() if each.kind is ChannelKind.FLOOR)
    return f"{public}/s/{session.id}{door}?channel={next(spoken, '')}"


def label_of(
    session: Session, channel: ChannelId | None, ui: Catalogue, lines: Sequence[Line | RecordedLine], original: str
) -> str:
    """The `label` of a translation, with the address of its original (`original_of`); of another text its `label` where
    it is rough, and otherwise nothing.
    """
    if not original:
        return label(session, channel, ui, lines) if unquotable_languages(lines) else ""
    return f"{label(session, channel, ui, lines)} \N{MIDDLE DOT} {ui.text('The original: {address}', address=original)}"


def short_notice(session: Session, channel: ChannelId | None, ui: Catalogue) -> str:
    """The notice of `text_notice` in a few words."""
    made = ui.named(f"page/short.{_made_how(session, channel)}")
    if not session.imported:
        return made
    imported = ui.text("Imported from a file: it was not written here.")
    translated = kind_of(session, channel) is ChannelKind.TRANSLATION
    return f"{made.rstrip('.。')} \N{MIDDLE DOT} {imported}" if translated else imported
