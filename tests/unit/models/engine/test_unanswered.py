from __future__ import annotations

import pytest

from moothall.core.commands import CommitWords, EndSegment, NoteGap, ReviseSegment, SegmentStart
from moothall.core.events.lines import EndReason, Word
from moothall.core.events.types import GapReason
from moothall.core.kernel.errors import ProtocolError, RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId, is_command_id
from moothall.core.signals import Partial
from moothall_models.engine.unanswered import KEEP_MS, UnansweredActs, act_prefix

FLOOR = ChannelId("floor")
UNAVAILABLE = RefusalCode.UNAVAILABLE


def words(segment: str, t: int, *, first: int = 0) -> CommitWords:
    return CommitWords(
        channel=FLOOR,
        generation=1,
        segment=SegmentId(segment),
        first=first,
        words=(Word(" word", t, t + 400),),
        start=SegmentStart(t0=t, language="en") if first == 0 else None,
    )


def end(segment: str, t1: int) -> EndSegment:
    return EndSegment(channel=FLOOR, generation=1, segment=SegmentId(segment), t1=t1, reason=EndReason.PAUSE)


def better(segment: str) -> ReviseSegment:
    return ReviseSegment(channel=FLOOR, generation=1, segment=SegmentId(segment), base_words=1, text="Word.")


def ids(acts: UnansweredActs, now: int) -> list[str]:
    return [act.id for act in acts.take(now)]


def held_up() -> UnansweredActs:
    """The words of an open segment were accepted, its next ones were refused at 0."""
    acts = UnansweredActs("p", 1)
    acts.add([words("a", 0)])
    acts.add([words("a", 500, first=1)])
    acts.take(0)
    acts.accepted(CommandId("p.1"))
    acts.refused(CommandId("p.2"), UNAVAILABLE, 0)
    return acts


def test_acts_are_written_at_once_in_order_and_once() -> None:
    acts = UnansweredActs("plenary.floor.2", 7)
    partial = Partial(channel=FLOOR, segment=SegmentId("a"), first=1, text=" and", language="en")
    acts.add([words("a", 0)], partial)
    acts.add([end("a", 500)])
    first, second = acts.take(0)
    assert (first.attachment, first.id, first.commands, first.show) == (
        7,
        "plenary.floor.2.1",
        (words("a", 0),),
        partial,
    )
    assert second.id == "plenary.floor.2.2"
    assert acts.take(0) == []
    assert (acts.waiting, acts.under_way) == (2, 2)


def test_ids_are_short_enough_whatever_the_names() -> None:
    assert act_prefix(SessionId("plenary"), FLOOR, 3) == "plenary.floor.3"
    long = act_prefix(SessionId("s" * 64), ChannelId("c" * 64), 3)
    assert long != act_prefix(SessionId("s" * 63), ChannelId("c" * 64), 3)
    assert long.endswith(".3")
    assert is_command_id(f"{long}.123456789")


def test_a_refused_act_is_tried_alone_and_the_others_follow_when_it_is_stored() -> None:
    acts = held_up()
    acts.add([end("a", 900)])
    assert ids(acts, 10) == ["p.3"]
    acts.refused(CommandId("p.3"), UNAVAILABLE, 20)
    assert acts.retry_at == 1_000
    assert ids(acts, 999) == []
    assert ids(acts, 1_000) == ["p.2"]
    acts.add([words("b", 2_000)])
    assert ids(acts, 1_001) == []
    acts.accepted(CommandId("p.2"))
    assert ids(acts, 1_002) == ["p.3", "p.4"]
    assert not acts.held_up
    assert acts.retry_at is None


def test_the_wait_doubles_up_to_five_seconds_and_begins_anew_after_a_success() -> None:
    acts, now, waits = held_up(), 0, []
    for _ in range(5):
        at = acts.retry_at
        assert at is not None
        waits.append(at - now)
        now = at
        assert ids(acts, now) == ["p.2"]
        assert acts.retry_at is None
        acts.refused(CommandId("p.2"), RefusalCode.BUSY, now)
    assert waits == [1_000, 2_000, 4_000, 5_000, 5_000]
    acts.take(now + 5_000)
    acts.accepted(CommandId("p.2"))
    acts.add([end("a", 900)])
    acts.take(0)
    acts.refused(CommandId("p.3"), UNAVAILABLE, 50_000)
    assert acts.retry_at == 51_000


def test_it_is_not_tried_again_while_later_acts_wait_for_their_answers() -> None:
    acts = UnansweredActs("p", 1)
    acts.add([words("a", 0)])
    acts.add([end("a", 500)])
    acts.take(0)
    acts.refused(CommandId("p.1"), UNAVAILABLE, 0)
    assert acts.retry_at is None
    assert ids(acts, 5_000) == []
    acts.refused(CommandId("p.2"), UNAVAILABLE, 5_000)
    assert acts.retry_at == 1_000
    assert ids(acts, 5_000) == ["p.1"]


def test_a_later_act_that_was_stored_after_all_is_not_sent_again() -> None:
    acts = UnansweredActs("p", 1)
    acts.add([words("a", 0)])
    acts.add([end("a", 500)])
    acts.take(0)
    acts.refused(CommandId("p.1"), UNAVAILABLE, 0)
    acts.accepted(CommandId("p.2"))
    assert ids(acts, 1_000) == ["p.1"]
    acts.accepted(CommandId("p.1"))
    assert ids(acts, 1_000) == []
    assert acts.waiting == 0


