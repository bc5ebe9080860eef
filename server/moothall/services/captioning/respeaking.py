"""Puts respeakers on and off air: people who hear a meeting and repeat what is said into a microphone of their own.
While one is on air engines hear that microphone and not the channel's own sound (docs/adr/0043).

A respeaker goes on air with the first sound of a take, and off air once the take is over and recognised: it was
stopped, no sound has come for three seconds, or somebody else is on air. In the first two cases the machine continues
automatically with the channel's own sound. There is only one recogniser, which hears another microphone, so no choice
between two texts arises.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial

import msgspec

from moothall.core.captioning.silence import FIRST_MS, GONE_MS
from moothall.core.commands import PutOnAir
from moothall.core.events.lines import AirSource
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor
from moothall.core.kernel.errors import NO_CHANNEL, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.core.ports import Clock
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import ON, State, Status
from moothall.services.capture.closing import Closing
from moothall.services.capture.live_ingest import LiveIngest
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.sound.live_take import RESPOKEN, LiveTake, take_of
from moothall.services.supervision.waiting import UnderWay
from moothall.wire.audio import TakeEndReason, TakeHello

logger = logging.getLogger(__name__)

LOOK_MS = 100
LAST_WORDS_MS = 5_000
"""Time limit for the last words of a take, in ms; after it the machine continues after the words that have come."""

BELOW = "The control token of whoever is on air is higher than yours can be: ask a technician."

_Hold = tuple[SessionId, ChannelId, int]
"""A channel, and the media ms since which its respeaker is on air."""


class _Heard(msgspec.Struct, kw_only=True):
    """What arrived from a respeaker. Times are ms of the monotonic clock."""

    at: int
    """When sound last arrived, or when the respeaker was first watched."""
    received: int = 0
    came: bool = False
    """Whether any sound has arrived since this server watches the respeaker."""
    ended: int | None = None
    """When no more sound was expected; None while it is."""
    stopped: bool = False
    """Whether the respeaker stopped the last take, which may be over and gone by now."""
    refused: bool = False
    """Whether it was logged that the machine can't continue yet."""


@dataclass(eq=False, repr=False, kw_only=True)
class Respeaking:
    """Watches the respeakers of all sessions. `run` must be running."""

    sessions: Sessions
    ingest: LiveIngest
    closing: Closing
    clock: Clock

    def __post_init__(self) -> None:
        # Bound: one for each channel of a loaded session.
        self._heard: dict[_Hold, _Heard] = {}
        self._under_way = UnderWay()

    async def begin(self, session: SessionId, hello: TakeHello, done: int, actor: Actor) -> LiveTake | Refusal | None:
        """The take that a respeaker's hello names; they are on air from then on. None when the take is over already.

        `done`: the position up to which the microphone was told that its sound is done. Refused as `conflict` once the
        session is closed. Raises StorageUnavailable and RecordBroken as `Sessions.find` does.
        """
        live, channel = await self.sessions.find(session), ChannelId(hello.channel)
        known = None if live is None else live.state.channels.get(channel)
        if live is None or known is None or known.kind is ChannelKind.TRANSLATION:
            return NO_CHANNEL
        if live.state.status is Status.CLOSED or self.closing.closing(session):
            return refuse(RefusalCode.CONFLICT, "The session is closed.")
        if live.state.status not in ON:
            return refuse(RefusalCode.INVALID, "The session has not begun.")
        if not (known.air.respoken and known.air.holder == actor.id):
            if _logged(live.state, f"{RESPOKEN}{hello.take}"):
                return None  # Somebody else has gone on air since.
            put = PutOnAir(channel=channel, source=AirSource.RESPEAKER)
            refused = await live.writer.send(actor, CommandId(f"respeak:{hello.take}:{live.writer.offset}"), put)
            if isinstance(refused, Refusal):
                below = refused.code in (RefusalCode.CONFLICT, RefusalCode.INVALID)
                return refuse(RefusalCode.FORBIDDEN, BELOW) if below else refused
        begun = await self.ingest.begin(session, hello, done, respoken=True)
        if isinstance(begun, LiveTake):
            heard = self._watched(live, live.state.channels[channel])
            heard.at, heard.received, heard.came = self.clock.monotonic(), begun.received, True
            heard.ended, heard.stopped = None, False
        return begun

    async def run(self) -> None:
        """Watch all respeakers until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self.clock.sleep(LOOK_MS)
                self._look(group)

    def _look(self, group: asyncio.TaskGroup) -> None:
        """End takes that are over, and let the machine continue with the channel's own sound."""
        held: set[_Hold] = set()
        for live in self.sessions.all_loaded:
            for channel in live.state.channels.values():
                take = self.ingest.respoken(live.id, channel.id)
                if take is not None and not take.over and not _on_air(take, channel):
                    take.over = True
                    self._under_way.begin(group, (live.id, take.name), partial(take.finish, TakeEndReason.LOST))
                if channel.air.respoken and live.state.status in ON:
                    held.add(hold := _hold(live, channel))
                    self._under_way.begin(group, hold, partial(self._look_after, live, channel, take))
        for gone in self._heard.keys() - held:
            del self._heard[gone]

    async def _look_after(self, live: LiveSession, channel: Channel, take: LiveTake | None) -> None:
        if self.closing.closing(live.id):
            return  # `Closing` waits for the last words.
        heard, now = self._watched(live, channel), self.clock.monotonic()
        take = take if take is not None and _on_air(take, channel) else None
        if take is not None and take.received != heard.received:
            heard.at, heard.received, heard.came = now, take.received, True
        silent = now - heard.at >= (GONE_MS if heard.came else FIRST_MS)
        if take is not None and not take.finished:
            heard.ended = None
            if silent:
                logger.info("session %s channel %s: the respeaker sends no sound any more", live.id, channel.id)
                await take.finish(TakeEndReason.LOST)
            return
        if take is not None:
            heard.stopped = take.reason is TakeEndReason.STOPPED
        if not heard.stopped and not silent:
            return  # The respeaker's page is about to come back, after a restart or with another take.
        heard.ended = now if heard.ended is None else heard.ended
        all_said = take is None or (take.audio.ended and take.audio.unheard(live.state, channel.id) is None)
        if all_said or now - heard.ended >= LAST_WORDS_MS:
            await self._end(live, channel, heard)

    async def _end(self, live: LiveSession, channel: Channel, heard: _Heard) -> None:
        act = CommandId(f"respoken:{channel.id}:{channel.air.since}:{channel.air.token}")
        answer = await live.writer.send(SYSTEM, act, PutOnAir(channel=channel.id, source=AirSource.MACHINE))
        if isinstance(answer, Refusal) and not heard.refused:
            heard.refused = True
            logger.info("session %s channel %s: the machine can't go on yet (%s)", live.id, channel.id, answer.code)

    def _watched(self, live: LiveSession, channel: Channel) -> _Heard:
        take = self.ingest.respoken(live.id, channel.id)
        first = _Heard(at=self.clock.monotonic(), received=0 if take is None else take.received)
        return self._heard.setdefault(_hold(live, channel), first)


def _hold(live: LiveSession, channel: Channel) -> _Hold:
    return live.id, channel.id, channel.air.since


def _on_air(take: LiveTake, channel: Channel) -> bool:
    """Whether a respeaker's take belongs to whoever is on air."""
    return take.audio.hears(channel.air)


def _logged(state: State, name: str) -> bool:
    """Whether the log has a take of this name."""
    return any(named is not None and named[0] == name for named in map(take_of, state.sources))
