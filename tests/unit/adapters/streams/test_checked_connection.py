"""Which of a host's addresses are tried, and for how long."""

from __future__ import annotations

import socket

import pytest

from moothall.adapters.streams.checked_connection import chosen, share_s
from moothall.core.streams.watching import START_MS, StreamFault
from moothall.services.capture.pulling import StreamLost

OLD, NEW = socket.AddressFamily.AF_INET, socket.AddressFamily.AF_INET6


def test_of_a_thousand_addresses_two_of_each_kind_are_tried_and_all_before_the_stream_is_given_up() -> None:
    many = [(NEW, f"2606:2800::{n:x}") for n in range(1, 500)] + [(OLD, f"93.184.216.{n}") for n in range(1, 200)]
    kept = chosen(many, [])
    assert kept == [*many[:2], *many[499:501]]
    assert share_s(len(kept)) * len(kept) * 1_000 < START_MS
    assert share_s(1) == share_s(2) == 5


def test_those_that_mayn_t_be_reached_take_no_place() -> None:
    assert chosen([(OLD, "10.0.0.1"), (OLD, "10.0.0.2"), (OLD, "93.184.216.34")], []) == [(OLD, "93.184.216.34")]
    with pytest.raises(StreamLost) as lost:
        chosen([(OLD, "10.0.0.1"), (NEW, "::1")], [])
    assert lost.value.trouble is StreamFault.PRIVATE
