"""News that may be lost without harm. A newer signal replaces the older one with the same key. No signal
enters a log.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId


class Signal(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """The present state of something about one channel."""

    channel: ChannelId
    """The channel that the signal is about."""

    @property
    def key(self) -> str:
        """The signal's key; a newer signal replaces an older one with the same key."""
        return f"{self.__struct_config__.tag}:{self.channel}"


class Partial(Signal, frozen=True, kw_only=True, tag="partial"):
    """The unconfirmed rest of a line. Clients show it only while the line has exactly `first` committed words."""

    segment: SegmentId
    """The line; when it has not been opened yet, `first` is 0."""
    first: int
    """How many words of the line are committed."""
    text: str
    """The words that may follow, joined to the committed text by concatenation; empty removes them."""
    language: str
    """BCP-47 tag of the recognised language."""


class Sound(StrEnum):
    """What kind of sound the engine receives."""

    SPEECH = "speech"
    SILENCE = "silence"
    NONE = "none"
    """No audio arrives."""


class Typing(Signal, frozen=True, kw_only=True, tag="typing"):
    """What the called author is typing now. It is shown beside the engine's words and becomes a line of its own."""

    segment: SegmentId
    """The id that the line will have."""
    text: str
    """The text so far; empty removes it."""
    language: str
    """BCP-47 tag of the text."""
    speaker: SpeakerId | None
    """The speaker who types."""


class ChannelState(Signal, frozen=True, kw_only=True, tag="state"):
    """The state of a channel's recognition, sent at every change and at most once a second."""

    sound: Sound
    """What the engine receives."""
    lag: int
    """How far the text is behind the sound, ms; without what is caught up after the end of a break was set back
    (`RecordKeeping.delay`).
    """
    t: int
    """Media ms up to which the engine has heard the channel."""


class Unsaved(Signal, frozen=True, kw_only=True, tag="unsaved"):
    """Words that can't be stored at the moment, shown with the mark "not yet saved"; empty removes them."""

    text: str
    """All words since storage failed."""


class Unrecorded(Signal, frozen=True, kw_only=True, tag="unrecorded"):
    """Words of a span that is not recorded. They are shown with a mark and stored nowhere; empty removes them."""

    text: str
    """The last words of that span."""
    language: str
    """BCP-47 tag of the words."""


class LastWords(Signal, frozen=True, kw_only=True, tag="last-words"):
    """Whether the session is about to be closed and the last words are still being recognised."""

    awaited: bool


class StandIn(Signal, frozen=True, kw_only=True, tag="stand-in"):
    """Which text to read instead of this one, because its interpreter is silent while others speak."""

    instead: ChannelId | None
    """The machine's translation into the same language; None: this text continues."""


Summary = ChannelState | LastWords | StandIn
"""Signals about the state of a text, without words of it."""

AnySignal = Partial | Typing | ChannelState | Unsaved | Unrecorded | LastWords | StandIn
"""Every signal of this release. `kind` says which class a message has."""


def taken_away(signal: AnySignal) -> AnySignal:
    """The signal that removes this one from the screen, for a receiver that has lost the signal's source. A channel's
    state stays.
    """
    match signal:
        case Partial() | Typing() | Unsaved() | Unrecorded():
            return msgspec.structs.replace(signal, text="")
        case LastWords():
            return msgspec.structs.replace(signal, awaited=False)
        case StandIn():
            return msgspec.structs.replace(signal, instead=None)
        case _:
            return signal
