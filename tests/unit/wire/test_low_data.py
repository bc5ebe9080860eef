from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor
from moothall.core.kernel.ids import InterventionId, SegmentId, SessionId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import AnySignal, ChannelState, LastWords, Sound, StandIn, Unrecorded, Unsaved
from moothall.core.views.captions import CaptionsView
from moothall.wire.frames import Freshness, decode, events_frame, signals_frame
from moothall.wire.low_data import MOST_PUBLISHED, PULSE_MS, LowData
from support.halls.stage import CAPTIONER, ENGINE, FLOOR, corrected, ended, opened, partial, words
from support.sessions.recorder import EPOCH, MORNING, SESSION, Recorder
from support.sessions.splitting import split, timed

FEED = Feed(FLOOR, live=False)


class Meeting:
    """A log, and a reader of few data who was there from offset `after` on."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.records: list[LogRecord] = []
        self.view = CaptionsView.empty(SESSION, EPOCH, FEED)
        self.low = LowData(self.view, 0)

    def log(self, *events: ev.AnyEvent, by: Actor = ENGINE) -> list[LogRecord]:
        added = [self.recorder.record(event, by) for event in events]
        self.records += added
        return added

    def say(self, *events: ev.AnyEvent, signals: Sequence[AnySignal] = (), by: Actor = ENGINE) -> None:
        records = self.log(*events, by=by)
        frame = events_frame(records, records[0].header.offset - 1, signals, MORNING) if records else None
        self.low.take(decode((frame or signals_frame(signals, MORNING)).json))

    def signal(self, *signals: AnySignal) -> None:
        self.low.take(decode(signals_frame(signals, MORNING).json))

    def batch(self) -> list[object]:
        said: list[object] = json.loads(self.low.batch())
        return said


def test_lines_come_when_they_have_ended_and_the_second_says_only_what_differs() -> None:
    meeting = Meeting()
    meeting.say(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), by=SYSTEM)
    meeting.batch()
    meeting.say(opened("floor-1-9", 61_200, speaker="amina"), words("floor-1-9", 0, "One."))
    assert not meeting.low.waits
    meeting.say(ended("floor-1-9", "One."))
    meeting.say(opened("floor-1-10", 65_100, speaker="amina"), ended("floor-1-10", "Two."))
    meeting.say(opened("floor-1-11", 70_000, speaker="joao"), ended("floor-1-11", "Three."))
    meeting.say(opened("floor-2-1", 71_000, language="fr"), ended("floor-2-1", "Quatre."))
    assert meeting.low.waits
    assert not meeting.low.urgent
    assert meeting.batch() == [
        10,
        [0, "floor-1-9", 61, "en", "machine", "amina", 0],
        "One.",
        4,
        "Two.",
        ["joao", 5],
        "Three.",
        [3, "floor-2-1", 71, "fr", "machine", None, 0],
        "Quatre.",
    ]
    assert not meeting.low.waits
    meeting.say(opened("floor-2-2", 75_000, language="fr"), ended("floor-2-2", "Cinq."))
    assert meeting.batch()[1:] == [4, "Cinq."], "what a stream said before still holds"
    assert meeting.batch() == [12]


def test_a_line_is_told_as_it_stands_when_it_ends_and_what_is_mended_later_is_an_event() -> None:
    meeting = Meeting()
    meeting.say(opened("a"), words("a", 0, "Won"))
    meeting.say(corrected("a", "One"), by=CAPTIONER)
    meeting.say(ev.SpeakerAssigned(segments=(SegmentId("a"),), speaker=SpeakerId("amina")))
    meeting.say(ended("a", "One."))
    meeting.say(corrected("a", "One!", 1), by=CAPTIONER)
    offset, assigned, line, text, mended = meeting.batch()
    assert offset == 6
    assert isinstance(assigned, dict)
    assert isinstance(mended, dict)
    assert assigned["body"]["type"] == "speaker.assigned"
    assert (line, text) == ([0, "a", 0, "en", "machine", "amina", 1], "One.")
    assert mended == {"offset": 6, "at": MORNING + 240, "by": "captioner", "body": mended["body"]}
    assert mended["body"]["text"] == "One!"


def test_what_an_engine_betters_before_the_batch_goes_out_takes_no_bytes_of_its_own() -> None:
    meeting = Meeting()
    meeting.say(opened("a"), words("a", 0, "Won"), ended("a", "Won."), opened("b"), ended("b", "Too."))
    meeting.say(corrected("a", "One."), by=ENGINE)
    meeting.say(corrected("b", "Two."), by=CAPTIONER)
    _, about, text, _, other, mended = meeting.batch()
    assert (about, text, other) == ([0, "a", 0, "en", "machine", None, 0], "One.", "Too.")
    assert isinstance(mended, dict)
    assert (mended["by"], mended["body"]["text"]) == ("captioner", "Two.")
    # What is on its way already is bettered by an event.
    meeting.say(opened("c"), ended("c", "Free."))
    meeting.batch()
    meeting.say(corrected("c", "Three."), by=ENGINE)
    _, bettered = meeting.batch()
    assert isinstance(bettered, dict)
    assert (bettered["by"], bettered["body"]["text"]) == ("engine", "Three.")


def test_a_line_that_is_split_after_a_person_mended_it_is_not_whole_again() -> None:
    meeting, kept, rest = Meeting(), timed(9_000, "Who"), timed(9_500, "I")
    meeting.say(opened("a", 9_000), ended("a", "Hoo I"))
    meeting.say(corrected("a", "Who I"), by=CAPTIONER)
    meeting.say(*split("a", "part", kept, rest, revision=1))
    told = meeting.batch()[1:]
    assert told[:2] == [[0, "a", 9, "en", "machine", None, 0], "Hoo I"]
    bodies = [each["body"] for each in told if isinstance(each, dict)]
    texts = [(body["text"] + body["tail"]).strip() for body in bodies if body["type"] == "segment.corrected"]
    assert texts == ["Who I", "Who"], "in their order"
    assert told[-2:] == [[1, "part", 9, "en", "machine", None, 0], "I"]


def test_a_line_that_is_copied_into_its_language_is_as_rough_as_it_was_heard() -> None:
    def copied(name: str, *, rough: bool) -> le.SegmentOpened:
        made = le.MadeFrom(sources=(le.SourceSegment(SegmentId("s"), 0),), route="", rough=rough)
        return msgspec.structs.replace(opened(name, 1_000), made_from=made)

    meeting = Meeting()
    for name, rough in (("a-1", True), ("a-2", True), ("a-3", False)):
        meeting.say(copied(name, rough=rough), ended(name, "A line.", 1_000))
    # The line that was heard is mended by a person, and so is its copy, which the machine writes.
    mended = msgspec.structs.replace(
        corrected("a-2", "A line!"), machine=True, made_from=copied("", rough=False).made_from
    )
    meeting.say(mended, by=SYSTEM)
    *lines, bettered = meeting.batch()[1:]
    assert lines == [
        [0, "a-1", 1, "en", "machine", None, 0, 0, 1],
        "A line.",
        0,
        "A line.",
        [2, "a-3", 1, "en", "machine", None, 0],
        "A line.",
    ]
    assert isinstance(bettered, dict)
    assert (bettered["body"]["text"], bettered["body"]["made_from"]["rough"]) == ("A line!", False)


def test_a_line_that_a_person_only_accepted_is_told_from_one_that_a_person_mended() -> None:
    meeting = Meeting()
    meeting.say(opened("a-1"), words("a-1", 0, "Won"))
    meeting.say(msgspec.structs.replace(corrected("a-1", "One"), accepted=True), by=CAPTIONER)
    meeting.say(ended("a-1", "One."), opened("a-2"), ended("a-2", "Two."))
    assert meeting.batch()[1:] == [
        [0, "a-1", 0, "en", "machine", None, 2],
        "One.",
        [1, "a-2", 0, "en", "machine", None, 0],
        "Two.",
    ]


def test_a_line_says_which_outside_tool_sent_it() -> None:
    meeting = Meeting()
    for name, tool in (("a-1", "StenoCo"), ("a-2", "StenoCo"), ("a-3", "")):
        line = opened(name, 1_000, origin=le.Origin.PERSON)
        meeting.say(msgspec.structs.replace(line, tool=tool or msgspec.UNSET), ended(name, "A line.", 1_000))
    assert meeting.batch()[1:] == [
        [0, "a-1", 1, "en", "person", None, 0, "StenoCo"],
        "A line.",
        0,
        "A line.",
        [2, "a-3", 1, "en", "person", None, 0],
        "A line.",
    ]


def test_a_line_says_that_it_was_respoken() -> None:
    meeting = Meeting()
    for name, respoken in (("a-1", True), ("a-2", True), ("a-3", msgspec.UNSET)):
        line = opened(name, 1_000)
        meeting.say(msgspec.structs.replace(line, respoken=respoken), ended(name, "A line.", 1_000))
    assert meeting.batch()[1:] == [
        [0, "a-1", 1, "en", "machine", None, 0, True],
        "A line.",
        0,
        "A line.",
        [2, "a-3", 1, "en", "machine", None, 0],
        "A line.",
    ]


def test_a_line_says_that_it_is_rough_behind_whose_it_is() -> None:
    meeting = Meeting()
    for name, more in (("a-1", {"rough": True}), ("a-2", {"rough": True}), ("a-3", {"rough": True, "respoken": True})):
        meeting.say(msgspec.structs.replace(opened(name, 1_000), **more), ended(name, "A line.", 1_000))
    assert meeting.batch()[1:] == [
        [0, "a-1", 1, "en", "machine", None, 0, 0, 1],
        "A line.",
        0,
        "A line.",
        [2, "a-3", 1, "en", "machine", None, 0, True, True],
        "A line.",
    ]


def test_a_rough_line_that_a_person_mended_is_rough_again_once_that_is_undone() -> None:
    meeting = Meeting()
    for name in ("a-1", "a-2"):
        meeting.say(msgspec.structs.replace(opened(name), rough=True), words(name, 0, "Won"))
    meeting.say(corrected("a-1", "One"), by=CAPTIONER)
    meeting.say(ended("a-1", "One."), ended("a-2", "Won."))
    assert meeting.batch()[1:] == [
        [0, "a-1", 0, "en", "machine", None, 1, 0, 1],
        "One.",
        [1, "a-2", 0, "en", "machine", None, 0, 0, 1],
        "Won.",
    ]


def test_what_readers_never_see_is_not_sent() -> None:
    meeting = Meeting()
    meeting.say(
        ev.ClockMapped(t=60_000, wall=MORNING),
        ev.EngineAttached(channel=FLOOR, generation=1, model="scripted"),
        ev.RecordCheckpoint(lanes={}, key="k", signature="s"),
        by=SYSTEM,
    )
    meeting.signal(partial("a", 0, "perhaps"))
    assert not meeting.low.waits
    assert meeting.batch() == [3], "but how far the reader is"


def test_what_is_measured_of_voices_is_told_where_it_changes() -> None:
    meeting = Meeting()
    changes = ev.EngineAttached(channel=FLOOR, generation=1, model="m", voices=ev.VoicesTold.CHANGES)
    meeting.say(changes, msgspec.structs.replace(changes, generation=2), by=SYSTEM)
    _, told = meeting.batch()
    assert isinstance(told, dict)
    assert (told["offset"], told["body"]["voices"]) == (1, "changes")
    meeting.say(ev.EngineAttached(channel=FLOOR, generation=3, model="m"), by=SYSTEM)
    assert len(meeting.batch()) == 2, "and where it ends"


def test_what_was_removed_before_it_was_read_and_lines_of_before_are_passed_over() -> None:
    meeting = Meeting()
    (record,) = meeting.log(ended("of before", "Nobody knows it."))
    frame = decode(events_frame([record], 0, (), MORNING).json)
    meeting.low.take(frame)
    (gone,) = meeting.log(ended("removed", "x"))
    meeting.low.take(decode(events_frame([_without_body(gone)], 1, (), MORNING).json))
    assert meeting.batch() == [2]


def _without_body(record: LogRecord) -> LogRecord:
    return msgspec.structs.replace(record, body=None, salt=None)


def test_struck_lines_are_told_and_one_that_was_struck_while_it_grew_never_comes() -> None:
    meeting = Meeting()
    meeting.say(opened("a"), ended("a", "One."), opened("b"))
    meeting.say(le.ChannelRewound(channel=FLOOR, t=0, segments=(SegmentId("a"), SegmentId("b"))))
    meeting.say(ended("b", "Two."))
    _, line, _, struck = meeting.batch()
    assert isinstance(line, list)
    assert isinstance(struck, dict)
    assert (line[1], struck["body"]["segments"]) == ("a", ["a", "b"])


def test_what_can_not_wait_is_urgent() -> None:
    meeting = Meeting()
    meeting.say(ev.SpeakerIntroduced(speaker=SpeakerId("amina"), name="Amina"))
    assert not meeting.low.urgent
    meeting.say(ev.NotRecordedBegan(t0=1_000), by=SYSTEM)
    assert meeting.low.urgent
    meeting.batch()
    assert not meeting.low.urgent


def state(sound: Sound, lag: int = 300) -> ChannelState:
    return ChannelState(channel=FLOOR, sound=sound, lag=lag, t=0)


def test_of_signals_only_news() -> None:
    meeting = Meeting()
    meeting.signal(state(Sound.SPEECH), Unsaved(channel=FLOOR, text=""))
    meeting.signal(state(Sound.SILENCE, 4_900))
    assert not meeting.low.waits, "as anybody takes for granted"
    meeting.signal(state(Sound.SPEECH, 7_000))
    meeting.signal(state(Sound.SPEECH, 9_000))
    assert not meeting.low.urgent
    assert meeting.batch()[1:] == [{"kind": "state", "channel": "floor", "sound": "speech", "lag": 7_000, "t": 0}]
    meeting.signal(state(Sound.SILENCE, 300))
    assert meeting.batch()[1:] == [{"kind": "state", "channel": "floor", "sound": "speech", "lag": 300, "t": 0}], (
        "that somebody speaks again would not be told"
    )
    meeting.signal(state(Sound.NONE, 9_000))
    assert meeting.low.urgent
    meeting.batch()
    meeting.signal(state(Sound.NONE, 14_000))
    assert not meeting.low.urgent
    meeting.signal(state(Sound.SPEECH, 14_000))
    assert meeting.low.urgent, "sound comes again"
    meeting.batch()
    meeting.signal(Unrecorded(channel=FLOOR, text="between us", language="en"))
    meeting.signal(Unrecorded(channel=FLOOR, text="between us two", language="en"))
    assert not meeting.low.urgent
    assert [signal["text"] for signal in meeting.batch()[1:] if isinstance(signal, dict)] == ["between us two"]
    meeting.signal(Unrecorded(channel=FLOOR, text="", language="en"))
    assert meeting.low.urgent, "it is to be wiped at once"
    meeting.batch()
    meeting.signal(LastWords(channel=FLOOR, awaited=False))
    assert not meeting.low.waits
    meeting.signal(LastWords(channel=FLOOR, awaited=True))
    assert meeting.low.urgent
    assert meeting.batch()[1:] == [{"kind": "last-words", "channel": "floor", "awaited": True}]
    meeting.signal(StandIn(channel=FLOOR, instead=None))
    assert not meeting.low.waits
    meeting.signal(StandIn(channel=FLOOR, instead=FLOOR))
    assert meeting.low.urgent, "what is said now is somewhere else"


def test_whoever_comes_back_gets_what_is_new_and_lines_that_began_before() -> None:
    meeting = Meeting()
    meeting.say(opened("a"), ended("a", "One."), opened("b", 4_000))
    view = meeting.view
    for record in meeting.records:
        assert record.body is not None
        view = view.apply(record.header.offset, record.header.role, decode_event(record.body))
    meeting.low = LowData(view, 1)
    meeting.low.take(decode(events_frame(meeting.records, 0, (), MORNING).json))
    meeting.say(ended("b", "Two."))
    first, second = [0, "a", 0, "en", "machine", None, 0], [1, "b", 4, "en", "machine", None, 0]
    assert meeting.batch() == [4, first, "One.", second, "Two."]


def test_whoever_comes_back_has_the_event_at_its_position() -> None:
    meeting = Meeting()
    meeting.say(opened("a"), ended("a", "One."))
    meeting.low = LowData(CaptionsView.empty(SESSION, EPOCH, FEED), 2)
    meeting.low.take(decode(events_frame(meeting.records, 0, (), MORNING).json))
    assert meeting.batch() == [2]


def test_a_snapshot_makes_everything_before_it_superfluous() -> None:
    meeting = Meeting()
    meeting.say(opened("a"), ended("a", "One."))
    meeting.signal(state(Sound.NONE))
    meeting.low.restart(CaptionsView.empty(SessionId("plenary"), EPOCH, FEED))
    assert not meeting.low.waits
    assert not meeting.low.urgent
    assert meeting.batch() == [0]


def test_what_is_asked_now_is_told_and_that_it_is_over_and_nothing_else_of_the_queue() -> None:
    meeting = Meeting()

    def stands(name: str, status: InterventionStatus) -> qe.InterventionStatusChanged:
        return qe.InterventionStatusChanged(intervention=InterventionId(name), number=1, status=status, t=1)

    meeting.say(stands("a", InterventionStatus.CHECKED), stands("a", InterventionStatus.QUEUED))
    assert not meeting.low.urgent
    meeting.say(stands("a", InterventionStatus.CALLED), stands("b", InterventionStatus.DECLINED))
    assert meeting.low.urgent, "whoever asked it has a minute"
    meeting.say(stands("a", InterventionStatus.ANSWERED), stands("a", InterventionStatus.LATER))
    told = [each["body"]["status"] for each in meeting.batch()[1:] if isinstance(each, dict)]
    assert told == ["called", "answered"]


def test_whoever_came_while_something_was_asked_is_told_when_that_is_over() -> None:
    meeting = Meeting()

    def stands(name: str, status: InterventionStatus) -> qe.InterventionStatusChanged:
        return qe.InterventionStatusChanged(intervention=InterventionId(name), number=1, status=status, t=1)

    def told() -> list[tuple[str, str]]:
        bodies = [each["body"] for each in meeting.batch()[1:] if isinstance(each, dict)]
        return [(each["intervention"], each["status"]) for each in bodies]

    # The page of before says that `a` is asked now: nothing in the stream tells so.
    meeting.say(
        *(
            stands("b", each)
            for each in (InterventionStatus.CHECKED, InterventionStatus.QUEUED, InterventionStatus.DECLINED)
        )
    )
    assert told() == []
    meeting.say(stands("a", InterventionStatus.ANSWERED))
    assert told() == [("a", "answered")]
    meeting.say(stands("c", InterventionStatus.CALLED), stands("a", InterventionStatus.LATER))
    assert told() == [("c", "called")]
    # After a snapshot it is asked for anew, and again nothing in the stream tells.
    meeting.low.restart(meeting.view)
    meeting.say(stands("c", InterventionStatus.ANSWERED))
    assert told() == [("c", "answered")]


def test_what_is_asked_now_comes_with_its_words_and_those_only_then() -> None:
    meeting = Meeting()

    def published(n: int) -> qe.InterventionPublished:
        return qe.InterventionPublished(
            intervention=InterventionId(f"q{n}"),
            number=n,
            kind=InterventionKind.COMMENT,
            text=f"Words {n}",
            language="en",
            name="",
            origin="remote",
            t=0,
        )

    def called(n: int, status: InterventionStatus = InterventionStatus.CALLED) -> qe.InterventionStatusChanged:
        return qe.InterventionStatusChanged(intervention=InterventionId(f"q{n}"), number=n, status=status, t=1)

    meeting.say(*[published(n) for n in range(MOST_PUBLISHED + 1)])
    assert meeting.batch() == [MOST_PUBLISHED + 1]
    meeting.say(called(7), called(7, InterventionStatus.ANSWERED), called(7), called(0))
    told = [each["body"] for each in meeting.batch()[1:] if isinstance(each, dict)]
    assert [each.get("text", each.get("status")) for each in told] == [
        "Words 7", "called", "answered", "called", "called",
    ], "once; and the oldest were too many"  # fmt: skip


def test_a_pulse_says_where_the_text_stands_and_how_fresh_it_is() -> None:
    meeting = Meeting()
    meeting.say(opened("floor-1-9", 61_200), ended("floor-1-9", "One."))
    meeting.batch()
    pulse = json.loads(meeting.low.pulse(Freshness(age=700, lost=True)))
    assert pulse == {"head": meeting.low.head, "age": 700, "every": PULSE_MS, "lost": True}


def test_a_line_after_which_somebody_else_speaks_says_so_and_a_split_comes_as_it_is() -> None:
    meeting, kept, rest = Meeting(), timed(9_000, "Who"), timed(9_500, "I")
    change = msgspec.structs.replace(ended("floor-1-2", "Two."), reason=le.EndReason.SPEAKER)
    meeting.say(opened("floor-1-1", 1_000), ended("floor-1-1", "One."))
    meeting.say(opened("floor-1-2", 4_000), change)
    meeting.say(opened("floor-1-3", 9_000), ended("floor-1-3", "Who I"))
    assert meeting.batch()[1:] == [
        [0, "floor-1-1", 1, "en", "machine", None, 0],
        "One.",
        [1, "floor-1-2", 4, "en", "machine", None, 0, 0, 0, 1],
        "Two.",
        5,
        "Who I",
    ]
    meeting.say(*split("floor-1-3", "part", kept, rest))
    told = meeting.batch()[1:]
    assert [each["body"]["type"] for each in told if isinstance(each, dict)] == ["segment.split", "segment.corrected"]
    assert told[2:] == [[3, "part", 9, "en", "machine", None, 0], "I"]
