"""A session whose events arrive at the process that writes bundles."""

from __future__ import annotations

from collections.abc import Iterator

from moothall.adapters.record.bundle_messages import RecordingFile, SessionBegins
from moothall.core.chain import LogRecord
from moothall.core.events.codec import decode_event
from moothall.core.events.types import BodyRemoved, SourceAttached
from moothall.core.kernel.ids import SourceId
from moothall.core.retention.periods import STAFF_DUE
from moothall.record import bundle
from moothall.record.model import Record, RecordFold
from moothall.record.proceedings.report import SessionReport
from moothall.services.sessions.records import spoken

_WANTED = frozenset(str(kind.__struct_config__.tag) for kind in (SourceAttached, BodyRemoved))


class ArrivingSession:
    """A session whose events arrive."""

    def __init__(self, begins: SessionBegins) -> None:
        self.begins = begins
        self.report: SessionReport | None = None
        """Its published report; None where there is none."""
        self._folds = {channel: RecordFold(begins.session, begins.epoch, channel) for channel in begins.channels}
        self._sources: dict[SourceId, SourceAttached] = {}
        self._withdrawn: list[bundle.BundledRemoval] = []

    @property
    def withdrawn(self) -> tuple[bundle.BundledRemoval, ...]:
        """What was removed from it."""
        return tuple(self._withdrawn)

    def take(self, records: tuple[LogRecord, ...]) -> None:
        """Add events."""
        for fold in self._folds.values():
            fold.take([record for record in records if record.header.lane in fold.feed.lanes])
        for record in records:
            if record.header.type not in _WANTED or record.body is None:
                continue
            event, header = decode_event(record.body), record.header
            if isinstance(event, SourceAttached):
                self._sources[event.source] = event
            elif isinstance(event, BodyRemoved) and event.offsets and event.reason != STAFF_DUE:
                gone = bundle.BundledRemoval(offset=header.offset, at=header.at, reason=event.reason)
                self._withdrawn.append(gone)

    def records(self) -> Iterator[Record]:
        """The records of its texts, the first text first."""
        for fold in self._folds.values():
            record = fold.record()
            if record.channel in record.session.channels:
                yield record

    def chosen(self, language: str) -> Record | None:
        """The record of the text in a language (BCP-47), as its address would choose it; of what was spoken where there
        is no such text, or `language` is empty. None where there is no text.
        """
        first = next(self.records(), None)
        if first is None or not language:
            return first
        channel = spoken(first.session.channels, language)
        fold = None if channel in (None, first.channel) else self._folds.get(channel)
        return first if fold is None else fold.record()

    def heard(self) -> Iterator[tuple[RecordingFile, SourceAttached]]:
        """The files of its sound, with their sources."""
        for part in self.begins.sound:
            source = self._sources.get(SourceId(part.source))
            if source is not None:
                yield part, source
