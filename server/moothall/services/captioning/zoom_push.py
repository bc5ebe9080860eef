"""Sends finished lines of sessions as captions to Zoom, to the address that staff gave for a session.

A line is held for three seconds, since Zoom takes nothing back, and sent once. Failed requests are retried with growing
back-off, and the control room is notified. Lines that were said a while ago and are in the text again (brought back,
restored, moved here) are not sent. The address is a secret: it is in the book, and in no log.
`services/sessions/forgetting.py` decides when it is forgotten.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Protocol

import msgspec

from moothall.core.captioning.outgoing import (
    LATE_MS,
    OutgoingLine,
    OutgoingLines,
    due,
    in_time,
    mended,
    with_line,
    without,
)
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.backoff import Backoff
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.ports import Book, BookEntry, Clock
from moothall.services.log.publication import Publication
from moothall.services.sessions.forgetting import Forgetting
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions

logger = logging.getLogger(__name__)

NAMESPACE = "zoom"
LOOK_MS = 250
BACKOFF = Backoff(first_ms=1_000, last_ms=15_000)
MOST_TARGETS = 1_000
"""Most sessions with an address. Overflow: another one is refused."""
ENDED = 100
"""Lines that are remembered for not being sent twice. Overflow: the oldest is forgotten; it is too old to be sent."""
FORGET_LOOK_MS = 60_000
"""Interval at which addresses are checked for whether they are to be forgotten, in ms."""
DROPS = (ev.SessionPaused, ev.NotRecordedBegan)
"""Events at which all waiting lines are dropped, since they may be what is not to be recorded. A removal drops only
those waiting lines that it has removed."""


class ZoomTarget(msgspec.Struct, frozen=True, kw_only=True):
    """The destination of a session's captions, as staff entered it."""

    address: str
    channel: ChannelId = ChannelId("")
    """The channel; empty for the session's first."""
    entered: int = 0
    """When the address was entered, Unix ms."""


class CaptionSender(Protocol):
    """Sends captions to an address. A failure of the other side is a return value, never an exception."""

    async def last(self, address: str) -> int | None:
        """Number of the last caption that was taken; None where it can't be found out now."""
        ...

    async def post(self, address: str, seq: int, line: OutgoingLine) -> bool:
        """Send a caption with the number `seq`; return whether it was taken."""
        ...


class _Sending:
    def __init__(self) -> None:
        self.waiting: OutgoingLines = ()
        self.ended: deque[SegmentId] = deque(maxlen=ENDED)
        """The lines that ended last, sent or not."""
        self.seq: int | None = None
        self.failures = 0
        self.again = 0
        self.busy = False


