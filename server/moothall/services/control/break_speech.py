"""For how long it has sounded like speech in a break. What sounds so is told by how loud it is (`voice.py`)."""

from __future__ import annotations

from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.ports import Clock
from moothall.core.signals import ChannelState, Sound
from moothall.services.log.publication import Publication
from moothall.services.sessions.sessions import LiveSession, Sessions
from moothall.services.supervision.stalls import Stalls


class BreakSpeech:
    """Watches all sessions that are in a break."""

    def __init__(self, sessions: Sessions, clock: Clock, stalls: Stalls) -> None:
        self._clock = clock
        self._stalls = stalls
        # Bound: the texts of sessions that are in a break; they leave with the next signal or event after it.
        self._since: dict[SessionId, dict[ChannelId, int]] = {}
        sessions.observe(self._seen)

    def lasts(self, session: SessionId) -> int:
        """Ms since it began in the text in which it has lasted longest; 0 when nobody seems to speak."""
        now = self._clock.monotonic()
        return max((self._stalls.age(now, since) or 0 for since in self._since.get(session, {}).values()), default=0)

    def _seen(self, live: LiveSession, publication: Publication) -> None:
        if not live.state.in_break:
            self._since.pop(live.id, None)
            return
        texts = self._since.setdefault(live.id, {})
        for signal in publication.signals:
            if isinstance(signal, ChannelState) and signal.sound is Sound.SPEECH:
                texts.setdefault(signal.channel, self._clock.monotonic())
            elif isinstance(signal, ChannelState):
                texts.pop(signal.channel, None)
