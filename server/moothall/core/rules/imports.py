"""The rules of imports: a file about a past meeting becomes the text of a channel, in several acts.

The session has not begun while lines are added. The last act says when it began and when it ended, both at once, so
that it is never on. Until somebody states a ground it is for the staff alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import InterventionId, is_name
from moothall.core.kernel.languages import is_language
from moothall.core.questions.interventions import Intervention
from moothall.core.rules.notes_and_tags import MAX_QUESTION
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import State, Status
from moothall.core.sessions.topics import same_topic

MAX_TEXT = 20_000
"""Characters of a line: those of a translated one."""
MAX_WORDS = 200
"""Words of one event."""
MOST_LINES = 50
"""Lines, and questions, of one act: the server carries out an act at once, and does nothing else meanwhile."""
MOST_SPANS = 2_000
MOST_CHAPTERS = 1_000
MOST_MS = 100 * 3_600_000
"""The longest meeting, in ms."""
_LONGEST = f"{MOST_MS // 3_600_000} hours"
MAX_GROUND = 500
"""Characters of a stated ground, and of the statement by which names are kept."""
MAX_PART = 1 << 16
MAX_PARTS = 64
"""The most bytes of a part of an original, and the most parts: 4 MB, compressed. Overflow: the file is refused."""
MAX_FILE_NAME = 255
_FORM = re.compile(r"[a-z0-9]{1,16}\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")

NOT_BEGUN = refuse(RefusalCode.UNKNOWN, "No import of this text has begun.")
_Decision = Sequence[ev.AnyEvent] | Refusal


def decide_import(state: State, command: do.ImportCommand, wall: int) -> _Decision:
    """The events of a command of an import, or a refusal; `wall` is the time of its arrival (Unix ms)."""
    match command:
        case do.BeginImport():
            return _begin(state, command, wall)
        case do.KeepOriginal():
            return _keep(state, command)
        case do.ImportLines():
            return _lines(state, command)
        case do.ImportQuestions():
            return _questions(state, command)
        case do.ImportChapters():
            return _chapters(state, command)
        case do.EndImport():
            return _end(state, command, wall)
        case _:
            return _ground(state, command)


def is_imported(state: State) -> bool:
    """Whether a session was imported from files."""
    return any(channel.imported is not None for channel in state.channels.values())


def _invalid(message: str) -> Refusal:
    return refuse(RefusalCode.INVALID, message)


def _begin(state: State, command: do.BeginImport, wall: int) -> _Decision:
    channel = state.channels.get(command.channel)
    if channel is None:
        return refuse(RefusalCode.UNKNOWN, "The session has no such channel.")
    if (begun := channel.imported) is not None:
        message = "This text of the meeting was already imported, from another file."
        if begun.digest == command.digest and begun.names != command.names:
            message = "This import was begun with another statement on names. Run it again with that one."
        return refuse(RefusalCode.CONFLICT, message)
    if state.status is not Status.CREATED and not (state.status is Status.CLOSED and is_imported(state)):
        return refuse(
            RefusalCode.CONFLICT, f"The session is {state.status}, and was not imported: it has its own text."
        )
    if any(line.channel == channel.id for _, line in state.segments.items()):
        return refuse(RefusalCode.CONFLICT, "This text of the meeting has lines that were written here.")
    if state.access is not ev.Access.STAFF:
        return refuse(RefusalCode.CONFLICT, "An imported text is for the staff alone at first, and so is its meeting.")
    if not _FORM.match(command.form) or not _DIGEST.match(command.digest) or len(command.producer) > MAX_GROUND:
        return _invalid("An import needs the format of its file and its SHA-256.")
    if len(command.names) > MAX_GROUND:
        return _invalid(f"A statement has at most {MAX_GROUND} characters.")
    if state.young_people and command.names:
        return _invalid("Where young people take part no names are kept.")
    return [made_of(ev.TextImported, command, at=wall)]


def _keep(state: State, command: do.KeepOriginal) -> _Decision:
    channel = state.channels.get(command.channel)
    if channel is None or channel.imported is None:
        return NOT_BEGUN
    if state.young_people:
        return _invalid("Where young people take part no file is kept, since it may hold their names.")
    if not 0 < command.part <= command.parts <= MAX_PARTS or not 0 < len(command.content) <= MAX_PART:
        return _invalid(
            f"The file is too large to be kept: it has more than {MAX_PARTS * MAX_PART >> 20} MB, compressed."
        )
    if not 0 < len(command.name) <= MAX_FILE_NAME:
        return _invalid(f"The name of a file has 1 to {MAX_FILE_NAME} characters.")
    return [made_of(ev.OriginalKept, command)]


def _lines(state: State, command: do.ImportLines) -> _Decision:
    channel = state.channels.get(command.channel)
    if channel is None or channel.imported is None:
        return NOT_BEGUN
    names = [line.segment for line in command.lines]
    if not 0 < len(names) <= MOST_LINES or len(set(names)) < len(names) or not all(map(is_name, names)):
        return _invalid(f"Import 1 to {MOST_LINES} lines at a time, each with an id of its own.")
    events: list[ev.AnyEvent] = []
    for line in command.lines:
        if line.segment in state.segments:
            return refuse(RefusalCode.CONFLICT, "A line with this id already exists.")
        if not 0 <= line.t0 <= line.t1 <= MOST_MS or not 0 < len(line.text.strip()) <= MAX_TEXT:
            return _invalid(f"A line has 1 to {MAX_TEXT} characters and ends after it begins, within {_LONGEST}.")
        if not is_language(line.language) or line.revision < 0 or (line.mended and not line.revision):
            return _invalid("A line needs a language, and a corrected one the number of its corrections.")
        if line.words and ("".join(word.text for word in line.words) != line.text or _out_of_order(line)):
            return _invalid("The captions of a line are its text, and in order of time.")
        if line.speaker is not None and (state.young_people or line.speaker not in state.speakers):
            return refuse(RefusalCode.UNKNOWN, "The session has no speaker with this id.")
        events += _whole(channel, line)
    return events


def _out_of_order(line: do.ImportedLine) -> bool:
    return any(not (word.text and line.t0 <= word.t0 <= word.t1 <= line.t1) for word in line.words)


def _whole(channel: Channel, line: do.ImportedLine) -> Sequence[ev.AnyEvent]:
    cues = bool(line.words) or msgspec.UNSET
    events: list[ev.AnyEvent] = [made_of(le.SegmentOpened, line, channel=channel.id, cues=cues)]
    for first in range(0, len(line.words), MAX_WORDS):
        words = line.words[first : first + MAX_WORDS]
        events.append(le.WordsCommitted(channel=channel.id, segment=line.segment, first=first, words=words))
    events.append(made_of(le.SegmentEnded, line, channel=channel.id, reason=le.EndReason.SENTENCE))
    if line.revision:
        # One event with the number of the last correction: the texts between aren't in the file.
        events.append(
            le.SegmentCorrected(
                channel=channel.id,
                segment=line.segment,
                base_revision=line.revision - 1,
                base_words=len(line.words),
                text=line.text,
                tail="",
                machine=not line.mended,
                accepted=line.accepted,
            )
        )
    return events


def _questions(state: State, command: do.ImportQuestions) -> _Decision:
    if state.status is not Status.CREATED or not is_imported(state):
        return refuse(RefusalCode.CONFLICT, "Questions are imported with the first text of a meeting.")
    if not 0 < len(command.questions) <= MOST_LINES:
        return _invalid(f"Import 1 to {MOST_LINES} questions at a time.")
    events: list[ev.AnyEvent] = []
    last = state.questions.last
    for each in command.questions:
        if each.number <= last or not is_name(each.intervention) or state.questions.get(each.intervention) is not None:
            return _invalid("Questions are imported in the order of their numbers, each once.")
        if max(len(each.text), len(each.answer)) > MAX_TEXT or not 0 <= each.t <= MOST_MS or (each.since or 0) < 0:
            return _invalid(f"A question has at most {MAX_TEXT} characters, and a time within {_LONGEST}.")
        if each.name and state.young_people:
            return _invalid("Where young people take part no names are kept.")
        last = each.number
        events += _asked(each)
    return events


def _asked(each: do.ImportedQuestion) -> Sequence[ev.AnyEvent]:
    checked = qe.InterventionStatusChanged(
        intervention=each.intervention, number=each.number, status=InterventionStatus.CHECKED, t=each.t
    )
    if each.status is InterventionStatus.CHECKED:
        return [checked]  # Only its number is known: it was never published.
    events: list[ev.AnyEvent] = [
        made_of(qe.InterventionReceived, each, asker=""),
        checked,
        made_of(qe.InterventionPublished, each),
    ]
    if each.answer:
        written = made_of(qe.InterventionWritten, each, text=each.answer, language=each.answer_language)
        events.append(written)
    since = each.t if each.since is None else each.since
    events.append(made_of(qe.InterventionStatusChanged, each, t=since))
    if each.support:
        events.append(qe.SupportCounted(counts={each.intervention: each.support}))
    return events


def _chapters(state: State, command: do.ImportChapters) -> _Decision:
    if state.status is not Status.CREATED or not is_imported(state):
        return refuse(RefusalCode.CONFLICT, "Chapters are imported with the first text of a meeting.")
    if not 0 < len(command.chapters) <= MOST_LINES or len(state.topics) > MOST_CHAPTERS:
        return _invalid(f"Import 1 to {MOST_LINES} chapters at a time.")
    events: list[ev.AnyEvent] = []
    topic = state.topics[-1] if state.topics else None
    for each in command.chapters:
        if not 0 <= each.t <= MOST_MS or each.number < 0:
            return _invalid(f"A chapter has a time within {_LONGEST}.")
        if each.intervention is not None:
            asked = state.questions.get(each.intervention)
            if asked is None or not asked.published:
                return refuse(RefusalCode.UNKNOWN, "Only a question that was published had its turn.")
            events += _turn(asked, each.t)
            continue
        if not 0 < len(each.title) <= MAX_QUESTION or (topic is not None and each.t <= topic.t):
            return _invalid(f"A topic has 1 to {MAX_QUESTION} characters, and was taken up after the one before it.")
        taken = made_of(ev.TopicTaken, each)
        if topic is not None and same_topic(topic, taken) and topic.t < each.t - 1:
            events.append(ev.TopicTaken(t=each.t - 1))  # It was taken up twice, with something between.
        events.append(taken)
        topic = made_of(ev.Topic, taken)
    return events


def _turn(asked: Intervention, t: int) -> Sequence[ev.AnyEvent]:
    """A turn of its own, after which the question stands where it stood."""
    answered = InterventionStatus.ANSWERED  # before, so that a turn that is under way ends rather than being put back
    had = (answered, InterventionStatus.QUEUED, InterventionStatus.CALLED, answered)
    stands = [
        qe.InterventionStatusChanged(intervention=asked.id, number=asked.number, status=status, t=t) for status in had
    ]
    return [*stands, made_of(qe.InterventionStatusChanged, asked, intervention=asked.id, t=asked.since)]


def unpublished(number: int, t: int = 0) -> do.ImportedQuestion:
    """A question of which a file says only the number."""
    return do.ImportedQuestion(
        intervention=InterventionId(f"unpublished-{number}"),
        number=number,
        kind=InterventionKind.QUESTION,
        text="",
        language="",
        name="",
        origin="",
        t=t,
        status=InterventionStatus.CHECKED,
    )


def _end(state: State, command: do.EndImport, wall: int) -> _Decision:
    channel = state.channels.get(command.channel)
    if channel is None or channel.imported is None:
        return NOT_BEGUN
    if state.status is not Status.CREATED:
        return refuse(RefusalCode.CONFLICT, f"The session is {state.status} already.")
    if not 0 <= command.t <= MOST_MS or not 0 < command.wall <= wall - command.t:
        return _invalid("An imported meeting has a beginning, and an end that is not in the future.")
    if len(command.spans) > MOST_SPANS or any(not 0 <= span.t0 < span.t1 <= command.t for span in command.spans):
        return _invalid(f"At most {MOST_SPANS} spans have no text, and each ends after it begins, within the meeting.")
    events: list[ev.AnyEvent] = [ev.SessionOpened(wall=command.wall)]
    for span in command.spans:
        events += _without_text(channel, span)
    return [*events, ev.SessionClosed(t=command.t)]


def _without_text(channel: Channel, span: do.ImportedSpan) -> Sequence[ev.AnyEvent]:
    if span.gap is not None:
        return [ev.GapNoted(channel=channel.id, t0=span.t0, t1=span.t1, reason=span.gap)]
    if span.pause:
        return [ev.SessionPaused(t=span.t0, t0=span.t0), ev.SessionResumed(t=span.t1, t1=span.t1)]
    return [ev.NotRecordedBegan(t0=span.t0), ev.NotRecordedEnded(t1=span.t1)]


def _ground(state: State, command: do.StateGround) -> _Decision:
    if not is_imported(state):
        return refuse(RefusalCode.CONFLICT, "This session was not imported: who may read it was said before it began.")
    if state.status is not Status.CLOSED:
        return refuse(RefusalCode.CONFLICT, "The import isn't complete: run it again first.")
    ground = " ".join(command.ground.split())
    if command.access is ev.Access.STAFF:
        ground = ""  # Taken back: it would be told to readers as one that holds.
    elif not 0 < len(ground) <= MAX_GROUND:
        return _invalid(f"State on what ground others may read it, in 1 to {MAX_GROUND} characters.")
    return [
        ev.GroundStated(access=command.access, ground=ground),
        ev.SessionArranged(access=command.access, sound=ev.SoundKept.NONE, listed=command.listed),
    ]
