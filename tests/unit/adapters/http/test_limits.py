from __future__ import annotations

import logging

import pytest

from moothall.adapters.http.limits import (
    DAY_MS,
    GENEROUS,
    MAX_ADDRESSES,
    PATIENCE_MS,
    AddressGate,
    keep_addresses_out_of_logs,
    network,
    runner_options,
)
from moothall.testing.clock import ManualClock, SeededRandomness
from moothall.wire.token_bucket import Allowance

ONE = Allowance(per_second=1, burst=1)


def gate(clock: ManualClock, patience: int = 0) -> AddressGate:
    return AddressGate(clock, SeededRandomness(), ONE, patience)


async def test_each_address_has_its_own_rate_and_it_comes_back_with_time() -> None:
    clock = ManualClock()
    made = gate(clock)
    assert [made.take("192.0.2.1"), made.take("192.0.2.1"), made.take("192.0.2.2")] == [0, 1000, 0]
    await clock.advance(1_000)
    assert made.take("192.0.2.1") == 0


async def test_an_allowance_may_be_one_of_minutes() -> None:
    clock = ManualClock()
    made = AddressGate(clock, SeededRandomness(), Allowance(per_second=10, burst=2), 0, slower=60)
    assert [made.take("10.0.0.1") for _ in range(3)] == [0, 0, 6_000]
    await clock.advance(6_000)
    assert [made.take("10.0.0.1") for _ in range(2)] == [0, 6_000]


def test_a_whole_hall_may_open_the_page_at_once() -> None:
    made = AddressGate(ManualClock(), SeededRandomness())
    assert [made.take("192.0.2.1") for _ in range(GENEROUS.burst)] == [0] * GENEROUS.burst
    assert 0 < made.take("192.0.2.1") <= PATIENCE_MS


def test_an_address_over_its_rate_is_flagged_once_and_not_named(caplog: pytest.LogCaptureFixture) -> None:
    made = gate(ManualClock())
    for _ in range(5):
        made.take("192.0.2.1")
    assert len(caplog.records) == 1
    assert "192.0.2" not in caplog.text


async def test_the_key_lives_for_a_day() -> None:
    clock = ManualClock()
    made = gate(clock)
    assert [made.take("192.0.2.1"), made.take("192.0.2.1")] == [0, 1000]
    await clock.advance(DAY_MS)
    assert made.take("192.0.2.1") == 0


def test_the_table_is_bounded_and_forgets_who_was_away_longest() -> None:
    made = gate(ManualClock())
    made.take("192.0.2.1")
    made.take("192.0.2.2")
    assert made.take("192.0.2.1") == 1000
    for n in range(MAX_ADDRESSES - 1):
        made.take(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert made.take("192.0.2.1") == 1000
    assert made.take("192.0.2.2") == 0


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("a-unix-socket", "a-unix-socket"),
    ],
)
def test_what_counts_as_one_address(address: str, expected: str) -> None:
    assert network(address) == expected


def test_the_access_log_which_writes_addresses_is_off() -> None:
    assert runner_options()["access_log"] is None


def test_aiohttp_logs_no_addresses(caplog: pytest.LogCaptureFixture) -> None:
    keep_addresses_out_of_logs()
    keep_addresses_out_of_logs()
    log = logging.getLogger("aiohttp.server")
    log.error("Error handling request from %s", "192.0.2.1")
    log.warning("%s: client protocols %r", "192.0.2.1", "secret")
    log.warning("100 % fine")
    assert caplog.messages == ["Error handling request from …", "…: client protocols …", "100 % fine"]
    assert len(log.filters) == 1
