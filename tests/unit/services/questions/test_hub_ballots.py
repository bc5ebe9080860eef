from __future__ import annotations

from moothall.services.questions.hub_ballots import (
    IN_HUB,
    MOST_OF_HUB,
    HubBallots,
    key_of,
    read_counts,
    read_key,
    written,
)

WHY, WHEN, POLL = "why", "when", ":poll:p"


def test_of_a_hubs_machines_the_highest_holds_and_hubs_are_added() -> None:
    ballots = HubBallots()
    for hub, node, count in (("lima", "a", 3), ("lima", "b", 2), ("kisumu", "c", 4), ("kisumu", "c", 1)):
        ballots.put(WHY, hub, node, (count,))
    assert (ballots.total(WHY), ballots.total(WHEN)) == ((4,), (0,))
    assert (len(ballots), list(ballots.counted)) == (3, [WHY])
    assert ballots.get(WHY, "lima", "b") == (2,)
    assert ballots.get(WHY, "lima", "c") is ballots.get(WHEN, "lima", "a") is None


def test_of_a_show_of_hands_the_machine_with_most_ballots_holds_and_options_are_added() -> None:
    ballots = HubBallots()
    counts = (
        ("lima", "a", (3, 0, 1)),
        ("lima", "b", (0, 3, 0)),
        ("kisumu", "c", (1, 1, 1)),
        ("kisumu", "d", (3, 0, 0)),
    )
    for hub, node, count in counts:
        ballots.put(POLL, hub, node, count)
    assert ballots.total(POLL, 3) == (6, 0, 1)
    assert ballots.total(WHY, 3) == (0, 0, 0)


def test_no_hub_takes_the_room_of_the_others() -> None:
    ballots = HubBallots()
    for n in range(MOST_OF_HUB):
        ballots.put(WHY, ("north", "north.a")[n % 2], f"n{n}", (1,))
    assert [ballots.full_for(hub) for hub in ("north", "north.b", "northern")] == [True, True, False]


def test_a_key_says_whose_count_it_is() -> None:
    for what in (WHY, POLL):
        start, _, rest = key_of(what, "north.kisumu", "0a1b").partition("/")
        assert start == IN_HUB
        assert read_key(rest) == (what, "north.kisumu", "0a1b")


def test_a_count_is_read_as_it_was_written() -> None:
    assert written((4,)) == b"4"
    for counts in ((4,), (3, 0, 5)):
        assert read_counts(written(counts)) == counts