@pytest.mark.parametrize("code", [RefusalCode.STALE, RefusalCode.CONFLICT, RefusalCode.FORBIDDEN])
def test_other_refusals_mean_that_the_place_is_lost(code: RefusalCode) -> None:
    acts = UnansweredActs("p", 1)
    acts.add([words("a", 0)])
    acts.take(0)
    assert acts.refused(CommandId("p.1"), code, 0) is False


@pytest.mark.parametrize("code", [RefusalCode.STALE, RefusalCode.CONFLICT, RefusalCode.UNKNOWN, RefusalCode.INVALID])
def test_a_better_text_that_is_refused_is_dropped_and_nothing_else(code: RefusalCode) -> None:
    acts = UnansweredActs("p", 1)
    acts.add([words("a", 0), end("a", 500)])
    acts.add([better("a")])
    acts.add([words("b", 1_000)])
    acts.take(0)
    acts.accepted(CommandId("p.1"))
    assert acts.refused(CommandId("p.2"), code, 0) is True
    assert (acts.waiting, acts.held_up) == (1, False)
    acts.accepted(CommandId("p.3"))
    assert acts.waiting == 0


def test_a_better_text_that_can_not_be_stored_is_sent_again_and_what_follows_waits_for_it_no_longer_than_that() -> None:
    acts = UnansweredActs("p", 1)
    acts.add([better("a")])
    acts.add([words("b", 1_000)])
    for act in acts.take(0):
        acts.refused(act.id, UNAVAILABLE, 0)
    assert ids(acts, 1_000) == ["p.1"]
    acts.refused(CommandId("p.1"), RefusalCode.STALE, 1_000)
    assert not acts.held_up
    assert ids(acts, 1_000) == ["p.2"]


@pytest.mark.parametrize("answered", ["p.2", "q.1"])
def test_answers_must_come_in_order(answered: str) -> None:
    acts = UnansweredActs("p", 1)
    acts.add([words("a", 0)])
    acts.add([end("a", 500)])
    acts.take(0)
    with pytest.raises(ProtocolError, match=f"{answered}, not the oldest unanswered act of attachment 1"):
        acts.accepted(CommandId(answered))


def test_after_ten_minutes_the_oldest_lines_become_one_gap() -> None:
    acts = held_up()
    acts.add([words("a", 1_000, first=2)])
    acts.add([end("a", 1_500), words("b", 2_000)])
    acts.add([better("a")])
    acts.add([end("b", 2_500)])
    acts.add([words("c", 3_000), end("c", 3_500)])
    acts.add([words("d", 4_000)])
    for act in acts.take(0):
        acts.refused(act.id, UNAVAILABLE, 0)
    acts.add([end("d", 2_200 + KEEP_MS)])
    assert acts.waiting == 4
    assert ids(acts, 0) == ["p.9"]
    acts.refused(CommandId("p.9"), UNAVAILABLE, 0)
    (tried,) = acts.take(1_000)
    gap = NoteGap(channel=FLOOR, t0=500, t1=2_400, reason=GapReason.STORAGE)
    # What was accepted of the first line still ends; the act keeps the id that the server waits for.
    assert (tried.id, tried.commands) == ("p.2", (end("a", 1_500), gap))
    acts.accepted(CommandId("p.2"))
    assert [act.commands for act in acts.take(1_000)] == [
        (words("c", 3_000), end("c", 3_500)),
        (words("d", 4_000),),
        (end("d", 2_200 + KEEP_MS),),
    ]


def test_a_gap_grows_while_storage_stays_away() -> None:
    acts = UnansweredActs("p", 1)
    acts.add([words("a", 0)])
    acts.take(0)
    acts.refused(CommandId("p.1"), UNAVAILABLE, 0)
    for n in range(1, 200):
        acts.add([end(f"{'a' if n == 1 else n - 1}", n * 10_000 - 1), words(f"{n}", n * 10_000)])
        for act in acts.take(0):
            acts.refused(act.id, UNAVAILABLE, 0)
    assert not acts.overdue
    assert 60 <= acts.waiting <= 63
    (tried,) = acts.take(1_000)
    (gap,) = (command for command in tried.commands if isinstance(command, NoteGap))
    assert tried.id == "p.1"
    assert (gap.t0, gap.t1) == (0, (199 - 61) * 10_000 + 400)
    acts.accepted(CommandId("p.1"))
    left = [command for act in acts.take(1_000) for command in act.commands]
    assert left[0] == words(f"{199 - 60}", (199 - 60) * 10_000)


def test_a_line_that_has_not_ended_cannot_be_given_up() -> None:
    acts = held_up()
    acts.add([words("a", 500 + KEEP_MS + 1, first=2)])
    assert acts.waiting == 2
    assert not acts.overdue
    acts.take(0)
    acts.refused(CommandId("p.3"), UNAVAILABLE, 0)
    acts.add([words("a", 600 + 2 * KEEP_MS, first=3)])
    assert acts.overdue


def test_a_server_that_answers_nothing_for_twice_as_long_is_given_up() -> None:
    acts = UnansweredActs("p", 1)
    acts.add([words("a", 0)])
    acts.add([words("a", 2 * KEEP_MS, first=1)])
    assert not acts.overdue
    acts.add([words("a", 2 * KEEP_MS + 1, first=2)])
    assert acts.overdue
    assert acts.waiting == 3
