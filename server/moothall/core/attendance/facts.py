"""What a session's log says for its attendance report, folded from its lanes without those of the texts.

Every page about attendance is made of these facts, of a session that is loaded too, so that no two of them differ.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from moothall.core.attendance.online import HOUR_MS
from moothall.core.events import hubs as he
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.events.question_parts import ROOM
from moothall.core.events.types import Access
from moothall.core.kernel.ids import ChannelId, Lane, SessionId
from moothall.core.kernel.lanes import QUESTIONS, SESSION, STAFF, channel_lane
from moothall.core.questions.balance import by_origin
from moothall.core.retention.periods import DUE, STAFF_DUE
from moothall.core.sessions.keeping import Span, merged, without
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.roll import RollEntry, RollStatus, RoomCount
from moothall.core.sessions.state import State, Status, evolve

LANES = frozenset({SESSION, QUESTIONS, STAFF})
"""The lanes that the facts are folded from."""
UNTOLD = frozenset(
    str(kind.__struct_config__.tag)
    for kind in (
        *(ev.RecordCheckpoint, ev.ClockMapped, ev.WriterChanged, ev.SourceAttached, ev.SourceEnded, ev.EngineAttached),
        *(ev.SpeakerIntroduced, ev.SpeakerAssigned, ev.SpeakerChanged, ev.LanguageForced, ev.TermChosen),
        *(le.AirHeld, le.LineOffered, ne.SegmentTagged, qe.InterventionTagged, ne.NoteLeft, ne.NoteRead),
        *(qe.SupportCounted, qe.PollOpened, qe.PollCounted, qe.PollClosed),
        *(qe.VotingSwitched, qe.CommentsPutToVote, qe.OpinionsCounted, ev.OriginalKept),
    )
)
"""The types of events that change no fact: most of these lanes. They need not be decoded."""


class HubPeople(msgspec.Struct, frozen=True, kw_only=True):
    """A hub's head counts."""

    hub: str
    title: str
    people: int | None
    """The highest head count; None where nobody has counted."""
    hours: dict[int, int] = {}
    """The highest head count of each hour in which one was made, by Unix ms of its beginning."""


class AttendanceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the log says of one session."""

    session: SessionId
    title: str = ""
    languages: tuple[str, ...] = ()
    """BCP-47 tags of its texts, the floor's first."""
    texts: tuple[str, ...] = ()
    """Those of the texts that have lines."""
    access: Access = Access.STAFF
    listed: bool = True
    rehearsal: bool = False
    imported: bool = False
    young_people: bool = False
    status: Status = Status.ABSENT
    opened: int | None = None
    """Unix ms."""
    closed: int | None = None
    """Unix ms; None while it is not closed."""
    recorded_ms: int = 0
    """How long its floor was kept: without breaks, spans that are not recorded, gaps, and the time between a close and
    a reopening.
    """
    counts: tuple[RoomCount, ...] = ()
    hubs: tuple[HubPeople, ...] = ()
    topics: tuple[str, ...] = ()
    """Its policy questions."""
    asked: int = 0
    taken: int = 0
    answered: int = 0
    taken_remotely: int = 0
    """Of the questions that had a turn, those of remote people and hubs."""
    roll: RollStatus = RollStatus.NONE
    entries: tuple[RollEntry, ...] = ()
    """Who signed in, without group and region; once the list is final, who is named."""
    signed: int | None = None
    """How many signed in; None without a list, and where their entries were removed since their time was over."""
    groups: dict[str, dict[str, int | None]] = {}
    released: bool = False

    @property
    def public(self) -> bool:
        """Whether lists for everybody name it."""
        return self.access is Access.PUBLIC and self.listed and not self.rehearsal


class FactsFold(msgspec.Struct, frozen=True, kw_only=True):
    """The fold of a session's `LANES`."""

    state: State
    opened: int | None = None
    gaps: tuple[tuple[ChannelId, int, int], ...] = ()
    heads: dict[str, dict[int, int]] = {}
    """Head counts by hub and hour."""
    expired: bool = False
    """Whether something was removed since it had been kept for as long as was stated."""


