"""All exceptions of the project, and the refusals.

    MoothallError
      ConfigurationError   a setting, a file or an argument is wrong; the sentence says which and what to do
        KeyRefused           a network service refuses the key of a request; another key may be accepted
      StorageError         the log could not carry out the operation
        StorageUnavailable   it may work later: disk full, Redis unreachable
          OutcomeUnknown       as above, but it is unknown whether the events were stored
          LogMissing           the store lacks all or a part of an existing session
          SpoolFull            the sound on the disk has reached its limit
        StaleWriter          another writer has taken over the session's log
        OffsetConflict       the log's head is not where the writer expected it
        DuplicateCause       the command's events are in the log already
        LogTrimmed           the store keeps only the end of the log, and not the requested part
      RecordBroken         stored bytes fail verification or can't be decoded
      ProofBroken          a proof, a checkpoint or a policy doesn't verify or can't be read; the sentence says where
      NoLink               a staff link no longer exists, or can't be made
      ProgrammeError       a conference file can't be read; the sentence says where and why
      ImportRefused        a file about a past meeting can't be imported; the sentence says where and why
      ProposalsRefused     the results of a second pass can't be kept for people to decide on
      AudioError           a file or stream gives no usable audio
      ProtocolError        a peer sent something that the protocol forbids
      RecognitionFailed    a recogniser on the network gave no usable answer; a retry may succeed

A `Refusal` is not an exception: it is an answer, and a value.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from moothall.core.kernel.ids import ChannelId, SegmentId


class MoothallError(Exception):
    """Base class of the project's exceptions; the text is a sentence for a person."""


class ConfigurationError(MoothallError):
    """A setting, a file or an argument is wrong."""


class KeyRefused(ConfigurationError):
    """A network service refuses the key of a request; with another key it may answer."""


class StorageError(MoothallError):
    """The log could not carry out the operation."""


class StorageUnavailable(StorageError):
    """Nothing was stored, and the same append may succeed later. Only in the subclass `OutcomeUnknown` something may be
    stored.
    """


class OutcomeUnknown(StorageUnavailable):
    """An append was sent and no answer came: the events may be stored already, or be stored later.

    Acquiring the log again settles it: the events are in the head that it returns, or will never be stored.
    """


class LogMissing(StorageUnavailable):
    """The store lacks all or a part of a log or book that isn't new. Whoever has a copy may fill it again."""


class SpoolFull(StorageUnavailable):
    """Sound that waits for recognition has reached its limit on the disk. There is space again once its words are in
    the log.
    """


class StaleWriter(StorageError):
    """A writer with a higher term has taken over."""


class OffsetConflict(StorageError):
    """The log's head is not at the expected offset."""


class DuplicateCause(StorageError):
    """An event with the same (session, cause, n) is stored already."""


class LogTrimmed(StorageError):
    """The requested events were given up by this store, because other stores keep them. This is not the same as an
    empty log.
    """

    def __init__(self, sentence: str, first: int) -> None:
        """`first`: offset of the first event that the store still has, or will have."""
        super().__init__(sentence)
        self.first = first


class RecordBroken(MoothallError):
    """Stored bytes don't verify or can't be read."""


class ProofBroken(MoothallError):
    """A proof, a checkpoint or a policy doesn't verify or can't be read. The sentence says which part."""


class NoLink(MoothallError):
    """A staff link isn't there any more, or can't be made."""


class ProgrammeError(MoothallError):
    """A conference file can't be read. `sentences` say everything that is wrong with it; the exception's text is these,
    one on each row.
    """

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class BadgesRefused(MoothallError):
    """A file of badges can't be counted."""


class ImportRefused(MoothallError):
    """A file about a past meeting can't be imported."""

    def __init__(self, sentence: str, row: int | None = None) -> None:
        """`row`: the line of the file where something is wrong, from 1; None where it concerns the whole file."""
        super().__init__(sentence if row is None else f"Line {row}: {sentence}")
        self.sentence = sentence
        self.row = row


class ProposalsRefused(MoothallError):
    """The results of a second pass can't be kept for people to decide on."""


