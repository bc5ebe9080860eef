"""What else words may be of which an engine was unsure, for desks: the last of each text. In no log, and gone with what
the words are gone with.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.kernel.visible import visible
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.wire.engine import OtherReadings

MOST_WORDS = 40
"""Of a channel that are remembered. Overflow: the oldest are forgotten, and are mended by writing."""
MOST = 3
"""Readings of a word."""
LONGEST = 60
"""Characters of a reading. Overflow: it is left out."""

_Word = tuple[SegmentId, int]


class Readings:
    """Of all sessions. Hears of them while the words are stored (`heard`)."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        # Bound: the channels of loaded sessions, each with MOST_WORDS.
        self._words: dict[tuple[SessionId, ChannelId], OrderedDict[_Word, Sequence[str]]] = {}
        sessions.observe(self.seen)

    def heard(self, session: SessionId, channel: ChannelId, readings: Sequence[OtherReadings]) -> None:
        """An engine's words were stored, and may be these instead."""
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
        """By channel, segment and place of the word, as desks are told; None where there are none."""
        found: dict[str, dict[str, dict[str, Sequence[str]]]] = {}
        for (of, channel), words in self._words.items():
            if of == session:
                for (segment, word), texts in words.items():
                    found.setdefault(channel, {}).setdefault(segment, {})[str(word)] = texts
        return found or None

    def seen(self, live: LiveSession, publication: Publication) -> None:
        """What was removed, struck or moved away has no readings any more."""
        for event in publication.events:
            if isinstance(event, ev.BodyRemoved):
                for key in [key for key in self._words if key[0] == live.id]:
                    del self._words[key]
            elif isinstance(event, ev.ChannelRewound | ev.SegmentsMovedAway):
                words = self._words.get((live.id, event.channel), OrderedDict())
                for word in [each for each in words if each[0] in event.segments]:
                    del words[word]
