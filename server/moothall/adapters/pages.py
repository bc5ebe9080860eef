"""The reader's pages as HTML: values in, text out. Who asks, and where the values come from, is `page_door`'s part.

The same markup is made in the browser (`web/js/view.js`) for lines that come later; a browser test holds the two
against each other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlencode

import msgspec
from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from moothall.adapters.page_catalogues import Catalogue, Catalogues, direction
from moothall.adapters.page_files import StaticFiles
from moothall.adapters.page_texts import GAPS, NEW_LINES, ORIGINS, SCRIPT_TEXTS, SEALS, STANDING, STANDS, STATES
from moothall.core.events import ChannelKind
from moothall.core.ids import ChannelId, Position
from moothall.core.session import Status
from moothall.core.views.captions import SNAPSHOT_LINES, Channel, Gap, Line, Session, Snapshot


class OlderPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of lines that ends before the newest ones, for readers without JavaScript."""

    lines: tuple[Line, ...]
    start: int
    """How many lines came before the first of them."""
    total: int
    """Lines of the whole text."""


def media_time(ms: int) -> str:
    """Media time for people: `4:05`, from an hour on `1:04:05`."""
    minutes, seconds = divmod(max(0, ms) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def wall_time(ms: int) -> datetime:
    """Unix ms as a moment in UTC, whole seconds."""
    return datetime.fromtimestamp(ms // 1000, UTC)


def script_json(value: object) -> Markup:
    """JSON for a data block in a page: nothing in it can end the block or start markup."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  # every character that means something in HTML was replaced above


class Pages:
    """Makes the pages. One for the whole server; it holds templates and catalogues and no state."""

    def __init__(self, web_folder: Path) -> None:
        """Read templates, catalogues and static files.

        Raises ConfigurationError when a catalogue or a file can't be read.
        """
        self.catalogues = Catalogues(web_folder / "locales")
        self.static = StaticFiles(web_folder)
        self._templates = Environment(
            loader=FileSystemLoader(web_folder / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.globals["asset"] = self.static.address

    def render_session(
        self,
        snapshot: Snapshot,
        *,
        channel: ChannelId,
        live: bool,
        ui: Catalogue,
        now: int,
        ui_chosen: bool = False,
        older: OlderPage | None = None,
    ) -> str:
        """The page of a session: its newest lines, or `older` ones.

        `now` is Unix ms; `live` is whether the feed has words as they come; `ui_chosen` whether the language came
        from the address, so that links keep it.
        """
        session = snapshot.session
        address = _Address(session, channel=channel, live=live, ui=ui.language if ui_chosen else None)
        lines, start = (snapshot.lines, snapshot.before or 0) if older is None else (older.lines, older.start)
        closed = session.status is Status.CLOSED
        growing = lines[-1] if older is None and lines and lines[-1].t1 is None else None
        kind, values = standing(snapshot, now)
        newest = older is None or start + len(lines) >= older.total
        finished = lines if growing is None else lines[:-1]
        return self._templates.get_template("session.html").render(
            ui=ui,
            catalogues=self.catalogues,
            older=older is not None,
            rows=self._rows(session, finished, start, newest=newest, ui=ui),
            address=address,
            session=session,
            title=session.title.strip() or ui.text("Meeting without a title"),
            untitled=not session.title.strip(),
            date=None if session.opened is None else format_date(wall_time(session.opened), "long", locale=ui.locale),
            growing=None
            if growing is None
            else _row(session, growing, start + len(finished), ui, _speaker_of(finished)),
            texts=self._texts_to_read(session, address, ui),
            before=start,
            later=None if older is None else _later(older),
            page_lines=SNAPSHOT_LINES,
            position=Position(snapshot.epoch, snapshot.offset),
            closed=closed,
            seal=None if session.seal is None else ui.text(SEALS[session.seal]),
            kind=kind,
            state=ui.text(STANDING[kind], **values),
            made=wall_time(now).strftime("%H:%M:%S UTC"),
            data=script_json(
                {
                    "epoch": snapshot.epoch,
                    "offset": snapshot.offset,
                    "total": start + len(lines),
                    "now": now,
                    "spoke": last_words(snapshot),
                    "ui": ui.language,
                    "session": msgspec.to_builtins(session),
                    "growing": None if growing is None else msgspec.to_builtins(growing),
                    "base": address.base,
                    "query": address.query,
                    "texts": {name: ui.text(key) for name, key in SCRIPT_TEXTS.items()},
                    "counted": {"new": dict(ui.forms(NEW_LINES))},
                }
            ),
        )

    def render_sessions(self, sessions: Sequence[Session], *, ui: Catalogue, ui_chosen: bool = False) -> str:
        """The list of sessions that everybody may read."""
        rows = [
            {
                "address": _Address(session, channel=None, live=True, ui=ui.language if ui_chosen else None).page(),
                "title": session.title.strip() or ui.text("Meeting without a title"),
                "date": "" if session.opened is None else format_date(wall_time(session.opened), locale=ui.locale),
                "state": ui.text(STATES[session.status]),
                "status": session.status.value,
            }
            for session in sessions
        ]
        return self._templates.get_template("sessions.html").render(
            ui=ui, catalogues=self.catalogues, rows=rows, in_language=lambda language: f"/?ui={language}"
        )

    def render_error(self, status: int, key: str, *, ui: Catalogue) -> str:
        """The page that says in one sentence what is wrong; `key` is one of `page_texts.ErrorText`'s."""
        return self._templates.get_template("error.html").render(
            ui=ui, catalogues=self.catalogues, status=status, sentence=ui.text(key)
        )

    def _rows(
        self, session: Session, lines: Sequence[Line], start: int, *, newest: bool, ui: Catalogue
    ) -> list[dict[str, object]]:
        """Lines and the gaps between them, in order; `newest` is whether no line follows."""
        gaps = [gap for gap in session.gaps if _gap_shows(gap, lines, first=start == 0, newest=newest)]
        rows: list[dict[str, object]] = []
        speaker: str | None = None
        for number, line in enumerate(lines, start):
            if not line.text.strip():
                continue
            while gaps and gaps[0].t0 < line.t0:
                rows.append(_gap_row(gaps.pop(0), ui))
            rows.append(_row(session, line, number, ui, speaker))
            speaker = line.speaker or ""
        return rows + [_gap_row(gap, ui) for gap in gaps]

    def _texts_to_read(self, session: Session, address: _Address, ui: Catalogue) -> list[dict[str, object]]:
        """Links to the texts of the session, where it has more than one."""
        if len(session.channels) < 2:
            return []
        return [
            {"address": address.page(channel=name), "name": channel_name(channel, ui), "here": name == address.channel}
            for name, channel in session.channels.items()
        ]


class _Address:
    """Addresses of one session's pages, which keep what the reader chose."""

    def __init__(self, session: Session, *, channel: ChannelId | None, live: bool, ui: str | None) -> None:
        self.base = f"/s/{quote(session.id)}"
        self.channel = channel
        self.live = live
        self._ui = ui

    @property
    def query(self) -> str:
        """What the streams and pages of lines are asked with."""
        return urlencode({"channel": self.channel or "", "feed": "live" if self.live else "lines"})

    def page(
        self,
        *,
        channel: ChannelId | None = None,
        live: bool | None = None,
        ui: str | None = None,
        before: int | None = None,
    ) -> str:
        """The page's address with what is named changed."""
        wanted = {
            "channel": channel or self.channel,
            "feed": None if (self.live if live is None else live) else "lines",
            "ui": ui or self._ui,
            "before": before,
        }
        query = urlencode({name: value for name, value in wanted.items() if value is not None})
        return f"{self.base}?{query}" if query else self.base

    def in_language(self, ui: str) -> str:
        """The page's address in another language of the interface."""
        return self.page(ui=ui)


def channel_name(channel: Channel, ui: Catalogue) -> str:
    """What readers call a text."""
    language = ui.language_name(channel.languages[0]) if channel.languages else ""
    match channel.kind:
        case ChannelKind.FLOOR:
            return ui.text("As spoken")
        case ChannelKind.INTERPRETATION:
            return ui.text("Interpreter: {language}", language=language)
        case ChannelKind.TRANSLATION:
            return ui.text("Translation: {language}", language=language)


def standing(snapshot: Snapshot, now: int) -> tuple[str, dict[str, int]]:
    """How the session stands as far as its log tells: a key of STANDING and the values of its places."""
    if snapshot.session.status is not Status.OPEN:
        return STANDS[snapshot.session.status], {}
    spoke = last_words(snapshot)
    if spoke is None:
        return "waiting", {}
    seconds = max(1_000, now - spoke) // 1000
    return ("live", {"n": seconds}) if seconds < 60 else ("live-min", {"n": seconds // 60})


def last_words(snapshot: Snapshot) -> int | None:
    """Unix ms at which the last words were said, as far as the lines tell; None when there are none."""
    ends = [line.t0 if line.t1 is None else line.t1 for line in snapshot.lines if line.text]
    if not ends or snapshot.session.clock is None:
        return None
    media, wall = snapshot.session.clock
    return wall + max(ends) - media


def _row(session: Session, line: Line, number: int, ui: Catalogue, before: str | None) -> dict[str, object]:
    """A line for the template; `before` is the speaker of the line above, None where there is none."""
    moment = None if session.opened is None else wall_time(session.opened + line.t0)
    return {
        "gap": None,
        "id": line.segment,
        "number": number,
        "t0": line.t0,
        "language": line.language,
        "direction": direction(line.language),
        "text": line.text.strip(),
        "speaker": line.speaker or "",
        "name": session.speakers.get(line.speaker, "") if line.speaker else "",
        "again": before is not None and (line.speaker or "") == before,
        "time": media_time(line.t0),
        "datetime": "" if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "moment": "" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "mended": line.mended,
        "mended_text": ui.text("Mended by a person"),
        "origin": line.origin.value,
        "source": ui.text(ORIGINS[line.origin]),
    }


def _speaker_of(lines: Sequence[Line]) -> str | None:
    """Who said the last of the lines that show; None where there is none."""
    shown = [line.speaker or "" for line in lines if line.text.strip()]
    return shown[-1] if shown else None


def _gap_row(gap: Gap, ui: Catalogue) -> dict[str, object]:
    return {
        "gap": ui.text(GAPS[gap.reason], start=media_time(gap.t0), end=media_time(gap.t1)),
        "t0": gap.t0,
    }


def _gap_shows(gap: Gap, lines: Sequence[Line], *, first: bool, newest: bool) -> bool:
    """Whether a gap lies within a page of lines; what lies before the first or behind the last line belongs to it."""
    if not lines:
        return True
    return (first or gap.t0 >= lines[0].t0) and (newest or gap.t0 < lines[-1].t0)


def _later(older: OlderPage) -> int | None:
    """`before` of the page that follows, None when that is the newest text."""
    following = older.start + len(older.lines) + SNAPSHOT_LINES
    return None if following >= older.total else following
