"""The list of sessions: an entry for each session, kept in memory so that a list need not load the sessions' logs.

It is read from the `session` lanes when it is first needed, and from then on follows the publications. Events without
an effect here (checkpoints, clock mappings: most of that lane) are skipped without being decoded.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.base import Event
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.kernel.actors import Role
from moothall.core.kernel.decoding import made_of, shared
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.kernel.lanes import SESSION, channel_lane
from moothall.core.kernel.languages import same_language
from moothall.core.ports import LogReading
from moothall.core.retention.periods import STAFF_DUE
from moothall.core.rules.authority import may_read
from moothall.core.sessions.state import Status
from moothall.services.log.publication import Publication

logger = logging.getLogger(__name__)

PAGE = 1_000

_STATUS: dict[type[Event], Status] = {
    ev.SessionOpened: Status.OPEN,
    ev.SessionPaused: Status.PAUSED,
    ev.SessionResumed: Status.OPEN,
    ev.SessionReopened: Status.OPEN,
    ev.SessionClosed: Status.CLOSED,
}
_PLANNING = (ev.SessionDescribed, ev.SessionArranged, ev.SessionCancelled, ev.SessionReinstated)
_KINDS: tuple[type[Event], ...] = (
    ev.SessionCreated,
    *_PLANNING,
    ev.ChannelAdded,
    ev.TextImported,
    *_STATUS,
    ev.RecordSealed,
    ev.BodyRemoved,
)
_TOLD = frozenset(str(kind.__struct_config__.tag) for kind in _KINDS)
"""The tags of the events that entries are folded from."""

_CORRECTED = str(le.SegmentCorrected.__struct_config__.tag)
_CHANNEL = channel_lane(ChannelId(""))


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """Words of a session were removed for good."""

    offset: int
    """The offset of the event that says so: files of an earlier position may have the words."""
    at: int
    """Unix ms."""
    reason: str
    """`request`; `not-recorded` for what a span of "not recorded", or a break, had caught; `due` for what was kept for
    as long as was stated.
    """
    events: int
    """How many events lost their bodies."""


class Sealing(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a session's record is complete."""

    offset: int
    at: int
    """Unix ms."""
    version: ev.SealVersion
    n: int
    """Number of the seal, from 1."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """The facts about a session that lists show."""

    session: SessionId
    title: str = ""
    languages: tuple[str, ...] = ()
    status: Status = Status.ABSENT
    opened: int | None = None
    """When it began, Unix ms."""
    closed: int | None = None
    """When it was closed, Unix ms; None while it isn't. One that was imported: when the meeting was over."""
    closing: int = 0
    """The offset of the event that closed it."""
    access: ev.Access = ev.Access.STAFF
    rehearsal: bool = False
    kind: ev.LogKind = ev.LogKind.SESSION
    """What the log is about."""
    young_people: bool = False
    """Whether young people take part."""
    named: bool = True
    """Whether public lists may name it, if everybody may read it."""
    cancelled: str | None = None
    """Why it will not be held, or empty without a reason; None while it is not cancelled."""
    channel: ChannelId | None = None
    """Its first channel."""
    texts: frozenset[str] = frozenset()
    """BCP-47 tags of the texts that it got; `languages` are those of what is spoken now."""
    imported: bool = False
    """Whether it was held elsewhere, and imported from files."""
    seals: tuple[Sealing, ...] = ()
    """The versions of its record."""
    withdrawals: tuple[Withdrawal, ...] = ()
    """What was removed from it."""
    expired: tuple[Withdrawal, ...] = ()
    """What was removed, as it was due, of what only the staff could read: news for nobody else."""
    mended: int | None = None
    """When a line was last corrected after it was closed, Unix ms; None where none was."""
    offset: int = 0
    """The offset of the last event that was folded in."""

    @property
    def public(self) -> bool:
        """Whether anyone may read it, and it is no rehearsal."""
        return self.status is not Status.ABSENT and not self.rehearsal and may_read(Role.READER, self.access)

    def has_text_in(self, language: str) -> bool:
        """Whether it has a text in a language (BCP-47), in any region or script."""
        return any(same_language(language, tag) for tag in (*self.languages, *self.texts))

    @property
    def changed(self) -> int | None:
        """When it last began, ended, got a version, was corrected after its end, or lost words, Unix ms."""
        moments = [at for at in (self.opened, self.closed, self.mended) if at is not None]
        return max([*moments, *(seal.at for seal in self.seals), *(gone.at for gone in self.withdrawals)], default=None)

    @property
    def listed(self) -> bool:
        """Whether public lists of sessions show it."""
        return self.kind is ev.LogKind.SESSION and self.public and self.channel is not None and self.named


