from __future__ import annotations

import msgspec
import pytest

from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.programme.plan import (
    DAY_MS,
    LONGEST_NAME,
    OPEN_ENDED_MS,
    OVERDUE_MS,
    Expectation,
    Overrun,
    Planned,
    RoomId,
    clashes,
    expectation,
    following,
    in_order,
    name_of,
    passed_over,
    readable_name,
)
from moothall.core.sessions.state import Status

HOUR = 3_600_000


def planned(name: str, starts: int | None = None, *, hours: float = 1) -> Planned:
    ends = None if starts is None else starts + round(hours * HOUR)
    return Planned(session=SessionId(name), title=name, starts=starts, ends=ends)


def test_two_sessions_in_one_room_at_one_time_clash() -> None:
    def there(name: str, starts: int | None, room: str | None = "hall", *, rehearsal: bool = False) -> Planned:
        place = None if room is None else RoomId(room)
        return msgspec.structs.replace(planned(name, starts), room=place, rehearsal=rehearsal)

    first, second, third = there("a", 0), there("b", HOUR // 2), there("c", HOUR)
    elsewhere = (there("d", 0, "tent"), there("e", 0, None), there("f", None), there("g", 0, rehearsal=True))
    assert clashes([third, second, first, *elsewhere]) == ((first, second), (second, third))
    endless = msgspec.structs.replace(first, ends=None)
    also = msgspec.structs.replace(endless, session=SessionId("z"), title="z")
    assert clashes([endless, also, second]) == ((endless, also),)


def test_what_has_not_begun_is_expected_until_its_planned_time_is_over_and_then_counts_as_not_held() -> None:
    plan = planned("a", HOUR)
    endless = msgspec.structs.replace(plan, ends=None)
    for each, end in ((plan, 2 * HOUR), (endless, HOUR + OPEN_ENDED_MS), (planned("b", 0, hours=3), 3 * HOUR)):
        assert expectation(each, 0) is expectation(each, end - 1) is Expectation.COMING
        assert expectation(each, end) is expectation(each, end + OVERDUE_MS - 1) is Expectation.OVERDUE
        assert expectation(each, end + OVERDUE_MS) is Expectation.LAPSED
    assert expectation(msgspec.structs.replace(plan, starts=None), 2 * HOUR) is Expectation.OVERDUE
    assert expectation(planned("c"), 9 * DAY_MS) is expectation(None, 9 * DAY_MS) is Expectation.COMING


@pytest.mark.parametrize(("left", "over"), [(1, False), (0, True), (-1, True)])
def test_the_time_is_up_at_the_planned_end(left: int, over: bool) -> None:
    assert Overrun(session=SessionId("s"), room=None, ends=HOUR, left=left).over is over


@pytest.mark.parametrize("text", ["abc123", "ABC123", "38c3-ascii.art", "day_1"])
def test_a_plain_id_stays_as_it_is_but_for_case(text: str) -> None:
    assert name_of(text) == text.lower()


def test_ids_that_lose_something_on_the_way_stay_different() -> None:
    names = [name_of(text) for text in ("a/b", "a b", "a?b", "会", "日", "x" * 70, "x" * 71, "-", "é", "e")]
    assert len(set(names)) == len(names)
    assert all(is_name(name) and len(name) <= LONGEST_NAME for name in names)


def test_a_name_to_read_is_made_of_the_words() -> None:
    assert readable_name("Main Hall") == "main-hall"
    assert readable_name("  São Tomé: what now?  ") == "sao-tome-what-now"
    assert readable_name("w " * 60).endswith("w")
    assert len(readable_name("w " * 60)) <= LONGEST_NAME


def test_a_name_to_read_of_another_script_keeps_texts_apart() -> None:
    first, second, nothing = readable_name("Saal 1 会"), readable_name("Saal 1 日"), readable_name("???")
    assert first != second
    assert all(is_name(name) for name in (first, second, nothing))


def test_sessions_without_a_time_come_last() -> None:
    a, b, c = planned("a", 2 * HOUR), planned("b", HOUR), planned("c")
    assert in_order([c, a, b]) == (b, a, c)


def test_before_anything_has_begun_the_next_is_the_first_that_is_not_over() -> None:
    a, b = planned("a", 0), planned("b", 2 * HOUR)
    assert following([a, b], {}, 0) == "a"
    assert following([a, b], {}, HOUR + 1) == "b"
    assert following([a, b], {}, 4 * HOUR) is None
    assert following([planned("c")], {}, 4 * HOUR) == "c"


def test_the_next_is_the_one_behind_what_is_on_or_was() -> None:
    a, b, c = planned("a", 0), planned("b", 2 * HOUR), planned("c", 4 * HOUR)
    for status in (Status.OPEN, Status.PAUSED, Status.CLOSED):
        assert following([c, b, a], {SessionId("a"): status}, 0) == "b"
    late = 9 * HOUR  # Nobody skips what is late.
    assert following([a, b, c], {SessionId("a"): Status.OPEN}, late) == "b"
    skipped = {SessionId("b"): Status.OPEN}  # What was skipped isn't next.
    assert following([a, b, c], skipped, 0) == "c"
    assert following([a, b, c], {SessionId("c"): Status.OPEN}, 0) is None
    both = {SessionId("a"): Status.CLOSED, SessionId("b"): Status.CLOSED}
    assert following([a, b, c], both, 0) == "c"


def test_what_was_on_days_ago_does_not_count() -> None:
    a, b, c = planned("a", 0), planned("b", 2 * HOUR), planned("c", 3 * DAY_MS)
    assert following([a, b, c], {SessionId("a"): Status.CLOSED}, 3 * DAY_MS) == "c"


def test_what_the_next_one_leaves_out_is_told_while_it_may_still_be_held() -> None:
    a, b, c = planned("a", 2 * HOUR), planned("b", HOUR), planned("c", 4 * HOUR)
    on, now = {SessionId("a"): Status.OPEN}, round(1.5 * HOUR)
    assert (following([a, b, c], on, now), passed_over([a, b, c], on, now)) == ("c", ("b",))
    assert passed_over([a, b], on, now) == ("b",), "nothing comes behind"
    assert passed_over([a, b, c], on, 3 * HOUR) == (), "its end is past"
    assert passed_over([a, b, c], {**on, SessionId("b"): Status.CLOSED}, now) == ()
    assert passed_over([a, b, c], {}, 0) == ()
    assert passed_over([planned("d"), a], on, now) == (), "it has no time"