class AudioError(MoothallError):
    """A file or stream gives no usable audio."""


class ProtocolError(MoothallError):
    """A peer sent something that the protocol forbids."""


class RecognitionFailed(MoothallError):
    """A recogniser on the network gave no usable answer; the same window may be sent again."""


class RefusalCode(StrEnum):
    """Why a command was not carried out."""

    FORBIDDEN = "forbidden"
    """The role may not do this."""
    UNKNOWN = "unknown"
    """The command names something that does not exist."""
    INVALID = "invalid"
    """The command can't be right in any state."""
    CONFLICT = "conflict"
    """The command doesn't fit the present state."""
    BREAK = "break"
    """There is a break, in which nothing is written. The command can be sent again once the break is over."""
    STALE = "stale"
    """The command was made from an older state; the refusal carries the current one."""
    BUSY = "busy"
    """Too many commands wait; the sender may retry."""
    UNAVAILABLE = "unavailable"
    """The command can't be stored at the moment; the sender may retry."""


PASSING = frozenset({RefusalCode.BUSY, RefusalCode.UNAVAILABLE})
"""Refusals that pass: nothing was done, and a retry of the same command may be carried out."""


class SegmentNow(msgspec.Struct, frozen=True, kw_only=True):
    """The current state of a segment, for a sender that worked from an older one."""

    segment: SegmentId
    revision: int
    words: int
    text: str


class ChannelNow(msgspec.Struct, frozen=True, kw_only=True):
    """The current state of a channel, for an engine that has to find out where to resume."""

    channel: ChannelId
    generation: int
    committed_through: int
    """End of the last committed word, media ms."""
    segment: SegmentId | None
    """The open segment; None when no segment is open."""
    words: int
    """Number of committed words in the open segment."""


class FirstKnow(msgspec.Struct, frozen=True, kw_only=True):
    """What the actor should know before the act is carried out. The act is carried out once they confirm this."""

    kind: Literal["called", "same-room", "without-text"]
    """`called`: somebody else called another question just now. `same-room`: another meeting is on in the same room.
    `without-text`: sound of the meeting that is to be closed has no text, and gets none after the close."""
    who: str = ""
    """Who called the other question: their name, their link's label, or empty."""
    number: int = 0
    """Number of the other question."""
    seconds: int = 0
    """How long ago the other question was called."""
    title: str = ""
    """Title of the other meeting."""
    minutes: int = 0
    """How much sound has no text, in minutes, rounded up."""


class GoneOn(msgspec.Struct, frozen=True, kw_only=True):
    """The answer when somebody else was quicker, and the meeting that they started is on."""

    who: str
    """The name of whoever started it, their link's label, or empty."""
    title: str


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """The answer that a command was not carried out, and why."""

    code: RefusalCode
    message: str
    """A sentence for a person."""
    segment: SegmentNow | None = None
    channel: ChannelNow | None = None
    first_know: FirstKnow | None = None
    gone_on: GoneOn | None = None


def refuse(code: RefusalCode, message: str) -> Refusal:
    """A refusal with a code and a sentence for a person, and without further details."""
    return Refusal(code=code, message=message)


def not_allowed(role: str) -> Refusal:
    """The refusal of a command that a role may not send."""
    return refuse(RefusalCode.FORBIDDEN, f"The role '{role}' may not do this.")


# One sentence each: people read "meeting" on their pages, and programs read "session" as in the addresses.
NO_MEETING = refuse(RefusalCode.UNKNOWN, "There is no such meeting here.")
"""The refusal of a request of a person for a session that does not exist, or that they may not know of."""
NO_SESSION = refuse(RefusalCode.UNKNOWN, "There is no such session here.")
"""The refusal of a request of a program for such a session."""
NO_CHANNEL = refuse(RefusalCode.UNKNOWN, "There is no such session or channel here.")
"""The refusal of a request of a program for a channel, where such a session or its channel does not exist."""
NO_QUESTION = refuse(RefusalCode.UNKNOWN, "The session has no such question or comment.")
"""The refusal of a request for an intervention that does not exist, or that the sender may not know of."""
