"""The rules of translations: the text of a line in another language, and what is struck together with the lines it was
made of.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.languages import WRITTEN_TOGETHER, primary
from moothall.core.sessions.parts import Channel, Segment
from moothall.core.sessions.roughness import unquotable
from moothall.core.sessions.state import State
from moothall.core.translation.lines import as_said, due, line_of, made_from

MAX_TEXT = 20_000
"""Characters of a translated line: twice those of any other."""
MAX_ROUTE = 1_000
"""Characters of the route by which it was made."""


def translate(state: State, command: do.SetTranslation) -> Sequence[ev.AnyEvent] | Refusal:
    """The events of a translated line, or a refusal. The session may be closed, since translations may come later."""
    channel, source = state.channels.get(command.channel), state.segments.get(command.source.segment)
    if channel is None or channel.kind is not ev.ChannelKind.TRANSLATION or source is None:
        return refuse(RefusalCode.UNKNOWN, "The session has no such translation, or no such line.")
    if len(command.text) > MAX_TEXT or len(command.route) > MAX_ROUTE:
        return refuse(RefusalCode.INVALID, f"A translated line has at most {MAX_TEXT} characters.")
    wanted = due(state, channel, source.id)
    if wanted is None or wanted.source != command.source:
        return Refusal(
            code=RefusalCode.STALE,
            message="The line has changed since, or is not to be translated.",
            segment=source.now(),
        )
    if command.text.strip() and not command.route and not as_said(source, channel):
        return refuse(RefusalCode.INVALID, "A translated line must name its route.")
    if not command.text.strip() and source.whole.strip():
        return refuse(RefusalCode.INVALID, "The translation of a line with text can't be empty.")
    rough = unquotable(source)
    made = le.MadeFrom(
        sources=(command.source,),
        route=command.route,
        rough=command.rough or rough,
        until_checked=True if rough and not command.rough else msgspec.UNSET,
    )
    return _set(state, channel, source, made, command.text.strip())


def _set(state: State, channel: Channel, source: Segment, made: le.MadeFrom, text: str) -> Sequence[ev.AnyEvent]:
    name = line_of(source.id, channel.id)
    there = state.segments.get(name)
    if there is not None:
        corrected = le.SegmentCorrected(
            channel=channel.id,
            segment=name,
            base_revision=there.revision,
            base_words=0,
            text=text,
            tail="",
            machine=True,
            made_from=made,
        )
        return [corrected]
    opened = le.SegmentOpened(
        channel=channel.id,
        segment=name,
        t0=source.t0,
        language=channel.languages[0] if made.route else source.language,
        origin=le.Origin.TRANSLATED if made.route else source.origin,
        tool=source.tool,
        respoken=msgspec.UNSET if made.route else source.respoken,
        speaker=source.speaker,
        made_from=made,
        part_of=msgspec.UNSET if source.part_of is msgspec.UNSET else line_of(source.part_of, channel.id),
    )
    reason = le.EndReason.SPEAKER if source.reason is le.EndReason.SPEAKER else le.EndReason.SENTENCE
    ended = le.SegmentEnded(channel=channel.id, segment=name, t1=source.t1, reason=reason, text=text)
    return [opened, ended]


def with_translations(state: State, events: Sequence[ev.AnyEvent]) -> Sequence[ev.AnyEvent]:
    """The events of a command, each followed by what it means for translations that are there: those of struck lines
    are struck, and those of lines that are split or whole again end where these end now.
    """
    all_of_them: list[ev.AnyEvent] = []
    struck: list[Segment] = []
    for event in events:
        all_of_them.append(event)
        match event:
            case le.ChannelRewound() | le.SegmentsMovedAway():
                lines = [*made_from(state, event.segments)]
                struck += lines
                all_of_them += [
                    le.ChannelRewound(
                        channel=channel, t=0, segments=tuple(line.id for line in lines if line.channel == channel)
                    )
                    for channel in dict.fromkeys(line.channel for line in lines)
                ]
            case le.SegmentSplit():
                for line in made_from(state, (event.segment,)):
                    # A translation by a person stands for both parts.
                    if event.into is None or not line.mended:
                        all_of_them.append(_split(line, event))
            case le.SegmentEnded():
                for line in made_from(state, (event.segment,)):
                    all_of_them += _whole_again(line, event, struck)
            case _:
                pass
    return all_of_them


def _split(line: Segment, event: le.SegmentSplit) -> le.SegmentSplit:
    return le.SegmentSplit(
        channel=line.channel, segment=line.id, revision=line.revision, word=0, into=None, t1=event.t1
    )


def _whole_again(line: Segment, event: le.SegmentEnded, struck: Sequence[Segment]) -> Sequence[ev.AnyEvent]:
    """The events of a translation whose original is whole again. It is made anew, unless a person wrote in either part:
    then it has the texts of both.
    """
    ended = le.SegmentEnded(channel=line.channel, segment=line.id, t1=event.t1, reason=event.reason, text=line.whole)
    part = next((each for each in struck if each.channel == line.channel), None)
    if part is None or not (line.mended or part.mended):
        return [ended]
    space = "" if primary(line.language) in WRITTEN_TOGETHER else " "
    corrected = le.SegmentCorrected(
        channel=line.channel,
        segment=line.id,
        base_revision=line.revision,
        base_words=0,
        text=f"{line.whole}{space}{part.whole}",
        tail="",
    )
    return [ended, corrected]
