"""The current signals of sessions' channels (silence, delay, stand-ins) for hubs: what readers at the centre see, in
few messages.

The centre derives them from its publications (`SoundWatch`), a hub receives them over its link; both send them to the
hubs below (`moothall.services.hubs.feeding`). They contain no words.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.ports import Clock
from moothall.core.sessions.state import Status
from moothall.core.signals import ChannelState, LastWords, Sound, StandIn, Summary
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.supervision.waiting import Listeners

LATE_MS = 5_000
"""Pages show a delay from here on (web/js/lib/standing.js), in ms; it is sent again when it has changed by as much."""
LATER = 10
"""A long delay is sent again only when it has changed by the `LATER`th part, a tenth."""
SILENT_MS = 3_000
"""Silence is sent once it has lasted this long, as on pages."""
STALE_MS = 15_000
"""After this time without a channel's state, pages show none any more."""
LOOK_MS = 5_000


def usual(signal: Summary) -> Summary:
    """The value of a signal that readers assume where none was sent."""
    match signal:
        case ChannelState():
            return msgspec.structs.replace(signal, sound=Sound.SPEECH, lag=0)
        case LastWords():
            return msgspec.structs.replace(signal, awaited=False)
        case StandIn():
            return msgspec.structs.replace(signal, instead=None)


class HubSignals:
    """The newest value of each signal of each session, as far as it differs from the usual."""

    def __init__(self) -> None:
        # Bound: the channels of sessions that are on.
        self._known: dict[SessionId, dict[str, Summary]] = {}
        self.observe = Listeners[[SessionId]]()
        """Called with each session of which a signal has changed."""

    def of(self, session: SessionId) -> Mapping[str, Summary]:
        """The signals of a session that differ from the usual, by key."""
        return self._known.get(session, {})

    @property
    def sessions(self) -> tuple[SessionId, ...]:
        """The sessions in which any signal differs from the usual."""
        return tuple(self._known)

    def put(self, session: SessionId, signal: Summary) -> None:
        """Store a signal's current value."""
        before = self._known.get(session, {})
        if before.get(signal.key, usual(signal)) == signal:
            return
        known = {key: each for key, each in {**before, signal.key: signal}.items() if each != usual(each)}
        if known:
            self._known[session] = known
        else:
            del self._known[session]
        self.observe.tell(session)

    def forget(self, session: SessionId) -> None:
        """Drop the signals of a session."""
        if self._known.pop(session, None) is not None:
            self.observe.tell(session)

    def forget_all(self) -> None:
        """Drop the signals of all sessions."""
        for session in tuple(self._known):
            self.forget(session)


class SoundWatch:
    """Derives the signals from the publications of this server's sessions. `run` must be running."""

    def __init__(self, signals: HubSignals, sessions: Sessions, clock: Clock) -> None:
        self._signals = signals
        self._clock = clock
        # Bound: the channels of sessions that are on; monotonic ms.
        self._heard: dict[tuple[SessionId, ChannelId], int] = {}
        self._silent_since: dict[tuple[SessionId, ChannelId], int] = {}
        sessions.observe(self._seen)

    async def run(self) -> None:
        """Reset states that are stale, until cancelled."""
        while True:
            await self._clock.sleep(LOOK_MS)
            now = self._clock.monotonic()
            for (session, channel), heard in tuple(self._heard.items()):
                if now - heard >= STALE_MS:
                    self._put(session, ChannelState(channel=channel, sound=Sound.SPEECH, lag=0, t=0))
                    del self._heard[session, channel]
                    self._silent_since.pop((session, channel), None)

    def _seen(self, live: LiveSession, publication: Publication) -> None:
        if live.state.status is Status.CLOSED:
            self._signals.forget(live.id)
            for kept in (self._heard, self._silent_since):
                for key in [key for key in kept if key[0] == live.id]:
                    del kept[key]
            return
        for signal in publication.signals:
            match signal:
                case ChannelState():
                    self._put(live.id, self._calm(live.id, signal))
                case LastWords() | StandIn():
                    self._signals.put(live.id, signal)
                case _:
                    pass  # Partial words: hubs get words only from the log.

    def _calm(self, session: SessionId, state: ChannelState) -> ChannelState:
        """The state as pages show it: without short silences and without delays below `LATE_MS`."""
        key, now = (session, state.channel), self._clock.monotonic()
        self._heard[key] = now
        sound = state.sound
        if sound is not Sound.SILENCE:
            self._silent_since.pop(key, None)
        elif now - self._silent_since.setdefault(key, now) < SILENT_MS:
            sound = Sound.SPEECH
        return msgspec.structs.replace(state, sound=sound, lag=state.lag if state.lag >= LATE_MS else 0)

    def _put(self, session: SessionId, state: ChannelState) -> None:
        before = self._signals.of(session).get(state.key)
        was = before if isinstance(before, ChannelState) else usual(state)
        assert isinstance(was, ChannelState)  # noqa: S101  # the usual value has the type of the signal
        step = max(LATE_MS, was.lag // LATER)
        if was.sound is not state.sound or bool(was.lag) is not bool(state.lag) or abs(was.lag - state.lag) >= step:
            self._signals.put(session, state)
