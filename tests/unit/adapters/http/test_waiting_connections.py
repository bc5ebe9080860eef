from __future__ import annotations

from dataclasses import dataclass, field

from moothall.adapters.http.waiting_connections import PATIENCE_S, Wait, WaitingConnections

HALL, OTHER = b"hall", b"other"


@dataclass(eq=False)
class Held:
    gone: list[str]
    name: str
    unread: bool = False
    asked: bool = False

    def give_way(self) -> None:
        self.gone.append(self.name)


@dataclass
class Made:
    waiting: WaitingConnections = field(default_factory=WaitingConnections)
    gone: list[str] = field(default_factory=list)

    def put(self, name: str, whose: bytes | None, wait: Wait = Wait.WHOLE, now: float = 0) -> Held:
        held = Held(self.gone, name)
        self.waiting.put(held, wait, whose, now)
        return held


def test_nobody_gives_way_where_nobody_waits() -> None:
    made = Made()
    made.waiting.remove(made.put("answered", HALL))
    assert not made.waiting.make_room(OTHER, 9)
    assert not made.waiting.make_room_for_request(OTHER, 9)
    assert len(made.waiting) == 0


def test_who_was_answered_gives_way_first_and_who_does_not_read_last() -> None:
    made = Made()
    made.put("asking", HALL)
    made.put("not reading", HALL, Wait.NEXT).unread = True
    made.put("answered", HALL, Wait.NEXT)
    for n in range(3):
        assert made.waiting.make_room(OTHER, n * PATIENCE_S)
    assert made.gone == ["answered", "asking", "not reading"]


def test_the_address_with_the_most_gives_way_with_the_one_that_waits_longest() -> None:
    made = Made()
    made.put("visitor", OTHER)
    for n in range(3):
        made.put(f"hall {n}", HALL)
    assert made.waiting.make_room(b"third", 0)
    assert made.gone == ["hall 0"]
    made.put("again", HALL)
    assert made.waiting.make_room(OTHER, 0), "it has fewer"
    assert made.gone == ["hall 0", "hall 1"]


def test_who_has_the_most_gets_no_other_one_before_it_has_waited() -> None:
    made = Made()
    for n in range(2):
        made.put(f"hall {n}", HALL)
    assert not made.waiting.make_room(HALL, PATIENCE_S - 1)
    assert not made.waiting.make_room(HALL, PATIENCE_S - 1, own=True)
    assert made.waiting.make_room(HALL, PATIENCE_S)
    assert made.gone == ["hall 0"]


def test_a_request_that_is_whole_goes_before_one_that_is_not() -> None:
    made = Made()
    made.put("hall", HALL)
    made.put("other", OTHER)
    assert made.waiting.make_room(OTHER, 0, own=True, whole=True)
    assert made.gone == ["other"]
    assert made.waiting.make_room(OTHER, 0, whole=True)
    assert made.gone == ["other", "hall"]


def test_a_request_that_is_whole_cuts_off_nobody_who_reads() -> None:
    made = Made()
    made.put("reading", HALL, Wait.NEXT).unread = True
    assert not made.waiting.make_room(OTHER, 0, whole=True)
    assert not made.waiting.make_room(OTHER, 1, whole=True)
    assert made.waiting.make_room(OTHER, PATIENCE_S)


def test_of_one_address_only_its_own_give_way() -> None:
    made = Made()
    made.put("hall", HALL)
    assert not made.waiting.make_room(OTHER, 9, own=True)
    assert made.waiting.make_room(HALL, 9, own=True)


def test_for_a_request_another_one_gives_way_that_has_begun() -> None:
    made = Made()
    made.put("new", HALL)
    made.put("begun", HALL).asked = True
    assert not made.waiting.make_room_for_request(OTHER, 9)
    assert not made.waiting.make_room_for_request(HALL, PATIENCE_S - 1)
    assert made.waiting.make_room_for_request(HALL, PATIENCE_S)
    assert not made.waiting.make_room_for_request(HALL, PATIENCE_S)
    assert made.gone == ["begun"]
