"""What may be lost without harm. The newest per key wins; a signal never enters a log."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId


class Signal(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Something of the moment, about one channel."""

    channel: ChannelId
    """The channel it is about."""

    @property
    def key(self) -> str:
        """Signals with the same key replace one another."""
        return f"{self.__struct_config__.tag}:{self.channel}"


class Partial(Signal, frozen=True, kw_only=True, tag="partial"):
    """The unconfirmed rest of a line. To be shown only while the line has exactly `first` committed words."""

    segment: SegmentId
    """The line; it may not have been opened yet, then `first` is 0."""
    first: int
    """How many words of it are committed."""
    text: str
    """What may come next, joined to the committed text by concatenation; empty takes it away."""
    language: str
    """BCP-47 tag of what is heard."""


class Sound(StrEnum):
    """What the engine hears."""

    SPEECH = "speech"
    SILENCE = "silence"
    NONE = "none"
    """No audio arrives at all."""


class Typing(Signal, frozen=True, kw_only=True, tag="typing"):
    """What the author whose turn it is types just now, beside the engine's words: it becomes a line of its own."""

    segment: SegmentId
    """The line that it will be."""
    text: str
    """The text so far; empty takes it away."""
    language: str
    """BCP-47 tag."""
    speaker: SpeakerId | None
    """Who types."""


class ChannelState(Signal, frozen=True, kw_only=True, tag="state"):
    """How a channel is doing, at most once a second and at every change."""

    sound: Sound
    """What is heard."""
    lag: int
    """How far the text is behind the sound, ms; what is caught up of a break that was ended a while ago not counted."""
    t: int
    """Media ms up to which the channel has been heard."""


class Unsaved(Signal, frozen=True, kw_only=True, tag="unsaved"):
    """Words that can't be stored at the moment, shown marked "not yet saved"; empty takes them away."""

    text: str
    """All words since storage failed."""


class Unrecorded(Signal, frozen=True, kw_only=True, tag="unrecorded"):
    """Words of a span that is not recorded: shown marked, kept nowhere; empty takes them away."""

    text: str
    """The last of what was said in it."""
    language: str
    """BCP-47 tag."""


class LastWords(Signal, frozen=True, kw_only=True, tag="last-words"):
    """Whether the session is about to be closed, and what was said before is still becoming text."""

    awaited: bool


class StandIn(Signal, frozen=True, kw_only=True, tag="stand-in"):
    """Which text to read in place of this one, since its interpreter is silent while others speak."""

    instead: ChannelId | None
    """The machine's translation into the same language; None: this text goes on."""


Summary = ChannelState | LastWords | StandIn
"""Signals that say how a text is doing, and bring no words of it."""

AnySignal = Partial | Typing | ChannelState | Unsaved | Unrecorded | LastWords | StandIn
"""Every signal of this release, told apart by `kind`."""


def taken_away(signal: AnySignal) -> AnySignal:
    """What takes a signal off the screen, for whoever has lost where it came from; a channel's state stays."""
    match signal:
        case Partial() | Typing() | Unsaved() | Unrecorded():
            return msgspec.structs.replace(signal, text="")
        case LastWords():
            return msgspec.structs.replace(signal, awaited=False)
        case StandIn():
            return msgspec.structs.replace(signal, instead=None)
        case _:
            return signal
