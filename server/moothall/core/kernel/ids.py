"""Identifiers and positions. Each kind has a type of its own, so that one can't be passed in place of another."""

from __future__ import annotations

import re
from typing import NewType

import msgspec

SessionId = NewType("SessionId", str)
ChannelId = NewType("ChannelId", str)
SegmentId = NewType("SegmentId", str)
SourceId = NewType("SourceId", str)
SpeakerId = NewType("SpeakerId", str)
InterventionId = NewType("InterventionId", str)
PollId = NewType("PollId", str)
NoteId = NewType("NoteId", str)
PolicyQuestionId = NewType("PolicyQuestionId", str)
RollEntryId = NewType("RollEntryId", str)
RecipientId = NewType("RecipientId", str)
MessageId = NewType("MessageId", str)
CitationId = NewType("CitationId", str)
ObjectionId = NewType("ObjectionId", str)
PaperId = NewType("PaperId", str)
SendingId = NewType("SendingId", str)
ReplyId = NewType("ReplyId", str)
CommandId = NewType("CommandId", str)
Epoch = NewType("Epoch", str)
"""Names one uninterrupted history of a session's log. It changes only when the log can't prove that it continues the
last one.
"""
Lane = NewType("Lane", str)
"""The part of a log with one audience; see `moothall.core.kernel.lanes`."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}\Z")
_COMMAND_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}\Z")
_POSITION = re.compile(r"([a-z0-9]{1,32}):(0|[1-9][0-9]{0,15})\Z")


def is_name(text: str) -> bool:
    """Whether `text` may name a session, channel, segment, source or speaker (1 to 64 characters)."""
    return _NAME.match(text) is not None


def is_command_id(text: str) -> bool:
    """Whether `text` may be a command's id (1 to 128 characters)."""
    return _COMMAND_ID.match(text) is not None


def reader_epoch(epoch: Epoch, changes: int) -> Epoch:
    """The epoch for readers of a log that was changed `changes` times other than by an append. Each such change gives
    another epoch, so that no older position is valid.
    """
    return epoch if not changes else Epoch(f"{epoch}r{changes}")


def log_epoch(epoch: Epoch) -> Epoch:
    """The log's own epoch, of a reader's: by it a position is known at every place that has the log. A log's epoch is
    hexadecimal, so it has no `r`.
    """
    return Epoch(epoch.partition("r")[0])


class Position(msgspec.Struct, frozen=True, order=True):
    """A position in a session's log: everything up to and including `offset` of `epoch` has been seen.

    Offset 0 is before the first event.
    """

    epoch: Epoch
    """The epoch of the log to which the offset belongs."""
    offset: int
    """Offset of the last event that has been seen."""

    def __str__(self) -> str:
        return f"{self.epoch}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """Parse `EPOCH:OFFSET`, the form of SSE ids and of `?after=`.

        Raises ValueError with a sentence for the reader when `text` has another form.
        """
        match = _POSITION.match(text)
        if match is None:
            raise ValueError("A position looks like 'k3j9x2:120': the epoch, a colon and the offset.")
        return cls(Epoch(match[1]), int(match[2]))
