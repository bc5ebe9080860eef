"""Takes the vectors of meaning that the search has made of a session's lines, so that a report needs few new ones.

It is a module of its own because the process that suggests lines loads the one beside it, and needs no index.
"""

from __future__ import annotations

from collections.abc import Mapping

from moothall.adapters.search.meaning_files import MeaningFiles
from moothall.core.events.codec import decode_event
from moothall.core.kernel.ids import SegmentId, SessionId
from moothall.core.ports import LogReading

PAGE = 1_000
"""Events that are read at once."""


class IndexedVectors:
    """The `MadeVectors` of a server with the extra `meaning`: those that the search has, but for lines that changed
    since they were made.
    """

    def __init__(self, files: MeaningFiles, log: LogReading) -> None:
        self._files = files
        self._log = log

    async def __call__(self, session: SessionId) -> Mapping[SegmentId, bytes]:
        """The vectors of a session's lines. Raises StorageUnavailable."""
        after, made = await self._files.made(session)
        changed: set[SegmentId] = set()
        while made and (page := await self._log.read(session, after, PAGE)):
            events = (None if record.body is None else decode_event(record.body) for record in page)
            changed |= {name for event in events if (name := getattr(event, "segment", None)) is not None}
            after = page[-1].header.offset
        return {name: vector for name, vector in made.items() if name not in changed}
