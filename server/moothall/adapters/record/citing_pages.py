"""Renders the pages that cite a record: a quotation, the history of a line, the versions, and what differs between two
of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
from babel.dates import format_date, format_skeleton

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import rough_text
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.page_address import TextAddresses
from moothall.adapters.reading.page_menu import of_translation
from moothall.adapters.reading.page_rows import LineRow, row_of, rows_of, way_in_short
from moothall.core.events.lines import Origin
from moothall.core.kernel.ids import Position, log_epoch
from moothall.core.kernel.times import UTC_ZONE, Zone, media_time, offset_name
from moothall.core.rules.authority import STAFF_ROLES
from moothall.core.views.captions import CaptionsView, Line, Session
from moothall.record.citation import citing
from moothall.record.citation.citing import Cited
from moothall.record.citation.comparing import ComparedLine, ComparedPart, compare, compare_lines
from moothall.record.citation.history import History, LineCheck, LineText, Version, shown_lines, version_lines
from moothall.record.citation.quoting import Quotation, QuotationFate, QuotedLine
from moothall.record.wrapping import plain

FORMS: Mapping[str, tuple[str, Callable[[Cited], str | bytes]]] = {
    "txt": ("text/plain; charset=utf-8", citing.quotation),
    "bib": ("application/x-bibtex; charset=utf-8", citing.bibtex),
    "ris": ("application/x-research-info-systems; charset=utf-8", citing.ris),
    "json": ("application/vnd.citationstyles.csl+json", citing.csl_json),
}
"""The forms of a citation as a file, with their media types."""
STYLES: Mapping[str, Callable[[Cited], str]] = {"APA": citing.apa, "Chicago": citing.chicago}
"""Names of styles of citation, which are the same in all languages."""
FILES: Mapping[str, str] = {"BibTeX": "bib", "RIS": "ris", "CSL-JSON": "json"}
"""Names of files for programs that keep references, with their forms."""
NOW = "now"
"""In an address, in place of a version's number: the text as it is now."""


class Edition(msgspec.Struct, frozen=True, kw_only=True):
    """A text to read or to compare: a sealed version, or the text as it is now."""

    key: str
    """Its number, or `now`."""
    version: Version | None
    view: CaptionsView


