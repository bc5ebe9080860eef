"""Handles the live sound of all sessions: which take goes to which channel, what continues after a restart, and how it
ends.

A source ends when its session is closed, when somebody stops it, or when another replaces it; never because a
connection ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence

from moothall.core.commands import NoteGap
from moothall.core.events.types import GapReason
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import NO_CHANNEL, RecordBroken, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, SessionId, SourceId
from moothall.core.ports import Clock, SpoolStore
from moothall.core.sessions.parts import SessionSource
from moothall.core.sessions.state import Status
from moothall.services.capture.live_channel import LiveChannel
from moothall.services.engines.recognising import Recognising
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.sound.listening import Listening
from moothall.services.sound.live_audio import LiveAudio, to_ms, unheard_id
from moothall.services.sound.live_take import RESPOKEN, LiveTake, is_respoken, take_of
from moothall.services.sound.loudness import Loudness
from moothall.services.supervision.supervising import RestartBudget, failure_of, note_failure
from moothall.wire.audio import TakeEndReason, TakeHello

logger = logging.getLogger(__name__)

_Key = tuple[SessionId, ChannelId, bool]
"""A channel of a session, and whether the sound is a respeaker's and not the channel's own."""

LOOK_MS = 100
ON_ITS_WAY_MS = 2_000
"""How long sound from before the close of a session may still be in transit to this server, in ms."""


class LiveIngest:
    """Takes in what microphones send. The owner of `run` owns it; nothing can begin before `run` is running."""

    def __init__(self, *, sessions: Sessions, spools: SpoolStore, recognising: Recognising, clock: Clock) -> None:
        self._sessions = sessions
        self._spools = spools
        self._recognising = recognising
        self._clock = clock
        # Bound: two for each channel of an open session; each is dropped when its session is closed.
        self._channels: dict[_Key, LiveChannel] = {}
        self._tries: dict[_Key, RestartBudget] = {}
        """Restart budgets of the channels. Bound: as `_channels`. A channel that failed too often keeps its budget
        until its session is closed or another take begins."""
        self._stopped: dict[_Key, frozenset[str]] = {}
        """Names of the takes of the channels that failed too often."""
        self._group: asyncio.TaskGroup | None = None

    async def run(self, started: asyncio.Event) -> None:
        """Run the channels until cancelled; first continue with the sound that an earlier run of the server had
        spooled.
        """
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                await self._recover()
                started.set()
                await asyncio.get_running_loop().create_future()
            finally:
                self._group = None

    async def begin(
        self, session: SessionId, hello: TakeHello, done: int = 0, *, respoken: bool = False
    ) -> LiveTake | Refusal | None:
        """The take that a microphone's hello names, new or continued; None when it is over already.

        `done`: the position up to which the microphone was told that its sound is done. `respoken`: whether it is the
        take of a respeaker who is on air, in addition to the channel's own sound. A session that isn't open yet is
        opened. Raises StorageUnavailable and RecordBroken as `Sessions.find` does.
        """
        live = await self._sessions.find(session)
        channel = ChannelId(hello.channel)
        if live is None or channel not in live.state.channels:
            return NO_CHANNEL
        if live.state.status is Status.CLOSED:
            return refuse(RefusalCode.CONFLICT, "The session is closed.")
        key, name = (session, channel, respoken), f"{RESPOKEN}{hello.take}" if respoken else hello.take
        stopped = self._stopped.get(key)
        if stopped is not None:
            if name in stopped:
                return refuse(
                    RefusalCode.UNAVAILABLE,
                    "The sound of this text has failed too often; stop sending and begin again.",
                )
            self._forget(key)
        return await self._channel(live, key).begin(name, hello.first, hello.age, done)

    async def finish(self, session: SessionId, within_ms: int) -> bool:
        """Stop taking sound for a session that is about to be closed, except what has been said by now.

        Returns when its last words are in the log, when no engine is there to hear them, or after `within_ms`; True
        where they are.
        """
        for key in [key for key in self._stopped if key[0] == session]:
            self._forget(key)
        began = self._clock.monotonic()
        said = {take: take.source.head(began) or 0 for take in self._growing_takes(session)}
        while True:
            passed = self._clock.monotonic() - began
            for take in self._growing_takes(session):
                if to_ms(take.source.received) >= said.get(take, 0) or passed >= ON_ITS_WAY_MS:
                    take.over = True
                    await take.finish(TakeEndReason.STOPPED)
            waiting = [channel for channel in self._of(session) if channel.takes]
            if not waiting or self._nothing_unheard(waiting):
                return True
            told = all(take.finished for channel in waiting for take in channel.takes)
            hopeless = told and all(self._recognising.hopeless(session, channel.channel) for channel in waiting)
            if hopeless or passed >= within_ms:
                return False
            await self._clock.sleep(LOOK_MS)

    def awaits(self, session: SessionId) -> bool:
        """Whether a session has sound that isn't recognised to its end."""
        return any(channel.takes for channel in self._of(session))

    def takes(self) -> Iterator[tuple[SessionId, LiveTake]]:
        """All takes whose sound waits for its words, each with its session."""
        for (session, *_), channel in self._channels.items():
            for take in channel.takes:
                yield session, take

    def _nothing_unheard(self, channels: Sequence[LiveChannel]) -> bool:
        """Whether no engine is connected and none could add anything, since all sound was heard before the last one
        left.
        """
        ended = all(take.audio.ended for channel in channels for take in channel.takes)
        return ended and self._recognising.alone and not any(channel.unheard for channel in channels)

    def _of(self, session: SessionId) -> list[LiveChannel]:
        return [channel for (name, *_), channel in self._channels.items() if name == session]

    def _own_of(self, session: SessionId) -> list[LiveChannel]:
        """The live channels of the session's own sound, without respeakers'."""
        return [channel for channel in self._of(session) if not channel.respoken]

    def _growing_takes(self, session: SessionId) -> list[LiveTake]:
        takes = (channel.current for channel in self._of(session))
        return [take for take in takes if take is not None and not take.finished]

    def current(self, session: SessionId, channel: ChannelId) -> LiveTake | None:
        """The newest take of a channel, growing or waiting to be recognised; None where there is none."""
        found = self._channels.get((session, channel, False))
        return None if found is None else found.current

    def respoken(self, session: SessionId, channel: ChannelId) -> LiveTake | None:
        """The newest take of a channel's respeaker; None where there is none."""
        found = self._channels.get((session, channel, True))
        return None if found is None else found.current

    def growing(self, session: SessionId) -> frozenset[ChannelId]:
        """The channels of a session that have an open source; its microphone may be disconnected at the moment."""
        return frozenset(each.channel for each in self._own_of(session) if each.growing)

    def loudness(self, session: SessionId) -> dict[ChannelId, Loudness]:
        """Loudness of the open microphones of a session, by channel."""
        channels = ((channel.channel, channel.current) for channel in self._own_of(session) if channel.growing)
        return {name: take.audio.loudness for name, take in channels if take is not None}

    def listening(self, session: SessionId) -> dict[ChannelId, Listening]:
        """Listeners to the open microphones of a session, by channel."""
        channels = ((channel.channel, channel.current) for channel in self._own_of(session) if channel.growing)
        return {name: take.audio.listening for name, take in channels if take is not None}

    def begun_again(self, session: SessionId) -> int:
        """Number of restarts of the session's live sound in the last ten minutes."""
        return sum(tries.lately for (of, *_), tries in self._tries.items() if of == session)

    def stopped(self, session: SessionId, channel: ChannelId | None = None) -> bool:
        """Whether the sound of any channel of the session, or of `channel`, failed too often and is taken in no
        more.
        """
        if channel is not None:
            return (session, channel, False) in self._stopped
        return any(of == session for of, *_ in self._stopped)

    def lift_stop(self, session: SessionId, channel: ChannelId) -> None:
        """Take in the sound of a channel again that failed too often, on a person's request."""
        if self.stopped(session, channel):
            self._forget((session, channel, False))

    def full(self, session: SessionId) -> bool:
        """Whether sound of the session is not taken until words have come, since the sound that waits has reached its
        limit.
        """
        return any(take.full for channel in self._of(session) for take in channel.takes)

    def _forget(self, key: _Key) -> None:
        self._stopped.pop(key, None)
        self._tries.pop(key, None)

    async def _recover(self) -> None:
        """Continue the sources whose sound is still spooled, in the order in which they began."""
        kept: dict[_Key, dict[SourceId, int]] = {}
        lives: dict[SessionId, LiveSession] = {}
        for session, source in await self._spools.kept():
            if take_of(source) is None:
                continue  # The player of a file continues it.
            try:
                live = await self._sessions.find(session)
            except RecordBroken as error:
                note_failure(error, f"session {session}: the log can't be read, so spooled sound waits")
                continue
            known = None if live is None else live.state.sources.get(source)
            if live is None or known is None:
                logger.warning(
                    "session %s: the spool has sound of source %s that the log does not know", session, source
                )
            elif known.ended or live.state.status is Status.CLOSED:
                await self._let_go(live, source, known)
            else:
                lives[session] = live
                kept.setdefault((session, known.channel, is_respoken(source)), {})[source] = known.t
        for key, sources in kept.items():
            in_order = dict.fromkeys(sorted(sources, key=sources.__getitem__))
            await self._channel(lives[key[0]], key, in_order).started()

    async def _let_go(self, live: LiveSession, source: SourceId, known: SessionSource) -> None:
        """Discard sound that nobody wants any more.

        Where the server was killed after a close and before it noted the words that were cut off, note the gap now.
        """
        spool = await self._spools.open(live.id, source)
        audio = LiveAudio(source, spool, known.t, self._clock, respoken=is_respoken(source))
        missing = None if known.ended else audio.unheard(live.state, known.channel)
        if missing is not None:
            gap = NoteGap(channel=known.channel, t0=missing[0], t1=missing[1], reason=GapReason.ENGINE_LOST)
            if isinstance(await live.writer.send(SYSTEM, unheard_id(source), gap), Refusal):
                await audio.close()  # The next start notes it.
                return
        await audio.discard()

    def _channel(
        self, live: LiveSession, key: _Key, spooled: Mapping[SourceId, TakeEndReason | None] | None = None
    ) -> LiveChannel:
        found = self._channels.get(key)
        if found is None:
            if self._group is None:
                raise RuntimeError("Live sound is taken in only while `run` is running.")
            found = self._channels[key] = self._made(live, key, spooled or {})
            self._group.create_task(self._own(key, found))
        return found

    def _made(self, live: LiveSession, key: _Key, spooled: Mapping[SourceId, TakeEndReason | None]) -> LiveChannel:
        return LiveChannel(
            live,
            key[1],
            spools=self._spools,
            recognising=self._recognising,
            clock=self._clock,
            leads=self._leads,
            spooled=spooled,
            respoken=key[2],
        )

    async def _own(self, key: _Key, channel: LiveChannel) -> None:
        """Run a channel until its session is closed; restart it from its spool when it fails."""
        tries = self._tries.setdefault(key, RestartBudget(self._clock))
        try:
            with channel.live.held():
                while not await self._ran(key, channel):
                    another = await self._made_again(key, channel, tries)
                    if another is None:
                        self._stopped[key] = frozenset(take.name for take in channel.takes)
                        logger.error(
                            "session %s: the sound of channel %s failed too often; it stays in the spool", *key[:2]
                        )
                        return
                    channel = self._channels[key] = another
        finally:
            del self._channels[key]
            if key not in self._stopped:
                self._tries.pop(key, None)

    async def _ran(self, key: _Key, channel: LiveChannel) -> bool:
        """Run a channel; return False where it failed while its session was open."""
        error = await failure_of(channel.run)
        if error is not None:  # whatever it was, other meetings continue
            note_failure(error, f"session {key[0]}: the live sound of channel {key[1]} failed and restarts")
        return error is None or channel.live.state.status is Status.CLOSED

    async def _made_again(self, key: _Key, before: LiveChannel, tries: RestartBudget) -> LiveChannel | None:
        """A new channel that continues one that failed; None after too many failures, those to read the spools
        included.
        """
        while await tries.again():
            try:
                return self._made(before.live, key, await self._spooled(key, before))
            except Exception as error:  # as in `_ran`
                note_failure(error, f"session {key[0]}: the spooled sound of channel {key[1]} can't be found")
        return None

    async def _spooled(self, key: _Key, before: LiveChannel) -> Mapping[SourceId, TakeEndReason | None]:
        """The spooled sources that a failed channel has left to be continued, oldest first, each with why it ended."""
        whole = {take.audio.source: take.reason for take in before.takes if not take.broken}
        sources = before.live.state.sources
        known = [
            source
            for session, source in await self._spools.kept()
            if session == key[0] and take_of(source) is not None and source in sources and is_respoken(source) is key[2]
        ]
        left = [source for source in known if sources[source].channel == key[1] and not sources[source].ended]
        return {source: whole.get(source) for source in sorted(left, key=lambda source: sources[source].t)}

    def _leads(self, channel: LiveChannel) -> bool:
        """Whether a channel sets the session's clock: the first one does whose own microphone is open."""
        leader = next((each for each in self._own_of(channel.live.id) if each.growing), None)
        return leader is channel
