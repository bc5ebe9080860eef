"""Hypothesis strategies for the values of the core, built from their types."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import strategies as st

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import EVENT_TYPES, UnknownEvent
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import (
    ChannelId,
    CitationId,
    CommandId,
    Epoch,
    InterventionId,
    Lane,
    MessageId,
    NoteId,
    ObjectionId,
    PaperId,
    PolicyQuestionId,
    PollId,
    RecipientId,
    ReplyId,
    RollEntryId,
    SegmentId,
    SendingId,
    SessionId,
    SourceId,
    SpeakerId,
)

MAX_INT = 2**53 - 1
"""The largest integer that every reader of JSON preserves, JavaScript included."""

_SMALL = "abcdefghijklmnopqrstuvwxyz0123456789"


def _named(first: str, others: str, length: int) -> st.SearchStrategy[str]:
    return st.builds(str.__add__, st.sampled_from(first), st.text(others, max_size=length - 1))


NAMES = _named(_SMALL, _SMALL + "_.-", 64)
COMMAND_IDS = _named(_SMALL + _SMALL.upper(), _SMALL + _SMALL.upper() + "_.:-", 128).map(CommandId)
TEXTS = st.text(max_size=40)
WHOLE = st.integers(0, MAX_INT)

_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: WHOLE,
    float: st.floats(0, 1),
    str: TEXTS,
    types.NoneType: st.none(),
    ChannelId: NAMES,
    CommandId: COMMAND_IDS,
    InterventionId: NAMES,
    PollId: NAMES,
    RollEntryId: NAMES,
    NoteId: NAMES,
    PolicyQuestionId: NAMES,
    RecipientId: NAMES,
    CitationId: NAMES,
    MessageId: NAMES,
    ObjectionId: NAMES,
    PaperId: NAMES,
    ReplyId: NAMES,
    SendingId: NAMES,
    SessionId: NAMES,
    bytes: st.binary(max_size=40),
    Epoch: NAMES,
    Lane: NAMES,
    SegmentId: NAMES,
    SourceId: NAMES,
    SpeakerId: NAMES,
    msgspec.UnsetType: st.just(msgspec.UNSET),
}


def of_type(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for values of a type that a body may hold."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return st.sampled_from(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return of_struct(kind)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return st.lists(of_type(arguments[0]), max_size=4).map(tuple)
    if origin is dict:
        return st.dictionaries(of_type(arguments[0]), of_type(arguments[1]), max_size=4)
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin in (types.UnionType, typing.Union):
        return st.one_of([of_type(argument) for argument in arguments])
    raise TypeError(f"tests/support/sessions/strategies.py doesn't know how to make a {kind}; teach it")


def of_struct(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Return a strategy for structs with any values; an event's `v` is always its type's."""
    hints = typing.get_type_hints(kind)
    fields = {field.name: of_type(hints[field.name]) for field in msgspec.structs.fields(kind) if field.name != "v"}
    return st.builds(kind, **fields)


EVENTS_BY_TYPE: dict[str, st.SearchStrategy[ev.AnyEvent]] = {
    name: of_struct(kind) for name, kind in EVENT_TYPES.items()
}
EVENTS: st.SearchStrategy[ev.AnyEvent] = st.one_of(list(EVENTS_BY_TYPE.values()))
"""Events of all types, equally likely, unrelated to one another."""


class Told(msgspec.Struct, frozen=True):
    """An event as a fold receives it; None for an event whose body was removed."""

    offset: int
    role: Role
    event: ev.AnyEvent | UnknownEvent | None
    lane: str


