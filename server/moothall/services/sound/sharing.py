"""What sessions say of their sound, read from their logs: whether it is kept, and for how long."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.events.types import SealVersion, SoundKept
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.kernel.lanes import SESSION
from moothall.core.ports import LogReading
from moothall.core.sessions.state import State, Status, evolve

PAGE = 250
"""Most records in one read."""
_FACTS = ev.SessionCreated | ev.SessionArranged


class Sharing(msgspec.Struct, frozen=True):
    """A session's setting of its sound, and whether its text was checked."""

    sound: SoundKept
    checked: bool
    """Whether the text has been sealed as checked or final."""


def keeps_sound(state: State) -> bool:
    """Whether a session's sound is recorded at all."""
    return state.sound is not SoundKept.NONE and not state.young_people


class Sharings:
    """The settings of the sessions that have a recording. No session is loaded for it, as they are asked for each
    minute.
    """

    def __init__(self, log: LogReading) -> None:
        self._log = log
        # Bound: the sessions that have a recording.
        self._known: dict[SessionId, tuple[Epoch, int, Sharing | None]] = {}
        """The last known setting of each session, with the epoch and offset of the log's end at that time."""

    async def of(self, session: SessionId) -> Sharing | None:
        """The setting of a session; None when there is no such session. Raises StorageUnavailable."""
        try:
            head = await self._log.head(session)
            if head is None:
                self._known.pop(session, None)
                return None
            known = self._known.get(session)
            if known is None or known[:2] != (head.epoch, head.offset):
                self._known[session] = known = head.epoch, head.offset, await self._read(session)
            return known[2]
        except RecordBroken:  # The setting can't be read: assume that the recording has to be erased in time.
            return Sharing(SoundKept.UNTIL_CHECKED, checked=False)

    async def of_copy(self, follows: Callable[[SessionId], bool], session: SessionId) -> Sharing:
        """The setting of a session whose log is a copy of another node's.

        `follows`: whether the copy is up to date. Raises StorageUnavailable where it isn't, or there is none: the sound
        of a session that was erased goes with its log.
        """
        sharing = await self.of(session) if follows(session) else None
        if sharing is None:
            raise StorageUnavailable(f"This node has no copy of session {session} that is up to date.")
        return sharing

    async def _read(self, session: SessionId) -> Sharing | None:
        state, checked, offset = State(id=session), False, 0
        while page := await self._log.read(session, offset, PAGE, frozenset({SESSION})):
            offset = page[-1].header.offset
            for record in page:
                event = None if record.body is None else decode_event(record.body)
                if isinstance(event, _FACTS):
                    state = evolve(state, event, record.header.at)
                elif isinstance(event, ev.RecordSealed):
                    checked = event.version in (SealVersion.CHECKED, SealVersion.FINAL)
        if state.status is Status.ABSENT:
            return None
        return Sharing(state.sound if keeps_sound(state) else SoundKept.NONE, checked)
