"""Lines whose translation is late: until it comes, readers have them as they were said, as words that may change."""

from __future__ import annotations

from collections.abc import Iterable

from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.session.state import Segment
from moothall.core.signals import Partial
from moothall.core.translating.lines import due, line_of
from moothall.services.sessions.live_session import LiveSession

MOST_LATE = 8
"""Lines that are shown. Overflow: the newest are."""


class LateLines:
    """Those of one translation of a session."""

    def __init__(self, live: LiveSession, channel: ChannelId) -> None:
        self._live = live
        self._channel = channel
        self._names: tuple[SegmentId, ...] = ()
        """In order of time; at most MOST_LATE."""
        self._shown: tuple[SegmentId, str] | None = None
        """What readers have of them: the name of the newest, and the text."""

    def show(self, more: Iterable[SegmentId] = ()) -> None:
        """Show those that still lack their translation, and `more`; nothing of what was struck or removed meanwhile.

        One signal carries them, so they stand there as one text: the newest, and those before it in its language.
        """
        names = {*self._names, *more}
        if not names:
            return
        found = sorted(filter(None, map(self._lacking, names)), key=lambda line: (line.t0, line.id))[-MOST_LATE:]
        self._names = tuple(line.id for line in found)
        before, self._shown = self._shown, None
        if found:
            text, language = "", found[-1].language
            for line in reversed(found):
                if line.language != language:
                    break
                text = f"{line.whole.strip()} {text}".strip()
            self._shown = (found[-1].id, text)
            if self._shown != before:
                show(self._live, self._channel, *self._shown, language)
        elif before is not None:
            show(self._live, self._channel, before[0], "", "")

    def _lacking(self, name: SegmentId) -> Segment | None:
        state = self._live.state
        lacks = due(state, state.channels[self._channel], name) is not None
        return state.segments.get(name) if lacks else None


def show(live: LiveSession, channel: ChannelId, source: SegmentId, text: str, language: str) -> None:
    """Show what a line will read in a translation for now, unless it is there."""
    name = line_of(source, channel)
    if name not in live.state.segments:
        live.writer.signal(Partial(channel=channel, segment=name, first=0, text=text, language=language))
