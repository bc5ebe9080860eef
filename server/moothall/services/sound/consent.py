"""Applies the spans of a session that must not be kept to the audio of a source, so that no file keeps them.

These spans are those that somebody asked not to be recorded, and breaks.
"""

from __future__ import annotations

import asyncio

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.services.log.publication import Publication
from moothall.services.log.session_writer import SessionWriter
from moothall.services.sound.live_audio import LiveAudio

_CHANGES = (
    ev.NotRecordedBegan,
    ev.NotRecordedEnded,
    ev.SessionPaused,
    ev.SessionResumed,
    ev.SessionClosed,  # Closing ends a break.
    le.AirChanged,
)


class ConsentChanges:
    """Reports that a session may have started or stopped being kept, or being heard by engines. Close it at the end."""

    def __init__(self, writer: SessionWriter) -> None:
        self._changed = asyncio.Event()
        self.close = writer.listen(self._hear)

    def _hear(self, publication: Publication) -> None:
        if any(isinstance(event, _CHANGES) for event in publication.events):
            self._changed.set()

    async def next(self) -> None:
        """Wait until something has changed since the last call."""
        await self._changed.wait()
        self._changed.clear()


async def follow_consent(writer: SessionWriter, audio: LiveAudio) -> None:
    """Apply the session's unkept spans to `audio`, until cancelled. Must be running before any audio arrives."""
    changes = ConsentChanges(writer)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(audio.age())
            while True:
                await audio.follow(writer.state.unkept)
                await changes.next()
    finally:
        changes.close()
