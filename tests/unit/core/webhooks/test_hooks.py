from __future__ import annotations

import msgspec

from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import RoomId
from moothall.core.webhooks.hooks import (
    BACKOFF,
    CHOSEN,
    FAILING_MS,
    GIVE_UP_MS,
    MOST_WAITING,
    OVERLAP_MS,
    HookEvent,
    HookMessage,
    HookOutcome,
    HookSecret,
    Webhook,
    in_trouble,
    line_of,
    overflowing,
)

HALL = RoomId("hall")
HOOK = Webhook(
    id="h", label="site", address="https://a.example", events=("session.closed",), secrets=(HookSecret("one"),), made=1
)
MESSAGE = HookMessage(
    id="m", hook="h", session=SessionId("s"), event=HookEvent.CLOSED, made=1_000, body='{"é":1}', again=1_000
)


def test_what_was_chosen_is_sent_and_withdrawals_always() -> None:
    sent = [event for event in HookEvent if HOOK.wants(event, None)]
    assert sent == [HookEvent.CLOSED, HookEvent.WITHDRAWN, HookEvent.HIDDEN, HookEvent.TEST]
    assert set(HookEvent) - set(CHOSEN) == {HookEvent.WITHDRAWN, HookEvent.HIDDEN, HookEvent.TEST}
    here = msgspec.structs.replace(HOOK, room=HALL)
    assert [here.wants(HookEvent.CLOSED, room) for room in (HALL, RoomId("other"), None)] == [True, False, False]
    assert here.wants(HookEvent.WITHDRAWN, RoomId("other"))
    assert not msgspec.structs.replace(HOOK, gone=True).wants(HookEvent.WITHDRAWN, None)


def test_a_replaced_secret_signs_for_a_while() -> None:
    both = msgspec.structs.replace(HOOK, secrets=(HookSecret("two"), HookSecret("one", OVERLAP_MS)))
    assert both.signing(OVERLAP_MS - 1) == ("two", "one")
    assert both.signing(OVERLAP_MS) == ("two",)


def test_a_message_is_sent_again_ever_later_and_given_up_after_three_days() -> None:
    message, now, waits = MESSAGE, MESSAGE.made, list[int]()
    while (later := message.failed(now)) is not None:
        assert (later.id, later.body, later.attempts) == (message.id, message.body, message.attempts + 1)
        waits.append(later.again - now)
        message, now = later, later.again
    assert waits[:4] == [5_000, 10_000, 20_000, 40_000]
    assert waits == sorted(waits)
    assert waits[-1] == BACKOFF.last_ms
    assert GIVE_UP_MS <= now - MESSAGE.made < GIVE_UP_MS + BACKOFF.last_ms
    assert len(waits) < 30


def test_the_oldest_news_give_way_before_what_takes_something_back() -> None:
    news = [msgspec.structs.replace(MESSAGE, id=f"n{n}") for n in range(MOST_WAITING)]
    gone = msgspec.structs.replace(MESSAGE, id="w", event=HookEvent.WITHDRAWN)
    assert overflowing(news) is None
    assert overflowing([gone, *news]) == news[0]
    hidden = msgspec.structs.replace(MESSAGE, id="h", event=HookEvent.HIDDEN)
    assert overflowing([hidden, *news]) == news[0]
    withdrawals = [gone] * (MOST_WAITING + 1)
    assert overflowing(withdrawals) == gone


def test_a_line_tells_size_and_status_and_no_words() -> None:
    line = line_of(MESSAGE, 5, 503, HookOutcome.AGAIN, attempt=2)
    assert (line.size, line.status, line.attempt, line.at) == (8, 503, 2, 5)
    assert MESSAGE.body not in msgspec.json.encode(line).decode()


def test_somebody_has_to_see_to_it_after_a_day_in_vain_or_where_nothing_more_is_wanted() -> None:
    day = MESSAGE.made + FAILING_MS
    tried = MESSAGE.later(MESSAGE.made)
    assert not in_trouble(HOOK, [tried], (), day - 1)
    assert in_trouble(HOOK, [tried], (), day)
    assert not in_trouble(HOOK, [MESSAGE], (), day), "it waited since the server was down"
    assert in_trouble(msgspec.structs.replace(HOOK, gone=True), (), (), 0)
    lines = {each: line_of(MESSAGE, 0, 500, each, attempt=1) for each in HookOutcome}
    troubled = [each for each, line in lines.items() if in_trouble(HOOK, (), (line,), 0)]
    assert troubled == [HookOutcome.GIVEN_UP, HookOutcome.DROPPED]
    assert not in_trouble(HOOK, (), (lines[HookOutcome.GIVEN_UP], lines[HookOutcome.TAKEN]), 0)