class _Teller:
    """Writes a session that could have happened: events mostly refer to earlier ones."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.told: list[Told] = []
        self.offset = 0
        self.segments: list[tuple[ChannelId, SegmentId]] = []
        self.words: dict[SegmentId, int] = {}
        self.revisions: dict[SegmentId, int] = {}

    def tell(self, event: ev.AnyEvent | UnknownEvent, role: Role = Role.ENGINE) -> None:
        # Offsets jump, since events of other lanes are between two events of a feed.
        self.offset += self.draw(st.integers(1, 3))
        lane = "session" if isinstance(event, UnknownEvent) else str(event.lane())
        gone = self.draw(st.integers(0, 19)) == 0
        self.told.append(Told(self.offset, role, None if gone else event, lane))

    def open(self, channel: ChannelId) -> None:
        segment = SegmentId(f"s{len(self.segments)}")
        self.segments.append((channel, segment))
        self.words[segment] = self.revisions[segment] = 0
        self.tell(
            le.SegmentOpened(channel=channel, segment=segment, t0=self.offset, language="en", origin=le.Origin.MACHINE)
        )

    def step(self) -> None:
        channel = ChannelId(self.draw(st.sampled_from(["floor", "floor", "floor", "pt"])))
        act = self.draw(
            st.sampled_from(["open", "words", "words", "end", "correct", "assign", "strike", "gap", "other", "unknown"])
        )
        if act == "gap":
            self.tell(ev.GapNoted(channel=channel, t0=self.offset, t1=self.offset + 1, reason=ev.GapReason.OVERLOAD))
        elif act == "other":
            self.tell(self.around(channel), Role.SYSTEM)
        elif act == "unknown":
            self.tell(UnknownEvent(type="floor.asked", v=1))
        elif act == "open" or not self.segments:
            self.open(channel)
        elif act in ("assign", "strike"):
            some = self.draw(st.lists(st.sampled_from(self.segments), max_size=3))
            names = tuple(segment for _, segment in some)
            speaker = self.draw(st.sampled_from([None, SpeakerId("chair")]))
            struck: tuple[ev.AnyEvent, ...] = (
                le.ChannelRewound(channel=channel, t=self.offset, segments=names),
                le.SegmentsMovedAway(channel=channel, segments=names, session=SessionId("other")),
            )
            assigned = ev.SpeakerAssigned(segments=names, speaker=speaker)
            self.tell(self.draw(st.sampled_from(struck)) if act == "strike" else assigned)
        else:
            # Mostly the newest lines; occasionally an old line, which may be outside of a snapshot.
            newest = st.integers(max(0, len(self.segments) - 3), len(self.segments) - 1)
            self.change(act, *self.segments[self.draw(newest | st.integers(0, len(self.segments) - 1))])

    def around(self, channel: ChannelId) -> ev.AnyEvent:
        """Return an event about the session, or an event of this channel that isn't about lines."""
        event: ev.AnyEvent = self.draw(st.one_of([EVENTS_BY_TYPE[name] for name in _AROUND]))
        if isinstance(event, ev.SpeakerChanged | ev.LanguageForced | le.SegmentsMovedHere):
            return msgspec.structs.replace(event, channel=channel)
        return event

    def change(self, act: str, channel: ChannelId, segment: SegmentId) -> None:
        if act == "words":
            words = tuple(le.Word(f" w{n}", n, n + 1) for n in range(self.draw(st.integers(1, 3))))
            self.tell(le.WordsCommitted(channel=channel, segment=segment, first=self.words[segment], words=words))
            self.words[segment] += len(words)
        elif act == "end":
            self.tell(
                le.SegmentEnded(
                    channel=channel, segment=segment, t1=self.offset, reason=le.EndReason.PAUSE, text=self.draw(TEXTS)
                )
            )
        else:
            corrected = le.SegmentCorrected(
                channel=channel,
                segment=segment,
                base_revision=self.revisions[segment],
                base_words=self.words[segment],
                text=self.draw(TEXTS),
                tail=self.draw(TEXTS),
                machine=self.draw(st.booleans()),
            )
            self.revisions[segment] += 1
            self.tell(corrected, self.draw(st.sampled_from([Role.ENGINE, Role.CAPTIONER])))


_AROUND = (
    "session.created", "session.opened", "session.paused", "session.resumed", "session.closed", "session.reopened",
    "channel.added", "source.attached", "clock.mapped", "speaker.introduced", "record.checkpoint", "record.sealed",
    "body.removed", "session.described", "not-recorded.began", "not-recorded.ended", "speaker.changed",
    "language.forced", "segments.moved-here", "note.left", "close.requested", "hub.presence-changed",
    "session.arranged", "session.cancelled", "session.reinstated",
)  # fmt: skip


@st.composite
def stories(draw: Callable[[st.SearchStrategy[Any]], Any], max_steps: int = 40) -> list[Told]:
    """Draw a session's events in order, sometimes after hundreds of lines."""
    teller = _Teller(draw)
    for _ in range(draw(st.sampled_from([0, 0, 0, 150, 199, 200, 201, 430]))):
        segment = SegmentId(f"s{len(teller.segments)}")
        teller.segments.append((ChannelId("floor"), segment))
        teller.words[segment] = teller.revisions[segment] = 0
        teller.offset += 1
        opened = le.SegmentOpened(
            channel=ChannelId("floor"), segment=segment, t0=teller.offset, language="en", origin=le.Origin.MACHINE
        )
        teller.told.append(Told(teller.offset, Role.ENGINE, opened, str(opened.lane())))
    for _ in range(draw(st.integers(0, max_steps))):
        teller.step()
    return teller.told
