"""Clears a speaker's name when nobody has been heard for a while: no name is better than a wrong one."""

from __future__ import annotations

import logging

from moothall.core.commands import SetSpeaker
from moothall.core.events.lines import SegmentOpened, WordsCommitted
from moothall.core.events.types import SessionClosed, SpeakerChanged
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.core.ports import Clock
from moothall.core.sessions.state import Status
from moothall.core.signals import ChannelState, Sound
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions

logger = logging.getLogger(__name__)

SILENCE_MS = 20_000
"""Silence, in ms, after which nobody is assumed to be speaking."""
LOOK_MS = 1_000


class SpeakerWatch:
    """Watches every channel on which an engine or a source sends signals. `run` must be running."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock
        # Bound: the channels of sessions that are on and silent.
        self._silent_since: dict[tuple[SessionId, ChannelId], int] = {}
        sessions.observe(self._seen)

    async def run(self) -> None:
        """Clear names after silence, until cancelled."""
        while True:
            await self._clock.sleep(LOOK_MS)
            now = self._clock.monotonic()
            for (session, channel), since in list(self._silent_since.items()):
                if now - since >= SILENCE_MS:
                    await self._take_away(session, channel)

    def _seen(self, live: LiveSession, publication: Publication) -> None:
        now = self._clock.monotonic()
        for signal in publication.signals:
            if isinstance(signal, ChannelState):
                key = (live.id, signal.channel)
                if signal.sound is Sound.SPEECH:
                    self._silent_since.pop(key, None)
                else:
                    self._silent_since.setdefault(key, now)
        for event in publication.events:
            match event:
                case SpeakerChanged():
                    # A name that is set in the silence before the first word gets the full time again.
                    if (live.id, event.channel) in self._silent_since:
                        self._silent_since[live.id, event.channel] = now
                case SegmentOpened() | WordsCommitted():
                    self._silent_since.pop((live.id, event.channel), None)
                case SessionClosed():
                    for key in [key for key in self._silent_since if key[0] == live.id]:
                        del self._silent_since[key]
                case _:
                    pass

    async def _take_away(self, session: SessionId, channel: ChannelId) -> None:
        live = self._sessions.loaded(session)
        known = None if live is None else live.state.channels.get(channel)
        if live is None or known is None or known.speaker is None or live.state.status is not Status.OPEN:
            return
        command_id = CommandId(f"silent:{channel}:{live.writer.offset}")
        await live.writer.send(SYSTEM, command_id, SetSpeaker(channel=channel, speaker=None))
        logger.info("session %s channel %s: nobody speaks, so the speaker's name is taken away", session, channel)
