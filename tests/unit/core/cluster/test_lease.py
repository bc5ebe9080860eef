"""Examples, one for each rule, of what the laws in `tests/property/core/cluster` show for every history."""

from __future__ import annotations

import pytest

from moothall.core.cluster.lease import (
    AWAY_MS,
    DOUBT_MS,
    HOLD_MS,
    STAGGER_MS,
    Lease,
    LeaseHolding,
    LeaseWatch,
    next_term,
)

LEASE = Lease(node="n1", address="http://10.0.0.1:8080", term=1_001, beat=7)
NEXT = Lease(node="n1", address="http://10.0.0.1:8080", term=1_001, beat=8)
GIVEN_UP = Lease(node="", address="", term=1_001, beat=8)


def test_a_keeper_answers_until_its_lease_is_over_counted_from_the_sending() -> None:
    holding = LeaseHolding(lease=LEASE, sent=5_000)
    assert holding.answers(5_000 + HOLD_MS - 1)
    assert not holding.answers(5_000 + HOLD_MS)
    assert holding.renewed(6_000).answers(5_000 + HOLD_MS)
    assert holding.renewed(4_000) == holding


def test_a_candidate_waits_from_when_it_first_saw_the_lease_like_this() -> None:
    watch = LeaseWatch(lease=None, since=0).looked(LEASE, 1_000).looked(LEASE, 2_000)
    assert watch == LeaseWatch(lease=LEASE, since=1_000)
    assert not watch.due(1_000 + AWAY_MS - 1)
    assert watch.due(1_000 + AWAY_MS)
    assert not watch.due(1_000 + AWAY_MS, rank=1)
    assert watch.due(1_000 + AWAY_MS + STAGGER_MS, rank=1)
    assert LeaseWatch(lease=GIVEN_UP, since=1_000).due(1_000)


def test_where_redis_was_away_the_copies_count_and_all_wait_longer() -> None:
    watch = LeaseWatch(lease=LEASE, since=0)
    assert not watch.away(5_000, reached=5_001 - DOUBT_MS).doubtful
    away = watch.away(5_000, reached=5_000 - DOUBT_MS)
    assert away == LeaseWatch(lease=LEASE, since=5_000, doubtful=True)
    assert away.away(5_100, reached=5_099).doubtful
    assert not away.due(5_000 + 2 * AWAY_MS - 1)
    assert away.due(5_000 + 2 * AWAY_MS)
    assert not away.due(5_000 + 2 * AWAY_MS, rank=1)
    assert away.due(5_000 + 3 * AWAY_MS, rank=1)
    assert not away.looked(GIVEN_UP, 6_000).doubtful  # A keeper has lived since, and gave it up.
    lost = away.looked(None, 6_000)
    assert lost == LeaseWatch(lease=None, since=6_000, doubtful=True)
    assert not lost.looked(LEASE, 7_000).doubtful
    older = Lease(node="", address="", term=1_001, beat=2)
    assert away.looked(older, 6_000).doubtful  # From an older file.
    assert not away.looked(older, 6_000).due(6_000)
    assert not away.looked(NEXT, 6_000).doubtful


def test_who_has_seen_no_keeper_go_on_is_in_doubt_and_so_is_who_sees_a_lease_vanish() -> None:
    for lease in (None, LEASE, GIVEN_UP):
        begun = LeaseWatch.begun(lease, 1_000)
        assert not begun.looked(lease, 2_000).due(1_000 + 2 * AWAY_MS - 1)
        assert begun.looked(lease, 2_000).due(1_000 + 2 * AWAY_MS)
    assert not LeaseWatch.begun(LEASE, 1_000).looked(NEXT, 2_000).doubtful
    assert not LeaseWatch.begun(None, 1_000).looked(LEASE, 2_000).doubtful
    watch = LeaseWatch(lease=NEXT, since=0)
    for lease in (None, LEASE):
        assert watch.looked(lease, 1_000) == LeaseWatch(lease=lease, since=1_000, doubtful=True)


def test_a_term_is_above_all_that_are_known_and_ends_in_the_node_s_number() -> None:
    assert next_term(7) == 1_007
    assert next_term(7, 1_007, 3_002) == 4_007
    for number in (0, 1_000):
        with pytest.raises(ValueError, match="from 1 to 999"):
            next_term(number)
