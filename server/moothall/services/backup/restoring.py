"""Restores an empty data folder from a restore point, without what was removed since, before anything is served.

What the list of removals names is never written: a body that it names is left out while it is read from the backup. The
log then records that it was removed, as after any removal, and is signed. So it verifies, with all that is left.
Readers get a new epoch, since they may have read events that the restore point lacks.

A line of which some words were removed is left out whole: the words that stayed were written anew in events that are
lost.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Protocol

import msgspec

from moothall.core.backup import blocks
from moothall.core.backup.book import decode_entries
from moothall.core.backup.removed import RemovedContent, SoundRemoved, SoundSilenced, named
from moothall.core.backup.restore_point import RestorePoint, SessionPart, SoundPart, Stored
from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.ports import Book, BookEntry, Clock, EventLog, LogHead, Randomness, Signer
from moothall.core.sessions.state import State
from moothall.services.backup.checking import fault_of, records_of, walked
from moothall.services.backup.ports import BackupStore, RestoredSound
from moothall.services.backup.repeating import FollowedText
from moothall.services.log.drafting import PendingAppend

PAGE = 512
"""Most events of one append."""
ENTRIES = 1_000
"""Most entries of one write to the book."""
_INSTEAD = (
    "Nothing was restored. `moothall backup --verify` says which restore points are whole: take one of them, with "
    "--at. If none is, put the object's file back from another copy of the backup's folder."
)
_REMOVED = str(ev.BodyRemoved.__struct_config__.tag)


class RestoredLog(EventLog, Protocol):
    """The log that is restored."""

    async def mark_restored(self, session: SessionId, changes: int) -> None:
        """Set the number of changes that is part of the epoch in readers' positions, so that readers get one that none
        of them has.
        """
        ...


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """The result of restoring one session."""

    session: SessionId
    offset: int
    """Offset of the last event in the restore point."""
    removed: int
    """Number of events whose bodies were left out, since the list of removals names them."""


class _Unknown(Signer):
    """A placeholder where there is no key; it is never asked to sign."""

    key_id = ""

    def sign(self, message: bytes) -> bytes:
        raise NotImplementedError


@dataclass(eq=False, repr=False)
class Restoring:
    """One restore. Call `check`, then `logs`, `book` and `sound`."""

    store: BackupStore
    point: RestorePoint
    removals: RemovedContent
    _: KW_ONLY
    clock: Clock
    randomness: Randomness

    def __post_init__(self) -> None:
        self._damaged: set[Stored] = set()

    def check(self) -> list[SoundPart]:
        """Check every object, and return the recordings that are damaged: `sound` leaves them out.

        Raises RecordBroken where a session, the book or a file of the settings isn't what was written; also
        StorageUnavailable.
        """
        for part in self._sessions():
            try:
                fault = fault_of(part.session, walked(self.store, part))
            except RecordBroken as error:
                fault = f"Session {part.session}: {error}"
            if fault is not None:
                raise RecordBroken(f"{fault} {_INSTEAD}")
        self._need(self.point.book, "The programme")
        for named_part in self.point.settings:
            self._need(named_part.stored, named_part.name)
        for stored in {part.stored for part in self.point.sound}:
            try:
                self._read(stored)
            except RecordBroken:
                self._damaged.add(stored)
        return [part for part in self.point.sound if part.stored in self._damaged]

    def _need(self, stored: Stored, what: str) -> None:
        try:
            self._read(stored)
        except RecordBroken as error:
            raise RecordBroken(f"{what}: {error} {_INSTEAD}") from error

    def _read(self, stored: Stored) -> None:
        for _ in self.store.chunks(stored):
            pass

    async def logs(self, log: RestoredLog, signer: Signer | None) -> list[Restored]:
        """Restore the logs. Without a `signer` the events about removals are signed when the server runs."""
        return [await self._log(log, part, signer) for part in self._sessions()]

    async def book(self, book: Book, with_keys: Sequence[BookEntry], without: Collection[str] = ()) -> None:
        """Restore the book except for the namespaces `without`, and add the entries that were stored with the keys."""
        kept = decode_entries(self.store.get(self.point.book))
        entries = [*(each for each in kept if each.namespace not in without), *with_keys]
        for n in range(0, len(entries), ENTRIES):
            await book.write(entries[n : n + ENTRIES])

    async def sound(self, sound: RestoredSound) -> list[SoundPart]:
        """Restore the recordings; return those that are left out because a span could not be silenced in them."""
        there, left_out = {part.session for part in self._sessions()}, list[SoundPart]()
        for part in self.point.sound:
            acts = [act for act in self.removals.sound(*part.key) if act.id not in part.without]
            if (
                part.session not in there
                or part.stored in self._damaged
                or any(isinstance(act, SoundRemoved) for act in acts)
            ):
                continue
            sound.write(part, self.store.chunks(part.stored))
            spans = [act.span for act in acts if isinstance(act, SoundSilenced)]
            if spans and not await sound.silence(part, spans):
                sound.remove(part)
                left_out.append(part)
        return left_out

    def _sessions(self) -> list[SessionPart]:
        return [part for part in self.point.sessions if not self.removals.log_removed(part.epoch)]

    async def _log(self, log: RestoredLog, part: SessionPart, signer: Signer | None) -> Restored:
        removed = self.removals.text(part.session, part.epoch)
        head = await log.acquire(part.session, part.epoch)
        page, at, now = list[LogRecord](), 0, list[LogRecord]()
        unexplained: dict[int, str] = {}
        for record in records_of(self.store, part):
            at = max(at, record.header.at)
            if record.body is not None and named(record) in removed:
                now.append(record)
            (clean,) = blocks.without([record], removed)
            if clean.body is None:
                unexplained[record.header.offset] = removed.get(named(record), "")
            elif record.header.type == _REMOVED:
                event = decode_event(clean.body)
                for offset in event.offsets if isinstance(event, ev.BodyRemoved) else ():
                    unexplained.pop(offset, None)
            page.append(clean)
            if len(page) == PAGE:
                await self._append(log, head.term, page)
        await self._append(log, head.term, page)
        stays = self._stays(part, {record.header.offset: removed[named(record)] for record in now}) if now else []
        behind = LogHead(epoch=part.epoch, term=head.term, offset=part.offset, lanes=part.heads)
        await self._say(log, behind, at, (part.session, stays, unexplained), signer)
        await log.mark_restored(part.session, self.clock.wall() // 1_000)
        return Restored(session=part.session, offset=part.offset, removed=len(now))

    async def _append(self, log: RestoredLog, term: int, page: list[LogRecord]) -> None:
        if page:
            first = page[0].header
            await log.append(first.session, term, first.offset - 1, page)
            page.clear()

    async def _say(
        self,
        log: RestoredLog,
        behind: LogHead,
        at: int,
        what: tuple[SessionId, Sequence[ev.AnyEvent], Mapping[int, str]],
        signer: Signer | None,
    ) -> None:
        """Append events about what was removed and what stays of it."""
        session, stays, unexplained = what
        if not unexplained:
            return
        draft = PendingAppend(
            session,
            behind=behind,
            at=at,
            state=State(id=session),
            randomness=self.randomness,
            signer=signer or _Unknown(),
        )
        cause, wall, n = CommandId(f"restored:{behind.offset}"), self.clock.wall(), 0
        reasons = dict.fromkeys(reason or "request" for reason in unexplained.values())
        said = [
            ev.BodyRemoved(
                offsets=tuple(offset for offset, why in unexplained.items() if (why or "request") == reason),
                reason=reason,
                by=SYSTEM.id,
            )
            for reason in reasons
        ]
        for event in (*stays, *said):
            draft.add(event, SYSTEM, cause, n, wall)
            n += 1
        if signer is not None:
            draft.sign(SYSTEM, cause, n, wall)
        await log.append(session, behind.term, behind.offset, draft.records)

    def _stays(self, part: SessionPart, due: Mapping[int, str]) -> list[ev.AnyEvent]:
        followed = FollowedText(part.session)
        for record in records_of(self.store, part):
            followed.step(record)
        return followed.stays(due)
