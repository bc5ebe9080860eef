from __future__ import annotations

from moothall.core.kernel.ids import InterventionId
from moothall.services.questions.hub_support import IN_HUB, MOST_OF_HUB, HubSupport, key_of, read_key

WHY, WHEN = InterventionId("why"), InterventionId("when")


def test_of_a_hubs_machines_the_highest_holds_and_hubs_are_added() -> None:
    support = HubSupport()
    for hub, node, count in (("lima", "a", 3), ("lima", "b", 2), ("kisumu", "c", 4), ("kisumu", "c", 1)):
        support.put(WHY, hub, node, count)
    assert (support.total(WHY), support.total(WHEN)) == (4, 0)
    assert (len(support), list(support.counted)) == (3, [WHY])
    assert (support.get(WHY, "lima", "b"), support.get(WHY, "lima", "c"), support.get(WHEN, "lima", "a")) == (
        2,
        None,
        None,
    )


def test_no_hub_takes_the_room_of_the_others() -> None:
    support = HubSupport()
    for n in range(MOST_OF_HUB):
        support.put(WHY, ("north", "north.a")[n % 2], f"n{n}", 1)
    assert [support.full_for(hub) for hub in ("north", "north.b", "northern")] == [True, True, False]


def test_a_key_says_whose_count_it_is() -> None:
    start, _, rest = key_of(WHY, "north.kisumu", "0a1b").partition("/")
    assert start == IN_HUB
    assert read_key(rest) == (WHY, "north.kisumu", "0a1b")
