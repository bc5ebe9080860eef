"""Keeps, for desks, the other readings of words of which an engine was unsure: the last ones of each channel. They are
in no log, and are dropped with the words.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.kernel.visible import visible
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.wire.engine import OtherReadings

MOST_WORDS = 40
"""Most words of a channel whose readings are kept. Overflow: those of the oldest are forgotten; such words can be
corrected by typing."""
MOST = 3
"""Most readings of a word."""
LONGEST = 60
"""Most characters of a reading. Overflow: it is left out."""

_Word = tuple[SegmentId, int]


class Readings:
    """The other readings in all sessions. `heard` must be called when their words are stored."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        # Bound: the channels of loaded sessions, each with MOST_WORDS.
        self._words: dict[tuple[SessionId, ChannelId], OrderedDict[_Word, Sequence[str]]] = {}
        sessions.observe(self.seen)

    def heard(self, session: SessionId, channel: ChannelId, readings: Sequence[OtherReadings]) -> None:
        """Store other readings of words of an engine that were just stored."""
        for gone in [key for key in self._words if self._sessions.loaded(key[0]) is None]:
            del self._words[gone]
        words = self._words.setdefault((session, channel), OrderedDict())
        for each in readings:
            texts = [text for text in each.texts if text == visible(text).strip() and 0 < len(text) <= LONGEST]
            if texts:
                words[each.segment, each.word] = texts[:MOST]
        while len(words) > MOST_WORDS:
            words.popitem(last=False)

    def shown(self, session: SessionId) -> object:
        """Other readings by channel, segment and number of the word, as sent to desks; None where there are none."""
        found: dict[str, dict[str, dict[str, Sequence[str]]]] = {}
        for (of, channel), words in self._words.items():
            if of == session:
                for (segment, word), texts in words.items():
                    found.setdefault(channel, {}).setdefault(segment, {})[str(word)] = texts
        return found or None

    def seen(self, live: LiveSession, publication: Publication) -> None:
        """Drop the readings of words that were removed, struck or moved away."""
        for event in publication.events:
            if isinstance(event, ev.BodyRemoved):
                for key in [key for key in self._words if key[0] == live.id]:
                    del self._words[key]
            elif isinstance(event, le.ChannelRewound | le.SegmentsMovedAway):
                words = self._words.get((live.id, event.channel), OrderedDict())
                for word in [each for each in words if each[0] in event.segments]:
                    del words[word]
