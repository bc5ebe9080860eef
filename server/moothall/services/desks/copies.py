"""Finds the copies of a line's words in other logs, to which the line was moved or from which it came."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

import msgspec

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import SegmentId, SessionId, SpeakerId
from moothall.core.ports import EventLog
from moothall.core.removal.moves import AWAY, HERE, LineKey, Move, Moves, Orphan, arrived
from moothall.core.removal.selection import Selection, WordsOf, names_in, selected
from moothall.services.log.session_writer import SessionWriter

logger = logging.getLogger(__name__)

FindWriter = Callable[[SessionId], Awaitable[SessionWriter | None]]
"""Returns a session's writer; None where there is no such session. Raises StorageUnavailable and RecordBroken."""


class InLog(msgspec.Struct, frozen=True):
    """The part of one log that holds the same words."""

    writer: SessionWriter
    segments: tuple[SegmentId, ...]
    said: tuple[SegmentId, ...]
    """The segments that were said in this session, so that it has their sound."""
    names: tuple[SpeakerId, ...] = ()
    """Speakers whose names are to be removed too."""


class FoundCopies(msgspec.Struct, frozen=True):
    """All copies of a selection's words, without the segments that the selection itself names in its own log."""

    here: InLog
    elsewhere: tuple[InLog, ...]
    unread: tuple[SessionId, ...]
    """Sessions whose log is damaged."""


class OtherLogs:
    """Finds copies of words in all logs. It keeps no state between two searches."""

    def __init__(self, log: EventLog, find: FindWriter) -> None:
        self._log = log
        self._find = find

    async def of(self, writer: SessionWriter, selection: Selection) -> FoundCopies:
        """Find the copies of the words that `selection` takes from a log. Raises StorageUnavailable.

        Where the selection is all words of a person, lines are left out that were given to another speaker since they
        came to their present log. Of a line from which only a part goes, those that were made of it later have nothing
        of that part.
        """
        search = _Search(self._log, self._find, await self._moves())
        cuts = {(writer.session, cut.line.id): cut for cut in selected(writer.state, selection)}
        start = cuts.keys()
        seen, ahead = set(start), list(start)
        while ahead:
            from_here = ahead.pop()
            later = from_here not in cuts or not cuts[from_here].for_parts
            for line_key in await search.neighbours(from_here, later=later):
                if line_key in seen or (isinstance(selection, WordsOf) and await search.given_to_another(line_key)):
                    continue
                seen.add(line_key)
                ahead.append(line_key)
        with_names = bool(names_in(selection))
        here = await search.in_log(writer, seen - start, with_names=False)
        others = sorted({session for session, _ in seen} - {writer.session})
        found = [await search.in_log(each, seen, with_names=with_names) for each in await search.writers(others)]
        return FoundCopies(here, tuple(each for each in found if each.segments), tuple(sorted(search.unread)))

    async def _moves(self) -> Moves:
        came: list[Move] = []
        left: list[Move] = []
        for record in (*await self._log.caused(HERE), *await self._log.caused(AWAY)):
            if record.body is None:
                continue
            event = None
            with suppress(RecordBroken):
                event = decode_event(record.body)
            if isinstance(event, le.SegmentsMovedHere | le.SegmentsMovedAway):
                header = record.header
                move = Move(session=header.session, cause=header.cause, segments=event.segments, other=event.session)
                (came if isinstance(event, le.SegmentsMovedHere) else left).append(move)
        return Moves(came, left)


