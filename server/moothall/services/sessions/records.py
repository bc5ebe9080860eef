"""Makes records from the log: finds the channel that a reader asks for, and folds its record, or the history of its
lines, as of a snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import ChannelId, Position, SessionId, log_epoch
from moothall.core.kernel.lanes import Feed
from moothall.core.kernel.languages import same_language
from moothall.core.ports import LogReading
from moothall.core.views.captions import ReaderChannel, Snapshot
from moothall.record.citation.history import History, HistoryFold
from moothall.record.model import Record, RecordFold
from moothall.services.sessions.log_folds import LogFolds
from moothall.services.sessions.reader_access import ReaderAccess


class NotThere(StrEnum):
    """Why there is no record."""

    SESSION = "session"
    """The session doesn't exist, or may not be read."""
    CHANNEL = "channel"
    """The session has no such channel."""
    LANGUAGE = "language"
    """The session has no text in that language."""
    HERE = "here"
    """The session has that channel, but this server's copy lacks it or has only a part."""


@dataclass(eq=False, repr=False)
class Records:
    """Makes records from the log. `here` returns whether `log` holds a channel of a session completely: a hub copies
    only some channels.
    """

    access: ReaderAccess
    log: LogReading
    here: Callable[[SessionId, ChannelId], bool] = lambda *_: True

    def __post_init__(self) -> None:
        self._records = LogFolds(self.log, RecordFold)
        self._histories = LogFolds(self.log, HistoryFold)

    def forget(self, session: SessionId) -> None:
        """Drop the cached folds of a session, because something was removed from its log."""
        self._records.forget(session)
        self._histories.forget(session)

    async def find(
        self, session: SessionId, *, channel: ChannelId | None = None, language: str | None = None
    ) -> Snapshot | NotThere:
        """The snapshot of the text that a reader asks for: by its channel or language, else the session's first.

        Raises StorageUnavailable, and RecordBroken when the log can't be read.
        """
        fanout = await self.access.find(session)
        if fanout is None or self.access.may_read(session) is not None:
            return NotThere.SESSION
        first = next((each for each in fanout.channels if self.here(session, each)), None)
        if first is None:
            return NotThere.CHANNEL
        snapshot = await self.access.snapshot(session, Feed(channel or first))
        if snapshot is None:
            return NotThere.CHANNEL
        if channel is not None and not self.here(session, channel):
            return NotThere.HERE
        if language is None:
            return snapshot
        channels = {name: each for name, each in snapshot.session.channels.items() if self.here(session, name)}
        if channel is not None:
            channels = {name: each for name, each in channels.items() if name == channel}
        wanted = spoken(channels, language)
        if wanted is None:
            return NotThere.LANGUAGE
        return await self.access.snapshot(session, Feed(wanted)) or NotThere.SESSION

    async def offset_of(self, position: str, snapshot: Snapshot) -> int | None:
        """The offset of a position of a text, as addresses name it; None where the session's log never had it.

        A position may be that of another text, or of words that are still being said, and so be behind the snapshot's:
        there this text reads as it does now. Raises as `find` does.
        """
        try:
            wanted = Position.parse(position)
        except ValueError:
            return None
        if log_epoch(wanted.epoch) != log_epoch(snapshot.epoch) or not wanted.offset:
            return None
        if wanted.offset > snapshot.offset:
            head = await self.log.head(snapshot.session.id)
            if head is None or wanted.offset > head.offset:
                return None
        return wanted.offset

    async def read(self, snapshot: Snapshot, at: int | None = None) -> Record:
        """The record at a snapshot's position, or at an earlier offset `at`: equal positions give equal records, at any
        later time, except for what was removed since.

        Raises as `find` does.
        """
        if at is None:
            return await self._records.read(snapshot, RecordFold.record)
        return await self._records.read_at(snapshot, at, RecordFold.record)

    async def history(self, snapshot: Snapshot) -> History:
        """The history of a text up to a snapshot's position. Raises as `find` does."""
        return await self._histories.read(snapshot, HistoryFold.history)


def spoken(channels: Mapping[ChannelId, ReaderChannel], language: str) -> ChannelId | None:
    """The channel in a language (BCP-47): an interpretation first, then a translation, then the floor.

    A floor planned in this language alone comes before its translation: that is made as soon as somebody types in
    another language, and the reader still wants the original. A tag with a region or script matches a channel with
    exactly that tag, else one of the same language.
    """
    order = (ChannelKind.INTERPRETATION, ChannelKind.TRANSLATION, ChannelKind.FLOOR)

    def sort_key(channel: ReaderChannel) -> tuple[bool, bool, int]:
        of_one = channel.kind is ChannelKind.FLOOR and len(channel.languages) == 1
        return channel.kind is not ChannelKind.INTERPRETATION, not of_one, order.index(channel.kind)

    by_kind = sorted(channels.items(), key=lambda item: sort_key(item[1]))
    for fits in (lambda tag: tag.lower() == language.lower(), lambda tag: same_language(tag, language)):
        for name, channel in by_kind:
            if any(map(fits, channel.languages)):
                return name
    return None
