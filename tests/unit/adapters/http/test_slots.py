from __future__ import annotations

from collections import Counter

import pytest

from moothall.adapters.http.slots import NoSlot, Slot, Slots, share
from moothall.testing.clock import SeededRandomness


def slots(most: int, each: int | None = None) -> Slots:
    return Slots(SeededRandomness(), most=most, each=each)


def taken(made: Slots, address: str | None) -> Slot:
    slot = made.take(address)
    assert isinstance(slot, Slot)
    return slot


def test_one_address_does_not_keep_all_others_out() -> None:
    made = slots(10, share(10, 60))
    held = [taken(made, "192.0.2.1") for _ in range(6)]
    assert made.take("192.0.2.1") is NoSlot.ADDRESS
    assert len([taken(made, f"192.0.2.{n}") for n in range(2, 6)]) == 4
    assert made.take("192.0.2.9") is NoSlot.ALL
    held[0].leave()
    held[0].leave()
    assert made.count == 9
    taken(made, "192.0.2.1")


def test_a_site_is_one_address_whatever_it_chooses_from_its_48_bits() -> None:
    made = slots(10, 2)
    for n in range(2):
        taken(made, f"2001:db8:1:{n}::1")
    assert made.take("2001:db8:1:fe::1") is NoSlot.ADDRESS
    taken(made, "2001:db8:2::1")


def test_whose_address_says_nothing_is_counted_with_all_others_alone() -> None:
    made = slots(3, 1)
    held = [taken(made, None) for _ in range(3)]
    assert made.take(None) is NoSlot.ALL
    held.pop().leave()
    assert isinstance(made.take("192.0.2.1"), Slot)


def test_a_hall_of_six_thousand_fits_into_ten_thousand() -> None:
    assert share(10_000, 60) == 6_000
    assert share(1, 1) == 1


def test_those_who_get_none_are_counted_by_reason() -> None:
    refused = Counter[str]()
    made = Slots(SeededRandomness(), most=2, each=1, refused=refused)
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3"):
        slot = made.take(address)
        if isinstance(slot, NoSlot):
            made.refuse(slot.reason)
    assert refused == {"address": 1, "full": 1}


def test_whose_a_place_is_can_be_told_without_the_address() -> None:
    made = slots(3)
    assert made.name_of("2001:db8:1:1::1") == made.name_of("2001:db8:1:2::2")
    assert made.name_of("192.0.2.1") != made.name_of("192.0.2.2")


def test_a_place_that_is_shared_counts_for_no_address_any_more() -> None:
    made = slots(3, 1)
    slot = taken(made, "192.0.2.1")
    slot.share()
    slot.share()
    other = taken(made, "192.0.2.1")
    assert made.take("192.0.2.1") is NoSlot.ADDRESS
    slot.leave()
    slot.share()
    assert made.count == 1
    other.leave()
    assert made.count == 0


def test_a_place_that_was_moved_is_given_back_by_whoever_has_it_then() -> None:
    made = slots(3, 1)
    slot = taken(made, "192.0.2.1")
    kept = slot.moved()
    slot.leave()
    assert (made.count, made.take("192.0.2.1")) == (1, NoSlot.ADDRESS)
    kept.leave()
    assert made.count == 0
    with pytest.raises(RuntimeError, match="given back"):
        kept.moved()
