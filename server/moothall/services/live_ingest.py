"""Live sound of all sessions: which take goes to which channel, what goes on after a restart, and how it ends.

A source ends when its session is closed, when somebody stops it, or when another takes its place; never because a
connection ended.
"""

from __future__ import annotations

import asyncio
import logging

from moothall.core.errors import RecordBroken, Refusal, RefusalCode
from moothall.core.ids import ChannelId, SessionId, SourceId
from moothall.core.ports import Clock, SpoolStore
from moothall.core.session import Status
from moothall.services.carrying_on import note_failure
from moothall.services.live_audio import to_ms
from moothall.services.live_channel import LiveChannel
from moothall.services.live_take import LiveTake, take_of
from moothall.services.recognising import Recognising
from moothall.services.sessions import LiveSession, Sessions
from moothall.wire.audio import EndReason, Hello

logger = logging.getLogger(__name__)

LOOK_MS = 100
ON_ITS_WAY_MS = 2_000
"""How long what was said before a session is closed may still be on its way here."""


class LiveIngest:
    """Takes in what microphones send. `run` owns it; nothing can begin before it runs."""

    def __init__(self, *, sessions: Sessions, spools: SpoolStore, recognising: Recognising, clock: Clock) -> None:
        self._sessions = sessions
        self._spools = spools
        self._recognising = recognising
        self._clock = clock
        # One per channel of an open session; each leaves when its session is closed.
        self._channels: dict[tuple[SessionId, ChannelId], LiveChannel] = {}
        self._group: asyncio.TaskGroup | None = None

    async def run(self, started: asyncio.Event) -> None:
        """Own the channels until cancelled; first go on with what an earlier life of the server had spooled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                await self._recover()
                started.set()
                await asyncio.get_running_loop().create_future()
            finally:
                self._group = None

    async def begin(self, session: SessionId, hello: Hello) -> LiveTake | Refusal | None:
        """The take that a microphone says hello with, new or to be gone on with; None when it is over already.

        A session that wasn't opened is opened. Raises StorageUnavailable and RecordBroken as `Sessions.find` does.
        """
        live = await self._sessions.find(session)
        channel = ChannelId(hello.channel)
        if live is None or channel not in live.state.channels:
            return Refusal(code=RefusalCode.UNKNOWN, message="There is no such session or channel here.")
        if live.state.status is Status.CLOSED:
            return Refusal(code=RefusalCode.CONFLICT, message="The session is closed.")
        return await self._channel(live, channel).begin(hello.take, hello.first, hello.age)

    async def finish(self, session: SessionId, within_ms: int) -> bool:
        """Take no more sound for a session that is about to be closed than what has been said by now.

        Comes back when its last words are in the log, or after `within_ms`; whether they are.
        """
        began = self._clock.monotonic()
        said = {take: take.source.head(began) or 0 for take in self._growing_takes(session)}
        while True:
            passed = self._clock.monotonic() - began
            for take in self._growing_takes(session):
                if to_ms(take.source.received) >= said.get(take, 0) or passed >= ON_ITS_WAY_MS:
                    take.over = True
                    await take.finish(EndReason.STOPPED)
            if not any(channel.takes for channel in self._of(session)):
                return True
            if passed >= within_ms:
                return False
            await self._clock.sleep(LOOK_MS)

    def _of(self, session: SessionId) -> list[LiveChannel]:
        return [channel for (name, _), channel in self._channels.items() if name == session]

    def _growing_takes(self, session: SessionId) -> list[LiveTake]:
        takes = (channel.current for channel in self._of(session))
        return [take for take in takes if take is not None and not take.finished]

    def growing(self, session: SessionId) -> frozenset[ChannelId]:
        """The channels of a session that have an open source; its microphone may be cut off at the moment."""
        return frozenset(name for (of, name), channel in self._channels.items() if of == session and channel.growing)

    async def _recover(self) -> None:
        """Go on with the sources whose sound is still spooled, in the order in which they began."""
        kept: list[tuple[int, LiveSession, SourceId]] = []
        for session, source in await self._spools.kept():
            if take_of(source) is None:
                continue  # Whoever plays a file goes on with it.
            try:
                live = await self._sessions.find(session)
            except RecordBroken:
                logger.exception("session %s: its log can't be read, so its spooled sound waits", session)
                continue
            known = None if live is None else live.state.sources.get(source)
            if live is None or known is None:
                logger.warning("session %s: sound of %s is spooled, and the log doesn't know it", session, source)
            elif known.ended or live.state.status is Status.CLOSED:
                await (await self._spools.open(session, source)).discard()
            else:
                kept.append((known.t, live, source))
        for _, live, source in sorted(kept, key=lambda each: each[0]):
            channel = self._channel(live, live.state.sources[source].channel)
            await channel.started()
            if channel.current is not None:
                await channel.current.finish(EndReason.LOST)
            channel.take_up(source, await self._spools.open(live.id, source))

    def _channel(self, live: LiveSession, channel: ChannelId) -> LiveChannel:
        key = live.id, channel
        found = self._channels.get(key)
        if found is None:
            if self._group is None:
                msg = "Live sound is taken in only while `run` is running."
                raise RuntimeError(msg)
            found = self._channels[key] = LiveChannel(
                live,
                channel,
                spools=self._spools,
                recognising=self._recognising,
                clock=self._clock,
                leads=self._leads,
            )
            self._group.create_task(self._own(key, found))
        return found

    async def _own(self, key: tuple[SessionId, ChannelId], channel: LiveChannel) -> None:
        try:
            await channel.run()
        except Exception as error:  # whatever it was, other meetings are on
            note_failure(error, f"session {key[0]}: the live sound of {key[1]} ends here")
        finally:
            del self._channels[key]

    def _leads(self, channel: LiveChannel) -> bool:
        """Of a session's microphones the first that is open sets the clock."""
        leader = next((each for each in self._channels.values() if each.live is channel.live and each.growing), None)
        return leader is channel
