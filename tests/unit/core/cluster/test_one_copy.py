"""Examples, one for each rule, of what the laws in `tests/property/core/cluster` show for every history."""

from __future__ import annotations

from moothall.core.cluster.lease import HOLD_MS
from moothall.core.cluster.one_copy import CONFIRMED_MS, PROMISE_MS, RETURN_MS, Confirmations, Promise

TWO = Confirmations(nodes=frozenset({"n2", "n3"}))


def test_the_keeper_goes_on_while_all_have_confirmed_counted_from_the_sending_of_the_oldest_question() -> None:
    assert CONFIRMED_MS == HOLD_MS
    assert not TWO.allow(0)
    one = TWO.confirmed("n2", 1_000)
    assert not one.allow(1_001)
    both = one.confirmed("n3", 1_500)
    assert both.allow(1_000 + CONFIRMED_MS - 1)
    assert not both.allow(1_000 + CONFIRMED_MS)
    assert both.confirmed("n2", 1_700).allow(1_500 + CONFIRMED_MS - 1)
    assert not both.confirmed("n2", 1_700).allow(1_500 + CONFIRMED_MS)


def test_an_answer_that_comes_late_takes_nothing_back() -> None:
    both = TWO.confirmed("n2", 1_000).confirmed("n3", 1_000)
    assert both.confirmed("n2", 500) == both
    denied = both.not_confirmed("n2", 1_500)
    assert denied.not_confirmed("n2", 500) == denied


def test_a_no_ends_what_was_confirmed_but_not_what_was_promised() -> None:
    both = TWO.confirmed("n2", 1_000).confirmed("n3", 1_000)
    for denied in (both.not_confirmed("n3", 1_000), both.not_confirmed("n3", 1_100)):
        assert not denied.allow(1_101)
        assert denied.returns(1_101)
        assert denied.confirmed("n3", 1_200).allow(1_201)
    assert both.not_confirmed("n3", 900).allow(1_001)  # Before the Yes.


def test_a_node_more_has_to_confirm_as_well_and_one_fewer_not() -> None:
    both = TWO.confirmed("n2", 1_000).confirmed("n3", 1_000)
    assert not both.of(frozenset({"n2", "n3", "n4"})).allow(1_001)
    assert both.of(frozenset({"n2"})).allow(1_001)


def test_where_no_node_is_known_nobody_has_confirmed() -> None:
    assert not Confirmations(nodes=frozenset()).allow(0)
    assert not Confirmations(nodes=frozenset()).returns(0)


def test_a_keeper_comes_back_to_a_redis_without_a_lease_as_long_as_all_have_promised() -> None:
    both = TWO.confirmed("n2", 1_000).confirmed("n3", 1_500)
    assert both.returns(1_000 + RETURN_MS - 1)
    assert not both.returns(1_000 + RETURN_MS)


def test_clocks_that_differ_by_a_fifth_each_way_end_what_a_keeper_may_before_what_a_node_has_promised() -> None:
    slowest, fastest = 0.8, 1.2
    assert max(CONFIRMED_MS, RETURN_MS) / slowest < PROMISE_MS / fastest


def test_a_promise_holds_for_so_long_after_redis_was_found_and_no_longer() -> None:
    assert Promise().free(0)
    assert Promise().found(5).free(5)
    given = Promise().again()
    assert not given.free(10**9)
    found = given.found(1_000).found(9_000)
    assert not found.free(1_000 + PROMISE_MS - 1)
    assert found.free(1_000 + PROMISE_MS)
    assert not found.again().free(10**9)
