"""Folds a log's records into what a session writer knows of the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.ports import EventLog
from moothall.core.sessions.state import State, evolve
from moothall.core.views.mended_names import MendedNames
from moothall.core.views.quality import QualityView
from moothall.record.verify import RecordFault, Walk
from moothall.services.log.erasing import TextOffsets

PAGE = 250
"""Most records in one read. Folding them takes some 20 ms, after which other tasks get their turn."""
_CHECKPOINT = str(ev.RecordCheckpoint.__struct_config__.tag)


class FoldedLog:
    """The fold of a log up to its last record. The caller may set `state` if it has evolved it already."""

    def __init__(self, session: SessionId) -> None:
        self.state = State(id=session)
        self.causes: dict[CommandId, tuple[int, int]] = {}
        """The first and last offset that each command caused."""
        self.at = 0
        """Latest time at which a record was written, Unix ms: not always the last record's, as the clock may have been
        set back."""
        self.closed: int | None = None
        """When the newest close was written, Unix ms; None where there is none."""
        self.checkpoint = 0
        """Offset of the newest checkpoint; 0 when there is none."""
        self.unsigned: int | None = None
        """When the first record after the newest checkpoint was written, Unix ms; None when there is none."""
        self.text_offsets = TextOffsets()
        self.quality = QualityView()
        self.mended_names = MendedNames()

    def note(self, record: LogRecord, event: ev.AnyEvent | UnknownEvent | None) -> None:
        """Fold the next record into all but the state; `event` is None when its body was removed."""
        header = record.header
        first, _ = self.causes.get(header.cause, (header.offset, 0))
        self.causes[header.cause] = (first, header.offset)
        self.at = max(self.at, header.at)
        if header.type == _CHECKPOINT:
            self.checkpoint, self.unsigned = header.offset, None
        elif self.unsigned is None:
            self.unsigned = header.at
        if event is not None:
            self.text_offsets.note(header.offset, event)
            self.quality = self.quality.apply(header.at, header.role, event)
        if isinstance(event, ev.SessionClosed):
            self.closed = header.at
        if isinstance(event, le.SegmentCorrected) and header.role is not Role.ENGINE:
            self.mended_names = self.mended_names.corrected(self.state, event)

    def note_all(self, records: Sequence[LogRecord], events: Sequence[ev.AnyEvent], state: State) -> None:
        """Fold the next records; `state` is the session after them."""
        # A correction is compared with the line as it was just before.
        step = any(isinstance(event, le.SegmentCorrected) for event in events)
        for record, event in zip(records, events, strict=True):
            self.note(record, event)
            if step:
                self.state = evolve(self.state, event, record.header.at)
        self.state = state


async def fold(log: EventLog, session: SessionId) -> FoldedLog:
    """Read and fold the whole log. Raises StorageUnavailable, and RecordBroken for bytes that aren't what was
    written.
    """
    folded, chain, offset = FoldedLog(session), Walk(), 0
    while page := await log.read(session, offset, PAGE):
        for record in page:
            offset = record.header.offset
            chain.step(record)
            if chain.broken:
                _refuse(session, chain.broken[0])
            event = None if record.body is None else decode_event(record.body)
            folded.note(record, event)
            folded.state = evolve(folded.state, event, record.header.at)
    for finding in chain.end().broken:
        _refuse(session, finding)
    return folded


def _refuse(session: SessionId, finding: RecordFault) -> NoReturn:
    raise RecordBroken(f"The log of session {session} is damaged at event {finding.offset}. {finding.reason}")
