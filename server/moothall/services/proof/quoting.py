"""Makes the proof of a line that is quoted, and of a file that is taken home."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events.codec import decode_event
from moothall.core.events.lines import SegmentCorrected, SegmentEnded
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import ChannelId, Epoch, SegmentId, SessionId
from moothall.core.kernel.lanes import is_public
from moothall.core.ports import Clock, LogReading
from moothall.core.proof.entries import MANIFEST_FORM, ExportEntry, file_digest
from moothall.core.proof.tlog_proofs import Context, InclusionProof, LoggedEvent, LoggedExport, LoggedThing, prove
from moothall.services.proof.tree import PublicTree

_NO_TEXT = ChannelId("")
"""Stands for the text where a whole bundle is meant."""
TEXTS = frozenset(str(kind.__struct_config__.tag) for kind in (SegmentEnded, SegmentCorrected))
"""The events that carry the whole text of a line."""


class NoProof(StrEnum):
    """Why there is no proof."""

    NOWHERE = "nowhere"
    """There is no such line or event, or it has no text yet."""
    REMOVED = "removed"
    """Its words were removed."""
    REHEARSAL = "rehearsal"
    """Rehearsals have none."""
    LATER = "later"
    """It enters the tree within two minutes."""
    STILL = "still"
    """It isn't in the tree, and the tree stands still."""
    OFTEN = "often"
    """This visitor has too many files logged."""
    BUSY = "busy"
    """Too many files wait to enter."""


@dataclass(eq=False, repr=False)
class Quoting:
    """Makes proofs. The caller has to check who may read the session."""

    tree: PublicTree
    log: LogReading
    _: KW_ONLY
    clock: Clock
    offsets_of: Callable[[SessionId, SegmentId], Sequence[int]]
    """Returns the offsets of all events of a line of a loaded session, in order."""
    context_of: Callable[[SessionId, SegmentId | None], Awaitable[Context]]
    """Returns what the server says about a loaded session, and a line of it."""

    async def line(self, session: SessionId, segment: SegmentId) -> InclusionProof | NoProof:
        """The proof of the text that a line has now. Raises StorageUnavailable, RecordBroken."""
        for offset in reversed(self.offsets_of(session, segment)):
            record = await self._record(session, offset)
            if record is not None and record.header.type in TEXTS:
                return await self._event(record)
        return NoProof.NOWHERE

    async def event(self, session: SessionId, offset: int) -> InclusionProof | NoProof:
        """The proof of an event of a public lane. Raises StorageUnavailable, RecordBroken."""
        record = await self._record(session, offset)
        return NoProof.NOWHERE if record is None else await self._event(record)

    async def export(
        self, export: ExportEntry, salt: bytes, may_log: Callable[[], bool] = lambda: True
    ) -> InclusionProof | NoProof:
        """The proof of a file; it is logged when somebody first asks, if `may_log` says so. Raises StorageUnavailable,
        RecordBroken.
        """
        if not await self.tree.enters(export.session):
            return NoProof.REHEARSAL
        if not self.tree.export_waits(export.digest) and not may_log():
            return NoProof.OFTEN
        place = self.tree.log_export(export)
        if place is None:
            return self._later() if self.tree.export_waits(export.digest) else NoProof.BUSY
        return await self._export(export.session, place, salt)

    def log_manifest(self, session: SessionId, epoch: Epoch, offset: int, sha256: bytes) -> None:
        """Have the list of a bundle's files logged, once. `session` is the first one in it, which stands at `offset`.
        Where too many files wait, and before the tree is loaded, it is not: its bundle has it tried again.
        """
        _, digest = self._manifest(session, sha256)
        export = ExportEntry(
            session=session, epoch=epoch, offset=offset, channel=_NO_TEXT, form=MANIFEST_FORM, digest=digest
        )
        with suppress(StorageUnavailable):
            self.tree.log_export(export)

    async def manifest(self, session: SessionId, sha256: bytes) -> InclusionProof | NoProof:
        """The proof of the list of a bundle's files. Nothing is logged for whoever asks. Raises StorageUnavailable,
        RecordBroken.
        """
        salt, digest = self._manifest(session, sha256)
        place = self.tree.place_of_export(digest)
        if place is None:
            return self._later() if self.tree.export_waits(digest) else NoProof.NOWHERE
        return await self._export(session, place, salt)

    def _manifest(self, session: SessionId, sha256: bytes) -> tuple[bytes, str]:
        """Salt and digest of a list of files in its entry."""
        salt = self.tree.salt_of(session, _NO_TEXT, MANIFEST_FORM, sha256)
        return salt, file_digest(salt, sha256)

    async def _export(self, session: SessionId, place: int, salt: bytes) -> InclusionProof | NoProof:
        logged = await self.tree.export_at(place)
        if logged is None:
            return NoProof.NOWHERE
        context = await self._context(session, None)
        return await self._proof(LoggedExport(file=logged, salt=salt, context=context), place)

    async def _record(self, session: SessionId, offset: int) -> LogRecord | None:
        page = await self.log.read(session, offset - 1, 1)
        record = page[0] if page and page[0].header.offset == offset else None
        return record if record is not None and is_public(record.header.lane) else None

    async def _event(self, record: LogRecord) -> InclusionProof | NoProof:
        header = record.header
        if not await self.tree.enters(header.session):
            return NoProof.REHEARSAL
        event = LoggedEvent.of(record, await self._context(header.session, _line_of(record)))
        if event is None:
            return NoProof.REMOVED
        place = await self.tree.place_of(header.session, header.epoch, header.offset)
        return self._later() if place is None else await self._proof(event, place)

    def _later(self) -> NoProof:
        return NoProof.STILL if self.tree.standing.behind else NoProof.LATER

    async def _proof(self, thing: LoggedThing, place: int) -> InclusionProof:
        shown = self.tree.shown
        assert shown is not None  # noqa: S101  # a place is in a tree that is shown
        return prove(thing, place, await self.tree.path_to(place, shown.head.size), shown.note)

    async def _context(self, session: SessionId, line: SegmentId | None) -> Context:
        shown, said = self.tree.shown, await self.context_of(session, line)
        signed_at = 0 if shown is None else shown.signed_at
        return msgspec.structs.replace(said, at=self.clock.wall(), signed_at=signed_at)


def _line_of(record: LogRecord) -> SegmentId | None:
    """The line whose text an event has; None for other events, and where the text was removed."""
    event = None if record.body is None else decode_event(record.body)
    return event.segment if isinstance(event, SegmentEnded | SegmentCorrected) else None
