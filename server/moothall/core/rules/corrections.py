"""Changes of a line: corrections by persons, by a second pass, and by an engine soon after the line's end, and splits.

A split makes two lines with the same words in the same order where the voice changes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import accumulate, pairwise

import msgspec

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import SegmentId, is_name
from moothall.core.kernel.written_words import written_words
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import ON, State, Status

MAX_TEXT = 10_000
"""Characters of a correction."""
MAX_REASON = 500
"""Characters of the reason for declining a speaker's proposal."""
REVISED_WITHIN = 8_000
"""How long after the logged end of a line an engine may correct it, in ms of wall time. Later, people have read the
line.
"""

TOOL_CORRECTS_MS = 60_000
"""How long after a line was logged the outside tool that sent it may correct it, in ms of wall time."""


def correct(state: State, command: do.CorrectSegment, actor: Actor, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    """The events of a correction, or a refusal."""
    segment = state.segments.get(command.segment)
    if segment is None or segment.channel != command.channel or segment.gone:
        return _unknown()
    if len(command.text) > MAX_TEXT:
        return _too_long()
    if actor.role is Role.TOOL and not _own_and_new(segment, actor, wall):
        return refuse(RefusalCode.FORBIDDEN, "A tool can correct only lines of its own of the last minute.")
    if command.base_revision != segment.revision or (actor.role is Role.ENGINE and not _machines_own(state, segment)):
        return _stale(segment, "The line was corrected in the meantime.")
    if not segment.base <= command.base_words <= len(segment.words):
        message = f"It replaces the first {segment.base} to {len(segment.words)} words, not {command.base_words}."
        return _stale(segment, message)
    itself = actor.role in (Role.ENGINE, Role.TOOL)
    corrected = _corrected(segment, command.base_words, command.text, machine=itself)
    unmended = True if command.unmended and not itself else msgspec.UNSET
    accepted = command.accepted and not unmended and _machines_words(segment)
    proposed = True if command.proposed and not itself else msgspec.UNSET
    return [msgspec.structs.replace(corrected, accepted=accepted, proposed=proposed, unmended=unmended)]


def publish_declined(state: State, command: do.PublishDeclined) -> Sequence[ev.AnyEvent] | Refusal:
    """The event that makes a declined proposal public, or a refusal."""
    segment = state.segments.get(command.segment)
    if segment is None or segment.channel != command.channel or segment.gone:
        return _unknown()
    if len(command.text) > MAX_TEXT or len(command.reason) > MAX_REASON:
        message = f"A proposal has at most {MAX_TEXT} characters, and a reason {MAX_REASON}."
        return refuse(RefusalCode.INVALID, message)
    if state.young_people:
        return refuse(RefusalCode.FORBIDDEN, "Young people take part: nobody's proposals are made public.")
    return [made_of(le.ProposalDeclined, command)]


def revise(state: State, command: do.ReviseSegment, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    """The events of an engine's correction, or a refusal.

    An engine may correct a line of its channel once, as a whole, soon after the line's end, and only before anybody
    else has corrected it.
    """
    channel, segment = state.channels.get(command.channel), state.segments.get(command.segment)
    if channel is None or segment is None or segment.channel != command.channel or segment.gone:
        return _unknown()
    if state.status not in ON:
        message = f"The session is {state.status} and takes no words of an engine now."
        return refuse(RefusalCode.CONFLICT, message)
    if command.generation != channel.generation:
        message = "Another engine has taken over the channel."
        return Refusal(code=RefusalCode.STALE, message=message, channel=state.channel_now(channel.id))
    if len(command.text) > MAX_TEXT:
        return _too_long()
    if not command.text.strip() or command.text == segment.whole:
        return refuse(RefusalCode.INVALID, "A second pass must give a text, and a different one.")
    if segment.revision:
        return _stale(segment, "The line was corrected in the meantime.")
    if not segment.ended or not segment.words or command.base_words != len(segment.words):
        return _stale(segment, f"The line has not ended with {command.base_words} words.")
    if wall - segment.ended_at > REVISED_WITHIN:
        return _stale(segment, "The line ended too long ago: it has been read.")
    if not state.recorded or not state.kept_through(segment.t0, segment.t1):
        return refuse(RefusalCode.CONFLICT, "A part of this line is from a time that is not recorded.")
    return [_corrected(segment, command.base_words, command.text, machine=True)]


def shown_words(segment: Segment) -> Sequence[str]:
    """The words of a line as it reads now, by which `SplitSegment.word` counts; joined they are its text.

    They are those that were recognised, or once the line was corrected or typed those that are written.
    """
    if segment.text or segment.revision:
        return written_words(segment.whole)
    return [word.text for word in segment.words]


def split(state: State, command: do.SplitSegment, actor: Actor, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    """The events that split a line, or a refusal.

    The second part is of another voice, so it doesn't have the name of the first. Where an engine splits the line, it
    has that of whoever has the floor now, if that is somebody else; a desk may split any line, and names it by another
    act.
    An engine may split a line of its channel soon after the line's end, and only before anybody has corrected it.
    """
    channel, segment = state.channels.get(command.channel), state.segments.get(command.segment)
    if channel is None or segment is None or segment.channel != command.channel or segment.gone:
        return _unknown()
    if channel.kind is ev.ChannelKind.TRANSLATION:
        return refuse(RefusalCode.INVALID, "A translated line can't be split by itself: split its original.")
    if command.into is not None and (not is_name(command.into) or command.into in state.segments):
        return refuse(RefusalCode.INVALID, "The second part of a line needs an id of its own.")
    if command.revision != segment.revision:
        return _stale(segment, "The line was corrected in the meantime.")
    if not segment.ended:
        return _stale(segment, "The line has not ended: split it when it has.")
    if actor.role is Role.ENGINE and (refused := _not_by_engine(state, segment, command, wall)) is not None:
        return refused
    if not state.kept_through(segment.t0, segment.t1):
        return refuse(RefusalCode.CONFLICT, "A part of this line is from a time that is not recorded.")
    many = len(shown_words(segment))
    if command.into is None:
        return _followed(segment) if command.word == many else _unsplit(many)
    if not 0 < command.word < many:
        return _unsplit(many)
    parts = _parts(segment, command.word)
    if parts is None:
        return refuse(
            RefusalCode.INVALID, "A line can be split only between words that were recognised: type its parts anew."
        )
    first, second = parts
    second = msgspec.structs.replace(second, id=command.into)
    now = channel.speaker if actor.role is Role.ENGINE else None
    second = msgspec.structs.replace(second, speaker=None if now == segment.speaker else now)
    tags = state.notes_and_tags.tags.get(segment.id) or ()
    tagged = [ne.SegmentTagged(segment=second.id, tag=each.tag, question=each.question) for each in tags]
    return [*_cut(segment, first, command.into), *_said(second, segment), *tagged]


def join(state: State, command: do.JoinSegments) -> Sequence[ev.AnyEvent] | Refusal:
    """The events that make one line of a line and its second part again, or a refusal.

    The part is struck and its words are said again in the line, so that whoever removes the line removes all its words.
    """
    channel, segment = state.channels.get(command.channel), state.segments.get(command.segment)
    if channel is None or segment is None or segment.channel != command.channel or segment.gone:
        return _unknown()
    if command.revision != segment.revision:
        return _stale(segment, "The line was corrected in the meantime.")
    if command.part is None:
        if segment.reason is not le.EndReason.SPEAKER:
            return refuse(RefusalCode.CONFLICT, "No other voice is said to begin after this line.")
        return [_ended_anew(segment, segment.t1, le.EndReason.SENTENCE)]
    parts = [each for _, each in state.segments.items() if each.part_of == segment.id and not each.gone]
    part = min(parts, key=lambda each: (each.t0, each.id), default=None)
    if part is None or part.id != command.part:
        return refuse(RefusalCode.CONFLICT, "That is not the line that was split off last, or it is gone.")
    if not state.kept_through(segment.t0, part.t1):
        return refuse(RefusalCode.CONFLICT, "A part of this line is from a time that is not recorded.")
    replace, words = msgspec.structs.replace, segment.words + part.words
    whole = replace(segment, words=words)
    if segment.text or part.text:
        whole = replace(whole, text=segment.whole + part.whole, base=len(words))
    struck = le.ChannelRewound(channel=channel.id, t=channel.committed_through, segments=(part.id,))
    again = le.WordsCommitted(channel=channel.id, segment=segment.id, first=len(segment.words), words=part.words)
    ended = _ended_anew(whole, max(segment.t1, part.t1), part.reason or le.EndReason.SENTENCE)
    mended = [each.accepted for each in (segment, part) if each.mended]
    corrected = _corrected(whole, whole.base, whole.text, machine=not mended)
    return [struck, again, ended, replace(corrected, accepted=bool(mended) and all(mended))]


def _ended_anew(segment: Segment, t1: int, reason: le.EndReason) -> le.SegmentEnded:
    return le.SegmentEnded(channel=segment.channel, segment=segment.id, t1=t1, reason=reason, text=segment.whole)


def _unsplit(many: int) -> Refusal:
    return refuse(
        RefusalCode.INVALID,
        f"The line has {many} words: split it between two, or name no second part where it keeps all of them.",
    )


def _followed(segment: Segment) -> Sequence[ev.AnyEvent] | Refusal:
    """The event that says that another voice begins after a line, or a refusal."""
    if segment.reason is le.EndReason.SPEAKER:
        return refuse(RefusalCode.CONFLICT, "That another voice begins after this line is logged already.")
    return [_split_at(segment, len(segment.words), None, segment.t1)]


def _split_at(segment: Segment, word: int, into: SegmentId | None, t1: int) -> le.SegmentSplit:
    return le.SegmentSplit(
        channel=segment.channel, segment=segment.id, revision=segment.revision, word=word, into=into, t1=t1
    )


def _not_by_engine(state: State, segment: Segment, command: do.SplitSegment, wall: int) -> Refusal | None:
    channel = state.channels[segment.channel]
    if state.status not in ON:
        return refuse(RefusalCode.CONFLICT, f"The session is {state.status} and takes no words of an engine now.")
    if command.generation != channel.generation:
        message = "Another engine has taken over the channel."
        return Refusal(code=RefusalCode.STALE, message=message, channel=state.channel_now(channel.id))
    if segment.revision:
        return _stale(segment, "The line was corrected already.")
    if wall - segment.ended_at > REVISED_WITHIN:
        return _stale(segment, "The line ended too long ago: it has been read.")
    return None


def _parts(segment: Segment, at: int) -> tuple[Segment, Segment] | None:
    """Both parts of a line that is split before the word `at` of those that are shown; None where a part would have no
    recognised words.

    A correction is cut there. What stands as it was recognised is cut at the nearest end of a recognised word.
    """
    replace, text, base, most = msgspec.structs.replace, segment.text, segment.base, len(segment.words) - 1
    cut = len("".join(shown_words(segment)[:at]))
    if cut < len(text.rstrip()):
        n = max(1, min(base, _said_before(segment.words[:base], text[:cut], text[cut:]), most))
        texts, bases = (text[:cut], text[cut:]), (n, base - n)
    else:
        n = base + _nearest(segment.words[base:], cut - len(text))
        n, texts, bases = n if text else max(1, min(n, most)), (text, ""), (base, 0)
    if not max(bases[0], 1) <= n < len(segment.words) or bases[1] < 0:
        return None
    first = replace(segment, words=segment.words[:n], text=texts[0], base=bases[0])
    return first, replace(segment, words=segment.words[n:], text=texts[1], base=bases[1])


def _said_before(words: Sequence[le.Word], first: str, second: str) -> int:
    """How many of `words`, which a correction replaced, were said before the part `second` of it.

    What the correction left alone was said when its words were, and written words between are taken to be evenly long.
    Case and punctuation don't count. A single word that is in both counts only at an end: elsewhere a frequent one may
    be another's.
    """
    said, written = written_words("".join(word.text for word in words)), written_words(first)
    at, ends = len(written), [0, *accumulate(map(len, said))]
    written += written_words(second)
    # By default it passes over what is frequent in long texts, which bounds its time.
    alike = SequenceMatcher(None, [_bare(each) for each in said], [_bare(each) for each in written])
    *found, end = alike.get_matching_blocks()
    alone = [each for each in found if each.size > 1 or each[:2] == (0, 0) or (each.a + 1, each.b + 1) == end[:2]]
    blocks = pairwise(((0, 0, 0), *alone, end))
    (a0, b0, many), (a, b, _) = next(pair for pair in blocks if at <= pair[1][1] + pair[1][2])
    if at >= b:
        return _nearest(words, ends[a + at - b])
    since, until = ends[a0 + many], ends[a]
    return _nearest(words, since + (until - since) * (at - b0 - many) / (b - b0 - many))


def _bare(word: str) -> str:
    return "".join(each for each in word.casefold() if unicodedata.category(each)[0] in "LMN")


def _nearest(words: Sequence[le.Word], place: float) -> int:
    """How many words end nearest to a place in their text, which is counted in characters."""
    ends = [0, *accumulate(len(word.text) for word in words)]
    return min(range(len(ends)), key=lambda n: abs(ends[n] - place))


def _cut(segment: Segment, first: Segment, into: SegmentId) -> Sequence[ev.AnyEvent]:
    """The events that leave the line its first part. The correction gives the text to whoever doesn't know a split."""
    t1 = max(segment.t0, *(word.t1 for word in first.words))
    return [
        _split_at(segment, len(first.words), into, t1),
        le.SegmentCorrected(
            channel=segment.channel,
            segment=segment.id,
            base_revision=segment.revision,
            base_words=first.base,
            text=first.text,
            tail=first.tail(first.base),
            machine=True,
        ),
    ]


def _said(second: Segment, segment: Segment) -> Sequence[ev.AnyEvent]:
    """The events of the second part, which opens and ends at once."""
    channel, name, words = second.channel, second.id, second.words
    opened = le.SegmentOpened(
        channel=channel,
        segment=name,
        t0=max(segment.t0 + 1, words[0].t0),
        language=second.language,
        origin=second.origin,
        speaker=second.speaker,
        tool=second.tool,
        respoken=second.respoken,
        rough=second.rough,
        cues=second.cues,
        part_of=segment.id,
    )
    committed = le.WordsCommitted(channel=channel, segment=name, first=0, words=words)
    ended = le.SegmentEnded(
        channel=channel,
        segment=name,
        t1=max(opened.t0, segment.t1),
        reason=segment.reason or le.EndReason.SPEAKER,
        text=second.tail(0),
    )
    if not second.text:
        return opened, committed, ended
    corrected = le.SegmentCorrected(
        channel=channel,
        segment=name,
        base_revision=0,
        base_words=second.base,
        text=second.text,
        tail=second.tail(second.base),
        machine=not segment.mended,
        accepted=segment.accepted,
    )
    return opened, committed, ended, corrected


def _corrected(segment: Segment, base_words: int, text: str, *, machine: bool) -> le.SegmentCorrected:
    return le.SegmentCorrected(
        channel=segment.channel,
        segment=segment.id,
        base_revision=segment.revision,
        base_words=base_words,
        text=text,
        tail=segment.tail(base_words),
        machine=machine,
    )


def _own_and_new(segment: Segment, actor: Actor, wall: int) -> bool:
    """Whether this tool wrote the line, the line is at most a minute old, and no person has corrected it."""
    own = segment.tool == actor.tool and not segment.mended
    return own and wall - segment.ended_at <= TOOL_CORRECTS_MS


def _machines_words(segment: Segment) -> bool:
    """Whether no person has written any word of the line."""
    return segment.origin is le.Origin.MACHINE and (segment.accepted or not segment.mended)


def _machines_own(state: State, segment: Segment) -> bool:
    """Whether a second pass may correct a line. While the session is on it may do so once; after the close, until a
    person has corrected the line.
    """
    if state.status is Status.CLOSED:
        return not segment.mended and segment.origin is le.Origin.MACHINE
    return segment.revision == 0


def _unknown() -> Refusal:
    return refuse(RefusalCode.UNKNOWN, "The channel has no such segment.")


def _too_long() -> Refusal:
    return refuse(RefusalCode.INVALID, f"A correction has at most {MAX_TEXT} characters.")


def _stale(segment: Segment, message: str) -> Refusal:
    return Refusal(code=RefusalCode.STALE, message=message, segment=segment.now())