class _Search:
    """One search, which loads each session only once."""

    def __init__(self, log: EventLog, find: FindWriter, moves: Moves) -> None:
        self.unread: set[SessionId] = set()
        self._log = log
        self._find = find
        self._moves = moves
        self._known: dict[SessionId, SessionWriter | None] = {}

    async def writers(self, sessions: Iterable[SessionId]) -> list[SessionWriter]:
        """Writers of those sessions that exist and can be read."""
        found = [await self._writer(session) for session in sessions]
        return [writer for writer in found if writer is not None]

    async def neighbours(self, line_key: LineKey, *, later: bool) -> set[LineKey]:
        """The lines with the same words that are one move away: without those that were made of it unless `later`."""
        found = set(self._moves.neighbours(line_key) if later else self._moves.origins(line_key))
        for orphan in self._moves.orphans:
            if orphan.line_key == line_key:
                found |= await self._origins(orphan)
            elif (
                later
                and arrived(orphan.cause, line_key[1]) == orphan.line_key[1]
                and await self._is_origin(orphan, line_key)
            ):
                found.add(orphan.line_key)
        return found

    async def given_to_another(self, line_key: LineKey) -> bool:
        """Whether a line that is still there was given to another speaker since it came into its present log."""
        session, segment = line_key
        writer = await self._writer(session)
        line = None if writer is None else writer.state.segments.get(segment)
        if writer is None or line is None or line.gone or line.speaker is None:
            return False
        first, *_ = writer.text_offsets.of_lines([segment])
        (record,) = await self._log.read(session, first - 1, 1)
        event = None if record.body is None else decode_event(record.body)
        return isinstance(event, le.SegmentOpened) and event.speaker != line.speaker

    async def in_log(self, writer: SessionWriter, line_keys: Iterable[LineKey], *, with_names: bool) -> InLog:
        """The lines of `line_keys` whose text a log still holds. `with_names`: also find speakers whose names came with
        them.
        """
        held = [
            segment
            for session, segment in sorted(line_keys)
            if session == writer.session and writer.text_offsets.of_lines([segment])
        ]
        said = tuple(segment for segment in held if (writer.session, segment) not in self._moves.foreign)
        names = await self._brought(writer, frozenset(held)) if with_names else ()
        return InLog(writer, tuple(held), said, names)

    async def _brought(self, writer: SessionWriter, held: frozenset[SegmentId]) -> tuple[SpeakerId, ...]:
        """Speakers of these lines and of no others, whose names came into the log with the lines."""
        theirs = {line.speaker for name, line in writer.state.segments.items() if name in held}
        others = {line.speaker for name, line in writer.state.segments.items() if name not in held}
        brought = []
        for speaker in sorted(each for each in theirs - others if each is not None):
            offsets = writer.text_offsets.of_names([speaker])
            records = [await self._log.read(writer.session, offset - 1, 1) for offset in offsets]
            if records and all(record.header.cause.endswith(HERE) for (record,) in records):
                brought.append(speaker)
        return tuple(brought)

    async def _origins(self, orphan: Orphan) -> set[LineKey]:
        sessions = await self._log.sessions() if orphan.origin is None else (orphan.origin,)
        return {
            (writer.session, segment)
            for writer in await self.writers(sessions)
            for segment, _ in writer.state.segments.items()
            if arrived(orphan.cause, segment) == orphan.line_key[1]
            and await self._is_origin(orphan, (writer.session, segment))
        }

    async def _is_origin(self, orphan: Orphan, line_key: LineKey) -> bool:
        """Whether a line whose id fits is the origin: lines of several sessions may have that id."""
        session, segment = line_key
        if orphan.origin is not None or session == orphan.line_key[0]:
            return session == orphan.origin
        one, other = await self._writer(session), await self._writer(orphan.line_key[0])
        if one is None or other is None or one.state.access is ev.Access.PUBLIC:
            return False
        was, came = one.state.segments.get(segment), other.state.segments.get(orphan.line_key[1])
        return was is not None and came is not None and was.whole == came.whole

    async def _writer(self, session: SessionId) -> SessionWriter | None:
        if session not in self._known:
            try:
                self._known[session] = await self._find(session)
            except RecordBroken:
                logger.error("session %s: the log can't be read, so its moved lines are not checked", session)
                self.unread.add(session)
                self._known[session] = None
        return self._known[session]
