"""What is not to be kept is kept nowhere: carries it from the session to the audio of a source.

That is what somebody asked not to be recorded, and breaks.
"""

from __future__ import annotations

import asyncio

from moothall.core.events import types as ev
from moothall.services.log.publication import Publication
from moothall.services.log.session_writer import SessionWriter
from moothall.services.sound.live_audio import LiveAudio

_CHANGES = (
    ev.NotRecordedBegan,
    ev.NotRecordedEnded,
    ev.SessionPaused,
    ev.SessionResumed,
    ev.SessionClosed,  # It ends a break.
    ev.AirChanged,
)


class ConsentChanges:
    """Tells that a session began or ceased to be kept, or to be heard by a machine. Close it when done."""

    def __init__(self, writer: SessionWriter) -> None:
        self._changed = asyncio.Event()
        self.close = writer.listen(self._hear)

    def _hear(self, publication: Publication) -> None:
        if any(isinstance(event, _CHANGES) for event in publication.events):
            self._changed.set()

    async def next(self) -> None:
        """Wait for a change since the last call."""
        await self._changed.wait()
        self._changed.clear()


async def follow_consent(writer: SessionWriter, audio: LiveAudio) -> None:
    """Keep nothing of `audio` that is not to be kept, until cancelled. To be running before any audio comes."""
    changes = ConsentChanges(writer)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(audio.age())
            while True:
                await audio.follow(writer.state.unkept)
                await changes.next()
    finally:
        changes.close()