ListPublic = Callable[[], Awaitable[Sequence[Entry]]]
"""Returns the sessions that everybody may read; at a hub, those that are copied there. May raise StorageUnavailable."""


class SessionCatalogue:
    """The list of sessions. Call `take` with every publication."""

    def __init__(self, log: LogReading) -> None:
        self._log = log
        # Bound: all sessions, some hundred bytes each.
        self._entries: dict[SessionId, Entry] = {}
        self._filled = False
        self._filling = asyncio.Lock()
        self._unread: dict[SessionId, None] = {}
        # Publications of a session while its log is being read; dropped after that.
        self._meanwhile: dict[SessionId, list[Publication]] = {}
        self._read_again: set[SessionId] = set()
        """Sessions whose reading in progress will be outdated."""

    async def listed(self) -> Sequence[Entry]:
        """The sessions that everybody may read, without rehearsals, sorted by id.

        Raises StorageUnavailable while the logs can't be read.
        """
        return [entry for entry in await self.all() if entry.listed]

    async def meetings(self) -> Sequence[Entry]:
        """Every session, public or not, without the logs about outcomes, sorted by id. Raises as `listed` does."""
        return [entry for entry in await self.all() if entry.kind is ev.LogKind.SESSION]

    async def all(self) -> Sequence[Entry]:
        """Everything that has a log, sorted by id. Raises as `listed` does."""
        await self.fill()
        return [entry for _, entry in sorted(self._entries.items())]

    async def fill(self) -> None:
        """Read the logs of sessions that aren't in the list yet. Raises as `listed` does."""
        if not self._filled or self._unread:
            async with self._filling:
                await self._fill()
                # Words may have been removed from others meanwhile: else those would be missing from the list.
                while any(session not in self._entries for session in self._unread):
                    await self._fill()

    async def hidden(self, session: SessionId) -> bool:
        """Whether the session exists and not everybody may read it, as far as its log can be read.

        Raises as `listed` does.
        """
        await self.fill()
        known = self._entries.get(session)
        return known is not None and known.status is not Status.ABSENT and not may_read(Role.READER, known.access)

    def known(self, session: SessionId) -> Entry | None:
        """The entry of a session, public or not, without reading any log; None where it isn't known."""
        return self._entries.get(session)

    def title_of(self, session: SessionId) -> str:
        """The title of a session, without reading any log; empty where it isn't known."""
        known = self._entries.get(session)
        return "" if known is None else known.title

    def closed(self, session: SessionId) -> int | None:
        """When a session was closed, Unix ms, without reading any log; None where it isn't closed, or isn't known."""
        known = self._entries.get(session)
        return None if known is None else known.closed

    def take(self, publication: Publication) -> None:
        """Update the entry of a publication's session."""
        if not publication.records:
            return
        session = publication.session
        if session in self._meanwhile:
            self._meanwhile[session].append(publication)
            return
        known = self._entries.get(session)
        if any(isinstance(event, ev.BodyRemoved) for event in publication.events):
            # A removed body may have been part of the entry.
            self.read_again(session)
        elif known is not None or publication.records[0].header.offset == 1:
            self._entries[session] = _after(known or Entry(session=session), publication)

    def drop(self, session: SessionId) -> None:
        """Forget a session whose log was erased."""
        self._entries.pop(session, None)
        self._unread.pop(session, None)

    def read_again(self, session: SessionId) -> None:
        """Have a session's log read again, since something was inserted into its middle, or removed."""
        self._entries.pop(session, None)
        self._unread[session] = None
        if session in self._meanwhile:
            self._read_again.add(session)

    async def _fill(self) -> None:
        """Read the logs of all sessions without an entry."""
        if not self._filled:
            names = await self._log.sessions()
            self._unread.update((name, None) for name in names if name not in self._entries)
        for session in tuple(self._unread):
            self._meanwhile[session] = []
            try:
                entry = await self._read(session)
            except RecordBroken:
                logger.warning("session %s: the log can't be read, so the session is not listed", session)
                entry = Entry(session=session)
            finally:
                meanwhile = self._meanwhile.pop(session)
            self._entries[session] = entry
            if session in self._read_again:
                self._read_again.remove(session)
            else:
                del self._unread[session]
            for publication in meanwhile:
                self.take(publication)
        self._filled = True

    async def _read(self, session: SessionId) -> Entry:
        entry = Entry(session=session)
        while page := await self._log.read(session, entry.offset, PAGE, frozenset({SESSION})):
            told = [record for record in page if record.header.type in _TOLD and record.body is not None]
            entry = _folded(entry, ((record, decode_event(record.body or b"")) for record in told))
            entry = msgspec.structs.replace(entry, offset=page[-1].header.offset)
            if len(page) < PAGE:
                break
        return entry if entry.closed is None else await self._with_correction(entry)

    async def _with_correction(self, entry: Entry) -> Entry:
        """The entry of a closed session, with its last correction as far as the newest events of its texts tell it:
        this looks at one event of each text.
        """
        head = await self._log.head(entry.session)
        for lane, last in {} if head is None else head.lanes.items():
            if lane.startswith(_CHANNEL):
                entry = _corrected(entry, await self._log.read(entry.session, last.offset - 1, 1, frozenset({lane})))
        return entry


