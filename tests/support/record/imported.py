"""Files about past meetings, imported by the rules of the log without a server."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from datetime import UTC

import msgspec

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.programme.plan import Speaker
from moothall.core.rules.decide import decide
from moothall.core.sessions.state import State, evolve
from moothall.record.imports.about import AboutMeeting, by_name, united
from moothall.record.imports.acts import ImportAct, ImportChoice, PastMeeting, acts_of, key_of_name, meeting_of
from moothall.record.imports.past import PastText
from moothall.record.imports.reading import read_past
from moothall.record.model import Record, RecordFold
from support.sessions.record_maker import WORDING
from support.sessions.recorder import EPOCH, MORNING, Recorder

FILE = "2025-11-24 10.00 Past meeting (en).vtt"
LATER = MORNING + 400 * 86_400_000
"""When it is imported, Unix ms."""
AGREED = "The speakers agreed."


class FoldedImport(msgspec.Struct, frozen=True):
    """What became of a file."""

    past: PastText
    meeting: PastMeeting
    acts: tuple[ImportAct, ...]
    state: State
    events: tuple[ev.AnyEvent, ...]
    record: Record
    """The record of the imported text, as readers get it."""


def imported(
    data: bytes | str,
    file: str = FILE,
    *,
    names: str = AGREED,
    listed: Sequence[Speaker] = (),
    young_people: bool = False,
) -> FoldedImport:
    """Import a file into a session of its own. Raises ImportRefused."""
    raw = data.encode() if isinstance(data, str) else data
    past = read_past(raw, {WORDING.unnamed})
    about = united(AboutMeeting(), past, by_name(file, UTC), UTC)
    digest = hashlib.sha256(raw).hexdigest()
    meeting = meeting_of(past, about, file=file, digest=digest, young_people=young_people)
    speakers = {key_of_name(each.name): each for each in listed}
    choice = ImportChoice(names=names, listed=speakers, file=file, original=zlib.compress(raw))
    acts = tuple(acts_of(past, meeting, choice))
    of_record = meeting.kind is ev.ChannelKind.TRANSLATION
    begun: list[do.AnyCommand] = [
        do.CreateSession(
            title=meeting.title,
            languages=meeting.languages,
            access=ev.Access.STAFF,
            young_people=young_people,
            sound=ev.SoundKept.NONE,
        ),
        do.AddChannel(
            channel=meeting.channel, kind=meeting.kind, languages=meeting.text_languages, of_record=of_record
        ),
    ]
    state, events = carried_out(State(id=meeting.session), *begun, *(each for act in acts for each in act.commands))
    return FoldedImport(past, meeting, acts, state, events, recorded(events, meeting.session, meeting.channel))


def carried_out(state: State, *commands: do.AnyCommand, wall: int = LATER) -> tuple[State, tuple[ev.AnyEvent, ...]]:
    """The state after some commands, none of which is refused, and their events."""
    events: list[ev.AnyEvent] = []
    for command in commands:
        decision = decide(state, command, SYSTEM, wall)
        assert not isinstance(decision, Refusal), (decision, command)
        for event in decision:
            state = evolve(state, event, wall)
        events += decision
    return state, tuple(events)


def recorded(events: Sequence[ev.AnyEvent], session: SessionId, channel: ChannelId) -> Record:
    """The record of a channel of a session with these events."""
    recorder, fold = Recorder(), RecordFold(session, EPOCH, channel)
    records = [recorder.record(event, SYSTEM) for event in events]
    fold.take([record for record in records if record.header.lane in fold.feed.lanes])
    return fold.record()