class ZoomPush:
    """The sessions that are captioned in Zoom. Call `load` first, and keep `run` running."""

    def __init__(
        self, sessions: Sessions, book: Book, sender: CaptionSender, forgetting: Forgetting, clock: Clock
    ) -> None:
        self._forgetting = forgetting
        self._book = book
        self._sender = sender
        self._clock = clock
        self._targets: dict[SessionId, ZoomTarget] = {}
        # Bound: the targets.
        self._sending: dict[SessionId, _Sending] = {}
        sessions.observe(self._seen)

    async def load(self) -> None:
        """Read the addresses from the book. Raises StorageUnavailable."""
        read = await self._book.read(NAMESPACE)
        self._targets = {SessionId(name): msgspec.json.decode(body, type=ZoomTarget) for name, body in read.items()}

    def target(self, session: SessionId) -> ZoomTarget | None:
        """The destination of a session's captions; None where they aren't sent."""
        return self._targets.get(session)

    async def send_to(self, session: SessionId, target: ZoomTarget | None) -> bool:
        """Set the destination of a session's captions; None ends the sending. Returns False where `MOST_TARGETS` is
        reached.

        Raises StorageUnavailable.
        """
        if target is not None and session not in self._targets and len(self._targets) >= MOST_TARGETS:
            return False
        await self._book.write([BookEntry(NAMESPACE, session, None if target is None else msgspec.json.encode(target))])
        if (before := self._sending.pop(session, None)) is not None:
            before.waiting = ()
        if target is None:
            self._targets.pop(session, None)
        else:
            self._targets[session] = target
        return True

    async def forget(self, session: SessionId) -> None:
        """Forget the address of a session that was erased. Raises StorageUnavailable."""
        if session in self._targets:
            await self.send_to(session, None)

    def failing(self, session: SessionId) -> bool:
        """Whether captions wait because Zoom takes none."""
        sending = self._sending.get(session)
        return sending is not None and sending.failures > 1

    async def run(self) -> None:
        """Send captions until cancelled. A slow address doesn't delay others."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._forget_in_time())
            while True:
                now = self._clock.monotonic()
                for session, sending in tuple(self._sending.items()):
                    line = self._due(sending)
                    if not sending.waiting:
                        sending.failures = 0
                    elif not sending.busy and now >= sending.again and line is not None:
                        sending.busy = True
                        group.create_task(self._send(session, self._targets[session].address, sending))
                await self._clock.sleep(LOOK_MS)

    async def _forget_in_time(self) -> None:
        while True:
            for session, target in tuple(self._targets.items()):
                try:
                    if await self._forgetting.due(session, target.entered):
                        await self.forget(session)
                except (StorageUnavailable, RecordBroken):
                    logger.warning("session %s: its address in Zoom can't be checked for deletion now", session)
            await self._clock.sleep(FORGET_LOOK_MS)

    def _due(self, sending: _Sending) -> OutgoingLine | None:
        now = self._clock.monotonic()
        sending.waiting = in_time(sending.waiting, now)
        return due(sending.waiting, now)

    async def _send(self, session: SessionId, address: str, sending: _Sending) -> None:
        try:
            while self._due(sending) is not None:
                if sending.seq is None and (last := await self._sender.last(address)) is not None:
                    sending.seq = last
                line = self._due(sending)
                if line is None:  # The line was taken back meanwhile.
                    return
                taken = sending.seq is not None and await self._sender.post(address, sending.seq + 1, line)
                if not taken or sending.seq is None:
                    # The number is requested once more: the other side may have taken the caption after all.
                    sending.seq = None
                    sending.again = self._clock.monotonic() + BACKOFF.wait_ms(sending.failures)
                    sending.failures += 1
                    logger.info("session %s: Zoom takes no captions (%d times)", session, sending.failures)
                    return
                sending.seq += 1
                sending.failures = 0
                sending.waiting = without(sending.waiting, {line.segment})
        finally:
            sending.busy = False

    def _seen(self, live: LiveSession, publication: Publication) -> None:
        target = self._targets.get(live.id)
        if target is None:
            return
        channel = target.channel or next(iter(live.state.channels), "")
        sending = self._sending.setdefault(live.id, _Sending())
        removed = any(isinstance(event, ev.BodyRemoved) for event in publication.events)
        if removed:
            there = live.state.segments
            gone = {each.segment for each in sending.waiting if there.get(each.segment) is None}
            sending.waiting = without(sending.waiting, gone)
        for event in publication.events:
            line = live.state.segments.get(event.segment) if isinstance(event, le.SegmentEnded) else None
            language = "" if line is None else line.language
            # The words that a removal leaves of a line become a new line, which Zoom may have shown already.
            new = line is not None and not removed and live.state.media_now(self._clock.wall()) - line.t1 <= LATE_MS
            # A line that ends anew, since a split was taken back, went to Zoom when it ended first.
            if isinstance(event, le.SegmentEnded):
                new = new and event.segment not in sending.ended
                sending.ended.append(event.segment)
            # The second part of a line went to Zoom with the first, unless that one still waits.
            if line is not None and line.part_of and all(each.segment != line.part_of for each in sending.waiting):
                new = False
            sending.waiting = _after(sending.waiting, event, channel, language if new else "", self._clock.monotonic())


def _after(waiting: OutgoingLines, event: object, channel: str, language: str, now: int) -> OutgoingLines:
    """The waiting lines after an event.

    `language`: language of the line that was finished; empty where it isn't to be sent.
    """
    match event:
        case le.SegmentEnded() if event.channel == channel and event.text.strip() and language:
            return with_line(waiting, OutgoingLine(event.segment, event.text.strip(), language, now))
        case le.SegmentCorrected() if event.channel == channel:
            return mended(waiting, event.segment, (event.text + event.tail).strip())
        case le.ChannelRewound() | le.SegmentsMovedAway():
            return without(waiting, frozenset(event.segments))
        case _:
            return () if isinstance(event, DROPS) else waiting