def _corrected(entry: Entry, records: Iterable[LogRecord]) -> Entry:
    """The entry with the last of these events that corrects a line after the session was closed.

    The server itself writes such events only for corrections that an imported file had.
    """
    for record in records:
        header = record.header
        corrected = header.type == _CORRECTED and header.role is not Role.SYSTEM
        if corrected and entry.closed is not None and header.offset > entry.closing:
            entry = msgspec.structs.replace(entry, mended=max(header.at, entry.mended or 0))
    return entry


def _after(entry: Entry, publication: Publication) -> Entry:
    pairs = zip(publication.records, publication.events, strict=True)
    news = [(record, event) for record, event in pairs if record.header.offset > entry.offset]
    entry = _corrected(_folded(entry, news), (record for record, _ in news))
    return msgspec.structs.replace(entry, offset=max(entry.offset, publication.records[-1].header.offset))


def _folded(entry: Entry, pairs: Iterable[tuple[LogRecord, ev.AnyEvent | UnknownEvent]]) -> Entry:
    replace = msgspec.structs.replace
    for record, event in pairs:
        match event:
            case ev.SessionCreated():
                entry = replace(entry, status=Status.CREATED, **shared(entry, event))
            case ev.SessionDescribed():
                entry = replace(entry, title=event.title, languages=event.languages or entry.languages)
            case ev.SessionArranged():
                entry = replace(entry, access=event.access, named=event.listed)
            case ev.SessionCancelled():
                entry = replace(entry, cancelled=event.reason)
            case ev.SessionReinstated():
                entry = replace(entry, cancelled=None)
            case ev.ChannelAdded():
                channel = event.channel if entry.channel is None else entry.channel
                entry = replace(entry, channel=channel, texts=entry.texts.union(event.languages))
            case ev.SessionOpened():
                entry = replace(entry, status=Status.OPEN, opened=event.wall)
            case ev.TextImported():
                entry = replace(entry, imported=True)
            case ev.SessionClosed():
                held = entry.imported and entry.opened is not None
                closed = (entry.opened or 0) + event.t if held else record.header.at
                entry = replace(entry, status=Status.CLOSED, closed=closed, closing=record.header.offset)
            case ev.SessionPaused() | ev.SessionResumed() | ev.SessionReopened():
                entry = replace(entry, status=_STATUS[type(event)], closed=None, mended=None)
            case ev.RecordSealed():
                seal = made_of(Sealing, event, offset=record.header.offset, at=record.header.at)
                entry = replace(entry, seals=(*entry.seals, seal))
            case ev.BodyRemoved() if event.offsets:
                header, count = record.header, len(event.offsets)
                removal = Withdrawal(offset=header.offset, at=header.at, reason=event.reason, events=count)
                if event.reason == STAFF_DUE:
                    entry = replace(entry, expired=(*entry.expired, removal))
                else:
                    entry = replace(entry, withdrawals=(*entry.withdrawals, removal))
            case _:
                pass
    return entry
