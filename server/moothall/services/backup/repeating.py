"""Carries out again the removals whose words a log has once more, since the data folder was replaced by an older copy.

`moothall restore` leaves out what the list of removals names. A disk's snapshot, or a file that somebody copies back,
knows nothing of it. As in a restore, a line goes whole, and the log says that it was removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from moothall.core.backup.removed import RemovedContent, TextRemoved, named
from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.core.ports import Clock, EventLog, Randomness, Signer
from moothall.core.removal.questions import stays_of
from moothall.core.retention.periods import DUE, STAFF_DUE
from moothall.core.sessions.state import State, evolve
from moothall.services.log.drafting import PendingAppend
from moothall.services.log.erasing import TextOffsets

PAGE = 512
"""Most events of one read."""


class FollowedText:
    """What is known of a session's text after each of its events."""

    def __init__(self, session: SessionId) -> None:
        self.state = State(id=session)
        self._offsets = TextOffsets()

    def step(self, record: LogRecord) -> None:
        """Take the next event."""
        event = None if record.body is None else decode_event(record.body)
        if event is not None:
            self._offsets.note(record.header.offset, event)
        self.state = evolve(self.state, event, record.header.at)

    def stays(self, due: Mapping[int, str]) -> list[ev.AnyEvent]:
        """The events that stay of questions whose words are removed: their numbers and status. `due`: the reasons, by
        the offsets of the removed events.
        """
        found: list[ev.AnyEvent] = []
        for name, each in self.state.questions.interventions.items():
            gone = due.keys() & set(self._offsets.of_interventions([name]))
            arrived = set(self._offsets.of_askers([name]))
            if not gone or (each.published and gone <= arrived):
                continue  # Of a published question only what arrived was due, and what was published stays.
            is_due = any(due[offset] in (DUE, STAFF_DUE) for offset in gone & arrived)
            found += stays_of(msgspec.structs.replace(each, asker="") if is_due else each)
        return found


async def remove_again(
    log: EventLog,
    session: SessionId,
    acts: Sequence[TextRemoved],
    *,
    clock: Clock,
    randomness: Randomness,
    signer: Signer,
) -> int:
    """Erase from a session's log what it has again of these acts, which are all of its epoch; return the number of
    events.

    No writer may hold the session. Raises StorageError and RecordBroken; calling this again goes on.
    """
    epoch = acts[0].epoch
    removed = RemovedContent(acts).text(session, epoch)
    head = await log.acquire(session, epoch, new=False)
    if head.epoch != epoch:
        return 0
    followed, due, at = FollowedText(session), dict[int, str](), 0
    through: dict[ChannelId, int] = {}
    for first in range(0, head.offset, PAGE):
        for record in await log.read(session, first, PAGE):
            followed.step(record)
            at = max(at, record.header.at)
            if record.body is not None and named(record) in removed:
                due[record.header.offset] = removed[named(record)]
                channel = getattr(decode_event(record.body), "channel", None)
                if channel in followed.state.channels:
                    through[channel] = 0
    # Sound that waits to be recognised is an older copy too: what was removed must not be recognised again.
    through = {channel: followed.state.channels[channel].committed_through for channel in through}
    stays = followed.stays(due)
    cause = CommandId(f"removed-again:{head.offset}")
    n, wall = 0, clock.wall()

    def drafted() -> PendingAppend:
        return PendingAppend(session, behind=head, at=at, state=State(id=session), randomness=randomness, signer=signer)

    for reason in dict.fromkeys(due.values()):
        offsets = tuple(offset for offset, why in due.items() if why == reason)
        draft = drafted()
        said = ev.BodyRemoved(offsets=offsets, reason=reason or "request", by=SYSTEM.id, through=through)
        for event in (*stays, said):
            draft.add(event, SYSTEM, cause, n, wall)
            n += 1
        await log.remove(session, head.term, head.offset, offsets, draft.records)
        head, at, stays = draft.head, draft.at, []
    if due:
        draft = drafted()
        draft.sign(SYSTEM, cause, n, wall)
        await log.append(session, head.term, head.offset, draft.records)
    return len(due)
