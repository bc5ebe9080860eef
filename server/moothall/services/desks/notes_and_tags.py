"""Builds what desks get about notes, hubs, and lines that are marked for the report, of plain values for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import msgspec

from moothall.core.events import hubs as he
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.events.question_parts import HUB, InterventionStatus
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.lanes import STAFF
from moothall.core.ports import EventLog
from moothall.core.sessions.keeping import KeepingFact, merged
from moothall.core.sessions.state import State
from moothall.core.sessions.topics import times_of, topic_now

TOLD = (
    he.HubPresenceChanged,
    he.HubNoteLeft,
    he.HubNoteRead,
    ne.PolicyQuestionsListed,
    ne.SegmentTagged,
    qe.InterventionTagged,
    ev.TopicTaken,
    le.AirHeld,
    le.LineOffered,
    *get_args(KeepingFact),
)
"""Events after which news is sent to desks at once. The staff's own notes reach them in frames."""
NOTES = 50
"""Number of last notes among the staff that a desk gets when it is opened."""
TAGGED = 300
"""Most marked lines that are sent to desks. Overflow: those that were said first are left out."""
ASKED = 300
"""Most questions of the public that are sent there. Overflow: those with the lowest numbers are left out."""
_READ = 500
"""Most records that are read from the log in one batch."""


async def staff_notes(log: EventLog, session: SessionId) -> list[dict[str, object]]:
    """The last notes among the staff, oldest first, with the roles that have read them. Raises StorageUnavailable."""
    found: list[dict[str, object]] = []
    read: dict[str, list[str]] = {}
    offset = 0
    while page := await log.read(session, offset, _READ, frozenset({STAFF})):
        for record in page:
            header, offset = record.header, record.header.offset
            event = None if record.body is None else decode_event(record.body)
            if isinstance(event, ne.NoteLeft):
                by = read.setdefault(event.note, []) if event.note else []
                note = {"offset": offset, "at": header.at, "by": header.role, "text": event.text}
                found.append({**note, "note": event.note, "to": event.to, "read": by})
            elif isinstance(event, ne.NoteRead) and header.role not in read.setdefault(event.note, []):
                read[event.note].append(header.role)
    return found[-NOTES:]


def hubs(state: State, known: Mapping[str, str]) -> dict[str, object]:
    """The hubs to which notes may be sent: names, titles, presence, and the notes to and from them.

    `known`: titles of the hubs with links, by name.
    """
    asked = {each.origin.removeprefix(HUB) for _, each in state.questions.interventions.items() if HUB in each.origin}
    notes = state.notes_and_tags.hub_notes
    return {
        "names": sorted({*known, *asked, *state.hubs, *(note.hub for note in notes)}),
        "titles": {**known, **{hub: each.title for hub, each in state.hubs.items()}},
        "presence": [{"hub": hub, **msgspec.to_builtins(each)} for hub, each in state.hubs.items()],
        "notes": [msgspec.to_builtins(note) for note in notes],
    }


def outcome(state: State) -> dict[str, object]:
    """The policy questions; the lines that are marked under them, in the order in which they were said; and the
    questions of the public that were put under them or passed to the report. All of the staff get these, so those that
    only whoever leads the questions may read are left out.
    """
    tagged = []
    for segment, tags in state.notes_and_tags.tags.items():
        line = state.segments.get(segment)
        if line is None or line.gone or not tags:
            continue
        about = {"segment": segment, "channel": line.channel, "t0": line.t0, "language": line.language}
        speaker = "" if line.speaker is None else state.speakers.get(line.speaker, "")
        tagged.append({**about, "speaker": speaker, "text": line.whole.strip(), "tags": msgspec.to_builtins(tags)})
    tagged.sort(key=lambda line: (line["t0"], line["segment"]))
    asked = [
        {
            "number": each.number,
            "text": each.text,
            "language": each.language,
            "name": each.name,
            "question": each.under,
        }
        for each in state.questions.with_status(*InterventionStatus)
        if each.status is InterventionStatus.TO_REPORT or (each.under is not None and each.readable)
    ]
    questions = msgspec.to_builtins(state.notes_and_tags.questions)
    return {"questions": questions, "lines": tagged[-TAGGED:], "asked": asked[-ASKED:]}


def topics(state: State) -> dict[str, object]:
    """The policy questions, what is taken up now, and how long the session was at each topic up to media ms `until`.
    While `runs`, the time of the present topic goes on from there.
    """
    now, unkept = topic_now(state.topics), merged((*state.unkept, *state.closures))
    # Nothing but events changes what is sent, so it goes as far as the last event that counts.
    last = [state.topics[-1].t if state.topics else 0, *(t0 if t1 is None else t1 for t0, t1 in unkept[-1:])]
    until = max(last) if state.closed_at is None else state.closed_at
    return {
        "questions": msgspec.to_builtins(state.notes_and_tags.questions),
        "now": msgspec.to_builtins(now),
        "times": msgspec.to_builtins(times_of(state.topics, unkept, until)),
        "until": until,
        "runs": now is not None and state.keeps and state.closed_at is None,
    }
