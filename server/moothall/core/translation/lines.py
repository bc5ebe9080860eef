"""How translated lines relate to their source lines: their ids, which are due, and which go together.

A translation has one line for each line of the floor. Its id follows from the source line and the channel, so that a
second translation of the same line replaces the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.kernel.languages import same_language
from moothall.core.sessions.parts import Channel, Segment
from moothall.core.sessions.state import State

LONGEST_NAME = 64
"""Characters of a line's id."""


def translation_id(language: str) -> ChannelId:
    """The id of the translation channel for a language (BCP-47)."""
    return ChannelId(f"mt-{language.lower()}")


def line_of(source: SegmentId, channel: ChannelId) -> SegmentId:
    """The id of a source line's translation in a channel."""
    name = f"{source}-{channel}"
    if len(name) <= LONGEST_NAME:
        return SegmentId(name)
    return SegmentId(f"{hashlib.sha256(source.encode()).hexdigest()[:24]}-{channel}"[:LONGEST_NAME])


def translations(state: State) -> tuple[Channel, ...]:
    """The session's translations, in the order in which they were added."""
    return tuple(each for each in state.channels.values() if each.kind is ev.ChannelKind.TRANSLATION)


def spoken(state: State) -> Channel | None:
    """The channel from which translations are made: the floor; None if the session has none."""
    return next((each for each in state.channels.values() if each.kind is ev.ChannelKind.FLOOR), None)


def stays_here(state: State) -> bool:
    """Whether what is kept of a session goes to no service on somebody else's machine either: only its staff may read
    it, or young people take part.
    """
    return state.young_people or state.access is ev.Access.STAFF


def original(state: State, name: SegmentId) -> SegmentId:
    """The id of the source of a translated line, if that line is known; else `name` itself."""
    line = state.segments.get(name)
    if line is None or line.made_from is None:
        return name
    source = line.made_from.sources[0].segment
    return source if source in state.segments else name


def made_from(state: State, sources: Iterable[SegmentId]) -> Iterator[Segment]:
    """Yield the translated lines that were made from `sources`, struck or not."""
    into = translations(state)
    for source in dict.fromkeys(sources):
        for channel in into:
            line = state.segments.get(line_of(source, channel.id))
            if line is not None and line.made_from is not None:
                yield line


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A line that a translation lacks, or has from an older text."""

    source: le.SourceSegment
    t0: int
    """Beginning of the line, media ms."""


def due(state: State, channel: Channel, source: SegmentId) -> Due | None:
    """What has to be translated of a line: its present text; None when nothing is due.

    Lines that are struck, still grow or aren't kept are not translated, and a translation that a person has corrected
    stays.
    """
    floor, line = spoken(state), state.segments.get(source)
    if floor is None or line is None or line.channel != floor.id or line.gone or not line.ended:
        return None
    if not state.kept_through(line.t0, line.t1):
        return None
    if _in_whole(state, channel, line):
        return None
    there = state.segments.get(line_of(source, channel.id))
    now = le.SourceSegment(source, line.revision)
    if there is None:
        return Due(source=now, t0=line.t0) if line.whole.strip() else None
    if there.gone or there.mended or there.made_from is None or there.made_from.sources == (now,):
        return None
    return Due(source=now, t0=line.t0)


def _in_whole(state: State, channel: Channel, part: Segment) -> bool:
    """Whether a person's translation of the line from which `part` was split, made before that, has these words too."""
    while part.part_of is not msgspec.UNSET and (whole := state.segments.get(part.part_of)) is not None:
        there = state.segments.get(line_of(whole.id, channel.id))
        if there is not None and there.mended and there.made_from is not None and not there.gone:
            return there.made_from.sources[0].revision <= part.split_at
        part = whole
    return False


def all_due(state: State, channel: Channel) -> list[Due]:
    """All lines that are due in a translation, by time."""
    found = [each for name, _ in state.segments.items() if (each := due(state, channel, name)) is not None]
    return sorted(found, key=lambda each: (each.t0, each.source.segment))


def as_said(line: Segment, channel: Channel) -> bool:
    """Whether the line was said in the translation's language already."""
    return any(same_language(line.language, each) for each in channel.languages)