class CitingPages:
    """Renders the pages. One object serves the whole server; it holds no state."""

    def __init__(self, pages: Pages, *, publisher: Callable[[], str], proved: bool = False) -> None:
        """`publisher`: the name of the house, empty where it has none. `proved`: whether this server gives out proofs
        of lines; a hub has none.
        """
        self._pages = pages
        self._publisher = publisher
        self._proved = proved

    def cited(
        self, quoted: Quotation, history: History, address: TextAddresses, ui: Catalogue, *, public: str
    ) -> Cited:
        """What a citation of a quotation says; `public`: the server's public address, without a path."""
        session, said = history.session, [line for line in quoted.lines if line.text]
        opened = None if session.opened is None else self._zone(session).at(session.opened)
        names, first = quoted.names, said[0].line if said else None
        return Cited(
            id=session.id,
            offset=quoted.offset,
            title=self._title(session, ui),
            names=names,
            medium=ui.text("Transcript"),
            version=self._version(quoted, history, ui),
            time="" if first is None else media_time(first.t0),
            day=None if opened is None else (opened.year, opened.month, opened.day),
            date="" if opened is None else str(format_date(opened, "long", locale=ui.locale)),
            month_and_day="" if opened is None else str(format_skeleton("MMMMd", opened, locale=ui.locale)),
            publisher=plain(self._publisher()),
            address=public + self._own_address(quoted, history, address),
            language="" if first is None else first.language,
            state=self._state(quoted, session, ui),
            text=quoted.text,
            listed=ui.listed(names),
        )

    def quotation(
        self, quoted: Quotation, history: History, address: TextAddresses, ui: Catalogue, *, public: str
    ) -> str:
        """The page of a quotation; `public` as for `cited`."""
        session = history.session
        cited = self.cited(quoted, history, address, ui, public=public)
        ends = (str(quoted.span.first), str(quoted.span.last), self._at(quoted.offset, history))
        return self._page(
            "quotation",
            session,
            address,
            ui,
            [each.line for each in quoted.lines],
            cited=cited,
            fate=quoted.fate.value,
            differs=quoted.fate is not QuotationFate.SAME,
            rows=[self._quoted(line, session, address, ui) for line in quoted.lines],
            some=bool(quoted.text),
            ready=citing.quotation(cited),
            citations=[{"name": name, "text": write(cited)} for name, write in STYLES.items()],
            files=[{"name": name, "address": address.citation(*ends, form)} for name, form in FILES.items()],
            place="" if not quoted.lines else address.line(quoted.lines[0].line.segment),
            in_language=self._in_languages(history, address, lambda own: own.citation(*ends)),
        )

    def line_history(self, line: Line, history: History, address: TextAddresses, ui: Catalogue) -> str:
        """The page with all that a line has read, newest first."""
        session = history.session
        texts = history.texts.get(line.segment, ())
        rows = [
            self._text(text, texts[number - 1] if number else None, line, history, ui)
            for number, text in enumerate(texts)
        ]
        return self._page(
            "line_history",
            session,
            address,
            ui,
            [line],
            line=self._row(session, line, ui),
            struck=line.segment in history.struck,
            rows=rows[::-1],
            declined=[
                {
                    "said": ui.text("Declined by: {role}, {time}", role=role, time=time),
                    "parts": _parts(compare(line.text, each.text)),
                    "reason": each.reason,
                }
                for each in history.declined.get(line.segment, ())
                for role in [ui.named(f"staff/role.{each.role}") if each.role in STAFF_ROLES else ""]
                for time in [self._moment(each.at, session, ui)]
            ],
            place=address.line(line.segment),
            in_language=self._in_languages(history, address, lambda own: own.line_history(line.segment)),
        )

    def versions(self, history: History, address: TextAddresses, ui: Catalogue) -> str:
        """The page that lists the versions, newest first."""
        session = history.session
        rows = []
        for number, each in enumerate(history.versions):
            before = history.versions[number - 1] if number else None
            rows.append(
                {
                    "name": ui.named(f"reader/seal.{each.version}"),
                    "sealed": self._checked(LineCheck(each.role, each.at), session, ui, "sealed"),
                    "state": self._at(each.offset, history),
                    "address": address.versions(str(each.n)),
                    "compare": "" if before is None else address.versions(str(before.n), str(each.n)),
                    "now": address.versions(str(each.n), NOW),
                }
            )
        last = history.versions[-1] if history.versions else None
        unchanged = last is not None and history.version_at(history.position.offset) is not None
        return self._page(
            "versions",
            session,
            address,
            ui,
            (),
            rows=rows[::-1],
            unchanged=unchanged,
            now=address.versions(NOW),
            cite=f"{address.base}/cite",
            kept=address.kept,
            in_language=self._in_languages(history, address, lambda own: own.versions()),
        )

    def version(self, edition: Edition, history: History, address: TextAddresses, ui: Catalogue) -> str:
        """The page with the text of a version, as its readers saw it."""
        session = edition.view.session
        lines = shown_lines(edition.view)
        rows = rows_of(session, lines, 0, ui=ui, zone=self._zone(history.session))
        return self._page(
            "version",
            history.session,
            address,
            ui,
            lines,
            called=self._name(edition, ui),
            state=self._at(edition.view.offset if edition.version is None else edition.version.offset, history),
            rows=rows,
            compare="" if edition.version is None else address.versions(edition.key, NOW),
            back=address.versions(),
            in_language=self._in_languages(history, address, lambda own: own.versions(edition.key)),
        )

    def comparison(
        self, before: Edition, after: Edition, history: History, address: TextAddresses, ui: Catalogue
    ) -> str:
        """The page that shows, word by word, what differs between two versions."""
        found = compare_lines(version_lines(before.view), version_lines(after.view))
        return self._page(
            "comparison",
            history.session,
            address,
            ui,
            shown_lines(after.view),
            first=self._name(before, ui),
            second=self._name(after, ui),
            rows=[self._compared(each, (after.view, before.view), address, ui) for each in found],
            back=address.versions(),
            in_language=self._in_languages(history, address, lambda own: own.versions(before.key, after.key)),
        )

    def _page(
        self,
        name: str,
        session: Session,
        address: TextAddresses,
        ui: Catalogue,
        lines: Sequence[Line],
        **values: object,
    ) -> str:
        """A page that shows `lines`."""
        return self._pages.render(
            f"record/{name}.html",
            ui=ui,
            session=session,
            address=address,
            title=self._title(session, ui),
            title_language=session.languages[0] if session.title.strip() and session.languages else "",
            date=self._pages.date(session, ui),
            translation=of_translation(session, address, ui, lines),
            **values,
        )

    def _quoted(self, quoted: QuotedLine, session: Session, address: TextAddresses, ui: Catalogue) -> LineRow:
        line = quoted.line
        return {
            **self._row(session, line, ui),
            "name": quoted.name,
            "was": quoted.text,
            "now": quoted.now,
            "proof": address.proof(line.segment) if self._proved and quoted.now and not session.rehearsal else "",
            "parts": _parts(quoted.parts),
            "history": address.line_history(line.segment),
            "place": address.line(line.segment),
        }

    def _text(self, text: LineText, before: LineText | None, line: Line, history: History, ui: Catalogue) -> LineRow:
        if before is None:
            by = ui.named(f"record-state/of.{line.origin}")
        elif text.by_person:
            by = self._checked(LineCheck(text.role, text.at), history.session, ui, "mended")
        else:
            by = ui.named("record-state/mended.machine", time=self._moment(text.at, history.session, ui))
        return {
            "by": by,
            "text": text.text,
            "proposed": text.proposed,
            "parts": _parts(compare("" if before is None else before.text, text.text)) if before else (),
            "state": self._at(text.offset, history),
        }

    def _compared(
        self, each: ComparedLine, views: Sequence[CaptionsView], address: TextAddresses, ui: Catalogue
    ) -> LineRow:
        """A line that differs, as it is in the first of the `views` that has it."""
        view = next(view for view in views if each.segment in view.index)
        line = view.lines[view.index.get(each.segment) or 0]
        return {
            **self._row(view.session, line, ui),
            "parts": _parts(each.parts),
            "named": each.named,
            "history": address.line_history(each.segment),
        }

    def _row(self, session: Session, line: Line, ui: Catalogue) -> LineRow:
        return row_of(session, line, 0, ui, zone=self._zone(session))

    def _title(self, session: Session, ui: Catalogue) -> str:
        return plain(session.title) or ui.text("Meeting without a title")

    def _name(self, edition: Edition, ui: Catalogue) -> str:
        if edition.version is None:
            return ui.text("The text now")
        return ui.named(f"reader/seal.{edition.version.version}")

    def _version(self, quoted: Quotation, history: History, ui: Catalogue) -> str:
        state = self._at(quoted.offset, history)
        if quoted.version is None:
            return ui.text("state {state}", state=state)
        name = ui.named(f"reader/seal.{quoted.version.version}")
        return ui.text("version “{name}”, state {state}", name=name, state=state)

    def _state(self, quoted: Quotation, session: Session, ui: Catalogue) -> str:
        """Whether quoted words were checked, in words."""
        if quoted.check is not None:
            return self._checked(quoted.check, session, ui)
        said, rough = [line for line in quoted.lines if line.text], rough_text(quoted.rough, ui)
        if any(line.check for line in said):
            return " \N{MIDDLE DOT} ".join((ui.named("record-state/part"), *rough))
        origins = {line.line.origin for line in said}
        of = ui.named(f"record-state/of.{origins.pop() if len(origins) == 1 else Origin.MACHINE}")
        return " \N{MIDDLE DOT} ".join((of, *way_in_short([line.line for line in said], ui), *rough))

    def _checked(self, check: LineCheck, session: Session, ui: Catalogue, done: str = "checked") -> str:
        time = self._moment(check.at, session, ui)
        if check.role not in STAFF_ROLES:
            return ui.named(f"record-state/{done}.nobody", time=time)
        return ui.named(f"record-state/{done}", role=ui.named(f"staff/role.{check.role}"), time=time)

    def _moment(self, at: int, session: Session, ui: Catalogue) -> str:
        moment = self._pages.zone().at(at)
        return f"{format_date(moment, 'medium', locale=ui.locale)} {moment:%H:%M} {offset_name(moment)}"

    def _zone(self, session: Session) -> Zone:
        return UTC_ZONE if session.opened is None else self._pages.zone().steady(session.opened)

    def _at(self, offset: int, history: History) -> str:
        return str(Position(log_epoch(history.position.epoch), offset))

    def _own_address(self, quoted: Quotation, history: History, address: TextAddresses) -> str:
        """The address of a quotation for everybody: it names no language of the page."""
        everybody = TextAddresses(history.session.id, channel=address.channel)
        return everybody.citation(str(quoted.span.first), str(quoted.span.last), self._at(quoted.offset, history))

    def _in_languages(
        self, history: History, address: TextAddresses, make: Callable[[TextAddresses], str]
    ) -> Callable[[str], str]:
        def in_language(language: str) -> str:
            return make(TextAddresses(history.session.id, channel=address.channel, ui=language))

        return in_language


def _parts(parts: Sequence[ComparedPart]) -> list[dict[str, str]]:
    return [{"change": part.change.value, "text": part.text} for part in parts]
