"""What readers see change together with a command, beside its events: signals that it makes, or makes void."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.commands import (
    AnyCommand,
    BeginNotRecorded,
    CloseSession,
    CommitWords,
    EndNotRecorded,
    EndSegment,
    PauseSession,
    RewindChannel,
)
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.session.state import State
from moothall.core.signals import AnySignal, Partial, Unrecorded


def shown_with(commands: Sequence[AnyCommand], state: State) -> list[AnySignal]:
    """The signals of an act that was decided; `state` is the session after it."""
    signals: list[AnySignal] = []
    for command in commands:
        match command:
            case CommitWords():
                segment = state.segments.get(command.segment)
                partial = Partial(
                    channel=command.channel,
                    segment=command.segment,
                    first=command.first + len(command.words),
                    text=command.rest,
                    language=segment.language if segment is not None else "",
                )
                signals.append(partial)
            case EndSegment():
                segment = state.segments.get(command.segment)
                language = segment.language if segment is not None else ""
                signals.append(_no_partial(command.channel, command.segment, language))
            case RewindChannel():
                signals.append(_no_partial(command.channel))
            case BeginNotRecorded() | PauseSession() if command.back:
                signals += [_no_partial(channel) for channel in state.channels]
            case _:
                pass
        if isinstance(command, EndNotRecorded | CloseSession | PauseSession) and state.not_recorded:
            signals += [Unrecorded(channel=channel, text="", language="") for channel in state.channels]
    return signals


def _no_partial(channel: ChannelId, segment: SegmentId = SegmentId(""), language: str = "") -> Partial:  # noqa: B008
    return Partial(channel=channel, segment=segment, first=0, text="", language=language)
