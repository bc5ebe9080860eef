"""What a session writer publishes once it is stored: one step of a session, whole, with its signals."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core import commands as do
from moothall.core.chain import LogRecord
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.events.types import AnyEvent
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.sessions.state import State
from moothall.core.signals import AnySignal, Partial, Unrecorded


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """Records that one append has made durable, and the signals that belong on the screen with them.

    A reader gets all of it in one frame, one write and one update of the display. Either part may be empty:
    signals alone are a publication without records.
    """

    session: SessionId
    records: tuple[LogRecord, ...] = ()
    """In order of their offsets and without gaps after the previous publication; at a hub with gaps."""
    events: tuple[AnyEvent, ...] = ()
    """The decoded bodies of `records`, one each, so that nobody has to decode them again."""
    signals: tuple[AnySignal, ...] = ()
    """In order; of two with the same key only the last is shown."""

    def __post_init__(self) -> None:
        """Raises ValueError unless there are as many events as records."""
        if len(self.records) != len(self.events):
            raise ValueError(f"A publication has {len(self.records)} records but {len(self.events)} events.")


def republished(session: SessionId, page: Sequence[LogRecord]) -> Publication:
    """The publication of records that were stored although their append seemed to fail, without those that have no
    body, or one that this release doesn't know.
    """
    pairs = [(record, decode_event(record.body)) for record in page if record.body is not None]
    known = [(record, event) for record, event in pairs if not isinstance(event, UnknownEvent)]
    return Publication(
        session=session,
        records=tuple(record for record, _ in known),
        events=tuple(event for _, event in known),
    )


def signals_of(commands: Sequence[do.AnyCommand], state: State) -> list[AnySignal]:
    """The signals that follow from an act that was decided, those that clear earlier ones included; `state` is the
    session after it.
    """
    signals: list[AnySignal] = []
    for command in commands:
        match command:
            case do.CommitWords():
                segment = state.segments.get(command.segment)
                partial = Partial(
                    channel=command.channel,
                    segment=command.segment,
                    first=command.first + len(command.words),
                    text=command.rest,
                    language=segment.language if segment is not None else "",
                )
                signals.append(partial)
            case do.EndSegment():
                segment = state.segments.get(command.segment)
                language = segment.language if segment is not None else ""
                signals.append(_no_partial(command.channel, command.segment, language))
            case do.RewindChannel() | do.PutOnAir():
                signals.append(_no_partial(command.channel))
            case do.BeginNotRecorded() | do.PauseSession() if command.back:
                signals += [_no_partial(channel) for channel in state.channels]
            case _:
                pass
        if isinstance(command, do.EndNotRecorded | do.CloseSession | do.PauseSession) and state.not_recorded:
            signals += [Unrecorded(channel=channel, text="", language="") for channel in state.channels]
    return signals


def _no_partial(channel: ChannelId, segment: SegmentId = SegmentId(""), language: str = "") -> Partial:  # noqa: B008
    return Partial(channel=channel, segment=segment, first=0, text="", language=language)
