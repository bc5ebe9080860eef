"""What the bodies of events are made of: choices, words and the heads of lanes.

They are named as if they stood in `moothall.core.events.types`, which brings them along.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moothall.core.kernel.ids import PolicyQuestionId, SegmentId


class Access(StrEnum):
    """Who may read a session and its record."""

    PUBLIC = "public"
    LINK = "link"
    STAFF = "staff"


class SoundKept(StrEnum):
    """What becomes of the sound of a session."""

    NONE = "none"
    """Nothing is recorded."""
    UNTIL_CHECKED = "until-checked"
    """For whoever checks the text, 30 days at most."""
    PUBLISHED = "published"
    """Anybody may hear it with the text."""


class ChannelKind(StrEnum):
    """What a channel carries."""

    FLOOR = "floor"
    INTERPRETATION = "interpretation"
    TRANSLATION = "translation"


class Origin(StrEnum):
    """How the text of a segment came about; each reader can ask for it."""

    MACHINE = "machine"
    PERSON = "person"
    INTERPRETER = "interpreter"
    SPEAKER = "speaker"
    TRANSLATED = "translated"
    """By a machine, from a line in another language."""


class EndReason(StrEnum):
    """Why a segment ended."""

    SENTENCE = "sentence"
    SPEAKER = "speaker"
    LANGUAGE = "language"
    PAUSE = "pause"
    LENGTH = "length"
    CLOSE = "close"


class GapReason(StrEnum):
    """Why a span of the session has no text."""

    SOURCE_LOST = "source-lost"
    ENGINE_LOST = "engine-lost"
    OVERLOAD = "overload"
    STORAGE = "storage"
    UNHEARD = "unheard"
    """The recogniser had no answer to its sound."""


class SealVersion(StrEnum):
    """Which state of the text a seal vouches for."""

    RAW = "raw"
    CHECKED = "checked"
    FINAL = "final"


class Word(msgspec.Struct, frozen=True):
    """A word as the recogniser heard it."""

    text: str
    """Its characters. A leading space belongs to it where the language puts one: text is joined by concatenation."""
    t0: int
    """Start, media ms."""
    t1: int
    """End, media ms."""
    p: float = 1.0
    """The recogniser's probability, 0 to 1."""


class SourceLine(msgspec.Struct, frozen=True, array_like=True):
    """A line as it stood when it was translated: an array of two."""

    segment: SegmentId
    """The line."""
    revision: int
    """How many corrections it had."""


class MadeFrom(msgspec.Struct, frozen=True, kw_only=True):
    """What a translated line was made of, and how."""

    sources: tuple[SourceLine, ...]
    """The lines, one as yet."""
    route: str
    """The engines with their versions and directions, in order: `bergamot 0.2.0 en>pt, apertium-es-pt 1.2.1 pt>es`.
    Empty where the line was said in this language, and stands here as it was said."""
    rough: bool = False
    """Whether such a way gives the gist only."""


class LaneHead(msgspec.Struct, frozen=True):
    """Where a lane stands: its last event."""

    offset: int
    """Offset of the lane's last event; 0 when it has none."""
    digest: str
    """The chain's digest there, hexadecimal SHA-256."""


class Tag(StrEnum):
    """What a line is to whoever reports on the meeting."""

    AGREED = "agreed"
    """All who spoke of it agree."""
    DIVERGING = "diverging"
    """A view that others don't share."""
    OPTION = "option"
    """Something that could be done."""


class PolicyQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question that the meeting is to shed light on."""

    id: PolicyQuestionId
    """Unique in the session; it stays when the wording is mended."""
    text: str
    """What it asks."""