def evolve_facts(fold: FactsFold, event: ev.AnyEvent | UnknownEvent | None, at: int) -> FactsFold:
    """Return the fold after `event`, which was logged at Unix ms `at` and is of one of the `LANES`."""
    replace = msgspec.structs.replace
    fold = replace(fold, state=evolve(fold.state, event, at))
    match event:
        case ev.SessionOpened():
            return replace(fold, opened=event.wall)
        case ev.GapNoted():
            return replace(fold, gaps=(*fold.gaps, (event.channel, event.t0, event.t1)))
        case ev.BodyRemoved() if event.reason in (DUE, STAFF_DUE):
            return replace(fold, expired=True)
        case he.HubPresenceChanged() if event.people:
            hour = _hour(event.counted or at)
            hours = fold.heads.get(event.hub, {})
            hours = {**hours, hour: max(event.people, hours.get(hour, 0))}
            return replace(fold, heads={**fold.heads, event.hub: hours})
        case _:
            return fold


def facts_of(fold: FactsFold, lanes: Collection[Lane]) -> AttendanceFacts:
    """The facts of a session. `lanes`: those of its log, by which it is known which texts have lines."""
    state, attendance = fold.state, fold.state.attendance
    closed = state.closed_at if state.status is Status.CLOSED else None
    shares = by_origin(state.questions, closed or 0)
    written = [channel for channel in state.channels.values() if channel_lane(channel.id) in lanes]
    imported = any(channel.imported is not None for channel in state.channels.values())
    return AttendanceFacts(
        session=state.id,
        title=state.title.strip(),
        languages=_languages(state.channels.values()),
        texts=_languages(written),
        access=state.access,
        listed=state.listed,
        rehearsal=state.rehearsal,
        imported=imported,
        young_people=state.young_people,
        status=state.status,
        opened=fold.opened,
        closed=None if closed is None or fold.opened is None else fold.opened + closed,
        recorded_ms=_recorded(fold, closed) if closed is not None and written else 0,
        counts=attendance.counts,
        hubs=tuple(
            HubPeople(
                hub=name,
                title=hub.title,
                people=hub.most if hub.most or hub.counted is not None else None,
                hours=fold.heads.get(name, {}),
            )
            for name, hub in state.hubs.items()
        ),
        topics=tuple(each.text for each in state.notes_and_tags.questions),
        asked=sum(each.received for each in shares.values()),
        taken=sum(each.taken for each in shares.values()),
        answered=sum(each.answered for each in shares.values()),
        taken_remotely=sum(each.taken for origin, each in shares.items() if origin != ROOM),
        roll=attendance.roll,
        entries=tuple(
            RollEntry(name=each.name, representing=each.representing) for each in attendance.entries.values()
        ),
        signed=_signed(fold),
        groups=attendance.groups,
        released=attendance.released,
    )


def _languages(channels: Iterable[Channel]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for channel in channels for tag in channel.languages))


def _signed(fold: FactsFold) -> int | None:
    attendance = fold.state.attendance
    if attendance.roll in (RollStatus.NONE, RollStatus.FINAL):
        return attendance.signed
    return None if fold.expired and not attendance.entries else len(attendance.entries)


def _recorded(fold: FactsFold, closed: int) -> int:
    state, floor = fold.state, next(iter(fold.state.channels), None)
    gaps: list[Span] = [(t0, t1) for channel, t0, t1 in fold.gaps if channel == floor]
    lost = merged([*state.unkept, *state.closures, *gaps])
    left = without([(0, closed)], lost)
    return sum(min(t1, closed) - t0 for t0, t1 in left if t1 is not None and t0 < closed)


def _hour(at: int) -> int:
    return at // HOUR_MS * HOUR_MS
