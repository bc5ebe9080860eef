"""Writes proceedings in the process that writes bundles: what `moothall.record.proceedings` has as a file.

An e-book goes to the disk session by session. A PDF is set in one piece, in this process, whose time and memory are
bounded from then on.
"""

from __future__ import annotations

import io
import resource
import signal
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date

from babel.dates import format_date

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.record.arriving import ArrivingSession
from moothall.adapters.record.bundle_messages import BundleOrder
from moothall.adapters.record.packing import entry_of
from moothall.adapters.record.texts import wording
from moothall.adapters.record.typesetting import MAX_BYTES, TypesettingFailed, typeset, typeset_block, typeset_data
from moothall.core.kernel.times import Zone, time_of_day
from moothall.record.model import Record
from moothall.record.proceedings.document import proceedings_document, record_blocks
from moothall.record.proceedings.epub import ProceedingsBook
from moothall.record.proceedings.front import ProceedingsEntry, ProceedingsFront, ProceedingsWording
from moothall.record.wording import Wording

MAX_SECONDS = 120
"""Seconds after which the setting of a PDF is given up: the largest takes ten."""
MOST_TO_SET = 8 << 20
"""Bytes of a document that is set, as JSON: some fifteen meetings of three hours, for which Typst takes 1.8 GB of
memory. A longer one is refused before it is set.
"""


class _Proceedings:
    """What both forms share."""

    def __init__(self, order: BundleOrder, ui: Catalogue, zone: Zone) -> None:
        self._order, self._ui, self._zone = order, ui, zone
        self._words = proceedings_wording(ui)
        self._days: list[date] = []

    def _found(self, session: ArrivingSession) -> tuple[Record, Wording] | None:
        record = session.chosen(self._order.text)
        return None if record is None else (record, wording(record, self._ui, self._zone, self._order.public))

    def _begun(self, record: Record) -> tuple[str, str]:
        """The day and the time at which a session began, in words; both empty where that isn't known."""
        if record.session.opened is None:
            return "", ""
        moment = self._zone.at(record.session.opened)
        self._days.append(moment.date())
        return str(format_date(moment.date(), "full", locale=self._ui.locale)), time_of_day(moment)

    def _address(self, record: Record) -> str:
        return f"{self._order.public}/s/{record.id}"

    def _front(self) -> ProceedingsFront:
        order, dates = self._order, _span(self._days, self._ui)
        return ProceedingsFront(title=order.title, dates=dates, address=order.address, withdrawals=order.withdrawals)


class ProceedingsEpub(_Proceedings):
    """The e-book that is being written."""

    def __init__(self, archive: zipfile.ZipFile, order: BundleOrder, ui: Catalogue, zone: Zone) -> None:
        super().__init__(order, ui, zone)
        self._archive = archive
        self._book = ProceedingsBook(self._words, order.text)
        for path, text in self._book.begin().items():
            self._write(path, text)

    def add_session(self, session: ArrivingSession) -> None:
        """Write a session's pages."""
        found = self._found(session)
        if found is None:
            return
        day, time = self._begun(found[0])
        added = self._book.add(*found, day=day, time=time, address=self._address(found[0]), report=session.report)
        for path, text in added:
            self._write(path, text)

    def finish(self) -> None:
        """Write the title page, the contents, and what the book is."""
        for path, text in self._book.finish(self._front()):
            self._write(path, text)

    def _write(self, path: str, text: str) -> None:
        self._archive.writestr(entry_of(path, packed=path == "mimetype"), text.encode())


class ProceedingsPdf(_Proceedings):
    """The PDF that is being written."""

    def __init__(
        self,
        out: io.BufferedIOBase,
        order: BundleOrder,
        ui: Catalogue,
        zone: Zone,
        *,
        before_setting: Callable[[], None],
        most: int = MOST_TO_SET,
    ) -> None:
        super().__init__(order, ui, zone)
        self._out = out
        self._before_setting = before_setting
        self._most = most
        self._entries: list[ProceedingsEntry] = []
        self._blocks: list[bytes] = []
        self._size = 0

    def add_session(self, session: ArrivingSession) -> None:
        """Add a session's paragraphs. Raises TypesettingFailed when there are too many."""
        found = self._found(session)
        if found is None:
            return
        record, words = found
        day, time = self._begun(record)
        name = f"meeting{len(self._entries) + 1}"
        report = session.report
        entry = ProceedingsEntry(
            title=words.title_of(record),
            day=day,
            time=time,
            address=self._address(record),
            name=name,
            report="" if report is None else self._words.report_of(report.title),
            report_name="" if report is None else f"{name}report",
        )
        new = not self._entries or self._entries[-1].day != entry.day
        blocks = [
            typeset_block(each) for each in record_blocks(record, words, entry, day=day if new else "", report=report)
        ]
        self._size += sum(map(len, blocks))
        if self._size > self._most:
            raise TypesettingFailed("The PDF could not be set: there are too many meetings for one file.")
        self._blocks += blocks
        self._entries.append(entry)

    def finish(self) -> None:
        """Set the PDF. Raises TypesettingFailed."""
        data = typeset_data(proceedings_document(self._front(), self._words, self._entries), self._blocks)
        self._blocks.clear()
        self._before_setting()
        self._out.write(typeset(data))


def proceedings_wording(ui: Catalogue) -> ProceedingsWording:
    """The texts of proceedings in the language of the interface."""
    return ProceedingsWording(
        language=ui.language,
        direction=ui.direction,
        withdrawn=ui.named("bundle/withdrawn"),
        none=ui.named("bundle/none"),
        unshown=ui.text("□ stands for a character that cannot be shown here. The other files have it."),
        **ui.group("proceedings"),
    )


def bound() -> None:
    """From now on end this process when it takes too long (by SIGALRM, which nobody catches) or too much memory."""
    with suppress(ValueError, OSError):  # macOS refuses some limits
        resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES, MAX_BYTES))
    signal.alarm(MAX_SECONDS)


def _span(days: list[date], ui: Catalogue) -> str:
    """The first day and the last one in words."""
    if not days:
        return ""
    first, last = (str(format_date(each, "long", locale=ui.locale)) for each in (min(days), max(days)))
    return first if first == last else f"{first} \N{EN DASH} {last}"
