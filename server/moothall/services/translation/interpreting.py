"""Monitors interpreters: when one falls silent while the room speaks, readers are sent to the machine's translation,
and back when the interpreter resumes.
"""

from __future__ import annotations

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.kernel.languages import same_language
from moothall.core.ports import Clock
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import State, Status
from moothall.core.signals import ChannelState, Sound, StandIn
from moothall.core.translation.lines import spoken, translations
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions

LOOK_MS = 1_000
SILENT_MS = 15_000
"""After this time without a word from the interpreter, while the room speaks, readers are sent to the translation. It
allows for an interpreter's delay of some seconds, and for pauses of speakers.
"""
SPOKEN_MS = 10_000
"""The room counts as speaking for this long after it was last heard."""


class _Heard:
    """When the room was last heard, and since when without the interpreter; ms of the monotonic clock."""

    def __init__(self) -> None:
        self.floor: int | None = None
        self.floor_since: int | None = None
        """Since when the room has spoken without a word from the interpreter; None while that isn't so."""
        self.away: bool | None = None
        """Whether readers are sent to the translation; None: not since the server started, but possibly before."""


class Interpreting:
    """Monitors the interpretations of all sessions for silence. `run` must be running."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock
        # Bound: the interpreters' channels of sessions that are on.
        self._heard: dict[tuple[SessionId, ChannelId], _Heard] = {}
        sessions.observe(self._seen)

    async def run(self) -> None:
        """Check once a second, until cancelled."""
        while True:
            await self._clock.sleep(LOOK_MS)
            now = self._clock.monotonic()
            for key, heard in list(self._heard.items()):
                live = self._sessions.loaded(key[0])
                if live is None or live.state.status is Status.CLOSED:
                    del self._heard[key]
                elif live.state.status is Status.OPEN:
                    self._look(live, key[1], heard, now)

    def _look(self, live: LiveSession, channel: ChannelId, heard: _Heard, now: int) -> None:
        instead = machine_translation_of(live.state, channel)
        speaks = heard.floor is not None and now - heard.floor < SPOKEN_MS
        silent_since = heard.floor_since
        if instead is None or heard.away or not speaks or silent_since is None:
            return
        if now - silent_since >= SILENT_MS:
            heard.away = True
            live.writer.signal(StandIn(channel=channel, instead=instead.id))
            live.writer.signal(StandIn(channel=instead.id, instead=None))

    def _seen(self, live: LiveSession, publication: Publication) -> None:
        floor = spoken(live.state)
        interpreters = [each.id for each in live.state.channels.values() if each.kind is ev.ChannelKind.INTERPRETATION]
        if floor is None or not interpreters:
            return
        if live.state.status is Status.PAUSED:
            return  # Interpreters are silent in a break, which is no reason to send readers elsewhere.
        now = self._clock.monotonic()
        said = _spoken_in(publication)
        for channel in interpreters:
            heard = self._heard.setdefault((live.id, channel), _Heard())
            if floor.id in said:
                paused = heard.floor is None or now - heard.floor >= SPOKEN_MS
                if paused or heard.floor_since is None:
                    heard.floor_since = now
                heard.floor = now
            if channel in said:
                heard.floor_since = None
                if heard.away is not False:
                    self._back(live, channel, heard)

    def _back(self, live: LiveSession, channel: ChannelId, heard: _Heard) -> None:
        heard.away = False
        live.writer.signal(StandIn(channel=channel, instead=None))
        instead = machine_translation_of(live.state, channel)
        if instead is not None:
            live.writer.signal(StandIn(channel=instead.id, instead=channel))


def machine_translation_of(state: State, channel: ChannelId) -> Channel | None:
    """The machine's translation into the language of an interpreter's channel; None where there is none."""
    known = state.channels.get(channel)
    languages = () if known is None else known.languages
    return next(
        (each for each in translations(state) if any(same_language(each.languages[0], own) for own in languages)), None
    )


def _spoken_in(publication: Publication) -> set[ChannelId]:
    """The channels in which somebody is heard, by words or by an engine's state."""
    words = {event.channel for event in publication.events if isinstance(event, le.WordsCommitted | le.SegmentEnded)}
    heard = {
        signal.channel
        for signal in publication.signals
        if isinstance(signal, ChannelState) and signal.sound is Sound.SPEECH
    }
    return words | heard
