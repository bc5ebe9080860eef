"""Everything that can go wrong, in one place.

    MoothallError
      ConfigurationError   a setting, a file or an argument is wrong; the sentence says which and what to do
        KeyRefused           a service refuses the key that it was asked with; another one may come
      StorageError         the log could not do what was asked
        StorageUnavailable   it may work later: disk full, Redis away
          OutcomeUnknown       the same, but whether it was stored nobody can say yet
          LogMissing           the store has nothing, or not all, of a session that exists
          SpoolFull            sound has the room on the disk that it may have
        StaleWriter          another writer has taken over the session's log
        OffsetConflict       the log is not where the writer thought
        DuplicateCause       the command's events are in the log already
        LogTrimmed           the store has only the end of the log, and not that part
      RecordBroken         stored bytes don't verify or can't be read
      NoLink               a staff link isn't there any more, or can't be made
      ProgrammeError       a conference file can't be read; the sentence says where and why
      ProposalsRefused     what a second pass found can't be kept for people to decide on
      AudioError           a file or stream gives no usable audio
      ProtocolError        a peer sent something that the protocol forbids
      RecognitionFailed    a recogniser that is asked over the network gave no usable answer; it may later

A `Refusal` is not an error: it is an answer, and a value.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from moothall.core.kernel.ids import ChannelId, SegmentId


class MoothallError(Exception):
    """Base of all of ours; its text is a sentence for a person."""


class ConfigurationError(MoothallError):
    """A setting, a file or an argument is wrong."""


class KeyRefused(ConfigurationError):
    """A service that is asked over the network refuses the key; with another one it may answer."""


class StorageError(MoothallError):
    """The log could not do what was asked."""


class StorageUnavailable(StorageError):
    """Nothing was stored, and the same append may succeed later. `OutcomeUnknown` alone doesn't say the first."""


class OutcomeUnknown(StorageUnavailable):
    """The act was sent and no answer came: it may have been stored, or be stored later still.

    Acquiring the log ends that: from then on it is stored, and in the head that was returned, or never will be.
    """


class LogMissing(StorageUnavailable):
    """The store has nothing, or not all, of a log or book that isn't new. Whoever has a copy may fill it again."""


class SpoolFull(StorageUnavailable):
    """Sound that waits for its words takes as much of the disk as it may; it works again once words have come."""


class StaleWriter(StorageError):
    """A writer with a higher term has taken over."""


class OffsetConflict(StorageError):
    """The log's head is not at the expected offset."""


class DuplicateCause(StorageError):
    """An event with the same (session, cause, n) is stored already."""


class LogTrimmed(StorageError):
    """Events were asked for that the store gave up, as others keep them; not the same as a log that has none."""

    def __init__(self, sentence: str, first: int) -> None:
        """`first`: offset of the first event that it still has, or will have."""
        super().__init__(sentence)
        self.first = first


class RecordBroken(MoothallError):
    """Stored bytes don't verify or can't be read."""


class NoLink(MoothallError):
    """A staff link isn't there any more, or can't be made."""


class ProgrammeError(MoothallError):
    """A conference file can't be read. `sentences` say all that is wrong with it; the text is the same, a line each."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class ProposalsRefused(MoothallError):
    """What a second pass found can't be kept for people to decide on."""


class AudioError(MoothallError):
    """A file or stream gives no usable audio."""


class ProtocolError(MoothallError):
    """A peer sent something that the protocol forbids."""


class RecognitionFailed(MoothallError):
    """A recogniser that is asked over the network gave no usable answer; the same window may be asked again."""


class RefusalCode(StrEnum):
    """Why a command was not carried out."""

    FORBIDDEN = "forbidden"
    """The role may not do this."""
    UNKNOWN = "unknown"
    """It names something that does not exist."""
    INVALID = "invalid"
    """It can't be right in any state."""
    CONFLICT = "conflict"
    """It doesn't fit what has happened."""
    BREAK = "break"
    """There is a break: nothing is written in it. It can be sent again once the break is over."""
    STALE = "stale"
    """It was made from an older state; the current one comes with the refusal."""
    BUSY = "busy"
    """Too many commands wait; send it again."""
    UNAVAILABLE = "unavailable"
    """It can't be stored at the moment; send it again."""


PASSING = frozenset({RefusalCode.BUSY, RefusalCode.UNAVAILABLE})
"""Refusals that pass: nothing was done, and the same may be carried out when it is sent again."""


class SegmentNow(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a segment, for a sender that worked from an older one."""

    segment: SegmentId
    revision: int
    words: int
    text: str


class ChannelNow(msgspec.Struct, frozen=True, kw_only=True):
    """How a channel stands, for an engine that has to find its place again."""

    channel: ChannelId
    generation: int
    committed_through: int
    """End of the last committed word, media ms."""
    segment: SegmentId | None
    """The open segment."""
    words: int
    """Its committed words."""


class FirstKnow(msgspec.Struct, frozen=True, kw_only=True):
    """What the actor should know first. The same act is carried out once they confirm it."""

    kind: Literal["called", "same-room"]
    """Somebody else called another question just now; another meeting is on in the same room."""
    who: str = ""
    """Who called it: their name, their link's label, or nothing."""
    number: int = 0
    """Of what was called."""
    seconds: int = 0
    """How long ago."""
    title: str = ""
    """Of the other meeting."""


class GoneOn(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody else was quicker, and the meeting that they started is on."""

    who: str
    """Their name, their link's label, or nothing."""
    title: str


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A command was not carried out, and why."""

    code: RefusalCode
    message: str
    """A sentence for a person."""
    segment: SegmentNow | None = None
    channel: ChannelNow | None = None
    first_know: FirstKnow | None = None
    gone_on: GoneOn | None = None


def refuse(code: RefusalCode, message: str) -> Refusal:
    """A refusal that says why in a sentence for a person, and no more."""
    return Refusal(code=code, message=message)
