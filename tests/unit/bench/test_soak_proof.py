from __future__ import annotations

from typing import Any
from zlib import crc32

from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, InterventionId, SegmentId
from soak_proof import Logged, against, broken, compared, logged, shown_as_stored
from soak_readers import Shown
from soak_rooms import Acknowledged
from support.sessions.recorder import SESSION, Recorder

FLOOR = ChannelId("floor")
SCRIPT = ("w0", "w1", "w2")


def said() -> Acknowledged:
    made = Acknowledged()
    made.lines = [("soak:1", "One."), ("soak:2", "Two.")]
    made.questions = ["Why?", "When?"]
    made.acts = ["soak:3"]
    return made


def log(**other: Any) -> Logged:
    whole = Logged(
        closed=False,
        lines=[("soak:1", "One."), ("soak:2", "Two.")],
        questions=["Why?", "When?"],
        causes={"soak:1", "soak:2", "soak:3"},
        words=["w1", "w2", "w0", "w1"],
    )
    return whole._replace(**other)


def test_a_log_that_holds_all_of_it_once_has_no_fault() -> None:
    assert against("s", said(), log(), SCRIPT) == (0, 0, [])


def test_what_was_not_acknowledged_may_be_there() -> None:
    more = log(lines=[("soak:1", "One."), ("soak:9", "Not answered."), ("soak:2", "Two.")])
    assert against("s", said(), more, SCRIPT) == (0, 0, [])


def test_what_is_missing_is_lost() -> None:
    assert against("s", said(), log(lines=[("soak:1", "One.")]), SCRIPT).faults == ["s has lost a line: 'Two.'"]
    assert against("s", said(), log(questions=["When?"]), SCRIPT).faults == ["s has lost a question: 'Why?'"]
    at_hub = said()
    at_hub.at_hubs = ["When?", "Who?"]
    found = against("s", at_hub, log(), SCRIPT)
    assert found == (1, 0, ["s has lost a question that was asked at a hub: 'Who?'"])
    found = against("s", said(), log(causes={"soak:1", "soak:2"}), SCRIPT)
    assert found == (1, 0, ["s has lost an act that was acknowledged: soak:3"])
    found = against("s", said(), log(words=["w0", "w2"]), SCRIPT)
    assert found == (1, 0, ["In s the engine's word 'w2' follows 'w0'."])


def test_what_is_there_twice_is_doubled() -> None:
    twice = log(lines=[("soak:1", "One."), ("soak:1", "One."), ("soak:2", "Two.")])
    assert against("s", said(), twice, SCRIPT) == (0, 1, ["s has a line more than once: 'One.'"])


def test_another_order_is_a_fault() -> None:
    found = against("s", said(), log(questions=["When?", "Why?"]), SCRIPT)
    assert found == (0, 0, ["The questions of s are not in the order in which they were acknowledged."])


def test_comparing_looks_at_what_was_given() -> None:
    assert compared([], ["a"]) == ([], [], True)
    assert compared(["a", "b", "c"], ["c", "x", "a", "x"]) == (["b"], ["x"], False)


def test_words_follow_each_other_as_in_the_script_round_and_round() -> None:
    assert broken([], SCRIPT) == []
    assert broken(["w2", "w0", "w1"], SCRIPT) == []
    assert broken(["w0", "w0", "w1", "else", "w2"], SCRIPT) == [("w0", "w0"), ("w1", "else"), ("else", "w2")]


def test_the_log_is_read_by_who_caused_what() -> None:
    recorder = Recorder(SESSION)
    line = SegmentId("a")
    question = qe.InterventionReceived(
        intervention=InterventionId("q"),
        number=1,
        kind=InterventionKind.QUESTION,
        text="Why?",
        language="en",
        name="",
        origin="remote",
        asker="x",
        t=0,
    )
    ended = le.SegmentEnded(channel=FLOOR, segment=line, t1=1, reason=le.EndReason.SENTENCE, text="One.")
    words = le.WordsCommitted(channel=FLOOR, segment=line, first=0, words=(le.Word(" w0", 0, 1), le.Word(" w1", 1, 2)))
    records = [
        recorder.record(ended, cause=CommandId("soak:1")),
        recorder.record(ended, cause=CommandId("of an engine")),
        recorder.record(words, by=Actor(Role.ENGINE, "e")),
        recorder.record(words, by=SYSTEM),
        recorder.record(question),
    ]
    found = logged(records)
    assert found.lines == [("soak:1", "One.")]
    assert (found.words, found.questions, found.closed) == (["w0", "w1"], ["Why?"], False)
    assert "soak:1" in found.causes
    assert logged([*records, recorder.record(ev.SessionClosed(t=5))]).closed


def test_what_readers_were_shown_is_what_is_stored() -> None:
    recorder = Recorder(SESSION)
    record = recorder.record(ev.SessionClosed(t=5))
    assert record.body is not None
    shown = Shown("hub")
    assert shown_as_stored(SESSION, shown, [record]) == []
    shown.sums[SESSION] = {record.header.offset: crc32(record.body)}
    assert shown_as_stored(SESSION, shown, [record]) == []
    shown.sums[SESSION][record.header.offset + 1] = 7
    (fault,) = shown_as_stored(SESSION, shown, [record])
    assert "were shown what the log hasn't, at [2] (1 events)" in fault
