from __future__ import annotations

from collections.abc import Iterable

from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.ids import InterventionId
from moothall.core.questions.disclosure import (
    CellRow,
    Column,
    Release,
    Shares,
    few,
    renewed,
    row,
    shares,
    shares_at,
)
from moothall.core.questions.statements import NOT_SAID, Dimension, Statement
from support.sessions.deciding import WALL
from support.sessions.questions import ask, meeting, stand

BY_GROUP = (Dimension.GROUP,)


class World:
    """People with numbers for names, and what is shown of them."""

    def __init__(self) -> None:
        self.have: dict[Column, Shares] = {column: {} for column in Column}
        self.said: dict[str, Statement] = {}
        self.release = Release()

    def of(self, people: Iterable[int], group: str) -> World:
        for person in people:
            self.said[str(person)] = {Dimension.GROUP: group} if group else {}
        return self

    def ask(self, *people: int) -> World:
        for person in people:
            (count,) = self.have[Column.ASKED].get(str(person), (0,))
            self.have[Column.ASKED][str(person)] = (count + 1,)
        return self

    def speak(self, *people: int, spoken: int = 60_000) -> World:
        for person in people:
            self.have[Column.HEARD][str(person)] = (120_000, spoken)
        return self

    def look(self) -> World:
        self.release = renewed(self.release, self.have, self.said, BY_GROUP)
        return self

    def row(self, group: str) -> CellRow:
        return row(self.release, Dimension.GROUP, group)

    def people(self, *groups: str) -> list[int | None]:
        return [self.row(group).people for group in groups]


def test_what_everybody_has_is_read_from_the_queue() -> None:
    told = meeting()
    told.do(ask("more", asker="by-q0", origin="room"), stand(InterventionStatus.CALLED, "q3"))
    found = shares(told.state.questions)
    assert found[Column.ASKED] == {"by-q0": (2,), "by-q1": (1,), "by-q2": (1,), "by-q3": (1,)}
    assert found[Column.ANSWERED] == {"by-q0": (1,), "by-q1": (1,), "by-q2": (1,)}
    assert found[Column.HEARD] == {"by-q0": (60_000, 0), "by-q1": (119_000, 0), "by-q2": (178_000, 0)}
    told.do(stand(InterventionStatus.JOINED, "more", into=InterventionId("q1")))
    assert shares(told.state.questions)[Column.ANSWERED]["by-q0"] == (2,), (
        "answered with the one that it was joined with"
    )


def test_a_turn_counts_when_it_is_over() -> None:
    told = meeting()
    told.at = WALL + 300_000
    told.do(stand(InterventionStatus.CALLED, "q3"))
    assert "by-q3" not in shares(told.state.questions)[Column.HEARD]
    told.at += 45_000
    told.do(stand(InterventionStatus.ANSWERED, "q3"))
    assert shares(told.state.questions)[Column.HEARD]["by-q3"] == (297_000, 45_000)


def test_five_are_shown_and_four_are_not() -> None:
    world = World().of(range(5), "business").ask(*range(15)).look()
    assert world.people("business", "media", NOT_SAID) == [5, None, 10]
    world = World().of(range(4), "business").ask(*range(15)).look()
    assert world.people("business", "media", NOT_SAID) == [None, None, None]
    assert [few(count) for count in (0, 1, 4, 5)] == [False, True, True, False]


def test_a_second_is_hidden_where_one_could_be_worked_out() -> None:
    """Seven and eight could be shown; but the total less these tells of the two."""
    world = World().of(range(7), "business").of(range(7, 9), "media").ask(*range(17)).look()
    assert world.people("business", "media", NOT_SAID) == [None, None, 8]


def test_when_all_but_few_are_of_one_kind_nothing_is_shown() -> None:
    world = World().of(range(2), "media").ask(*range(20)).look()
    assert world.people("media", NOT_SAID) == [None, None]


def test_it_is_renewed_when_five_more_are_in_it() -> None:
    world = World().of(range(30), "business").ask(*range(10), *range(40, 50)).look()
    assert world.people("business", NOT_SAID) == [10, 10]
    world.ask(10, 11, 12, 13).look()
    assert world.people("business", NOT_SAID) == [10, 10]
    world.ask(14).look()
    assert world.people("business", NOT_SAID) == [10, 10], "all five who are known to have come would be shown"
    world.ask(50, 51, 52, 53).look()
    assert world.people("business", NOT_SAID) == [10, 10]
    world.ask(54).look()
    assert world.people("business", NOT_SAID) == [15, 15]


def test_it_is_not_renewed_when_the_rest_would_be_one_person() -> None:
    world = World().of(range(30), "business").ask(*range(10), *range(40, 50)).look()
    world.ask(10, 11, 12, 13, 14, 50).look()
    assert world.people("business", NOT_SAID) == [10, 10]


def test_nobody_is_shown_by_two_views_that_lie_apart() -> None:
    """Four come and go: against the view before five differ, but against the first only two."""
    world = World().of(range(10), "business").ask(*range(10), *range(40, 60)).look()
    world.of(range(40, 45), "business").ask(*range(40, 45)).look()
    assert world.people("business", NOT_SAID) == [15, 15]
    world.of(range(40, 44), "").ask(0, 46, 47, 48, 49, 50).look()
    assert world.people("business", NOT_SAID) == [15, 15], "and those who said nothing would tell of the two"


def test_one_speaker_is_not_told_by_the_speaking_time_of_their_group() -> None:
    world = World().of(range(10), "business").ask(*range(20)).look().speak(0, 1, 2, 3, 10).look()
    assert world.row("business") == CellRow(people=10, received=10)
    world.speak(4, 11, 12, 13, 14).look()
    assert world.row("business") == CellRow(people=10, received=10, heard=5, minutes=5, wait=2)
    assert world.row(NOT_SAID) == CellRow(people=10, received=10, heard=5, minutes=5, wait=2)


def test_those_of_a_group_who_were_not_heard_are_five_too() -> None:
    world = World().of(range(8), "business").ask(*range(30)).look().speak(*range(6), *range(20, 26)).look()
    assert world.row("business") == CellRow(people=8, received=8)
    assert world.row(NOT_SAID).heard is None, "it would be told by the total"
    world = World().of(range(8), "business").ask(*range(30)).look().speak(*range(8), *range(20, 26)).look()
    assert (world.row("business").heard, world.row(NOT_SAID).heard) == (8, 6)


def test_whoever_was_newly_left_unheard_is_not_told_either() -> None:
    """Six more have asked and five of them spoken: the sixth alone would be left."""
    world = World().of(range(30), "business").ask(*range(12), *range(40, 60)).look()
    world.speak(*range(6), *range(40, 50)).look()
    assert (world.row("business").people, world.row("business").heard) == (12, 6)
    world.ask(*range(12, 18)).speak(*range(12, 17)).look()
    assert (world.row("business").people, world.row("business").heard) in [(18, 6), (12, 6)]
    both = world.release.tables[Dimension.GROUP]
    asked, heard = shares_at(both[Column.ASKED]["business"]), shares_at(both[Column.HEARD]["business"])
    assert len(asked.keys() ^ heard.keys()) in (6, 12)


def test_a_look_is_due_when_five_have_done_something() -> None:
    world = World().ask(1, 2, 3, 4).look()
    assert world.release == Release()
    world.of([1], "media").look()
    assert world.release == Release(), "what people say of themselves makes none due"
    assert world.ask(5).look().release.look == 1


def test_what_is_asked_no_more_stays_as_it_was() -> None:
    world = World().of(range(10), "business").ask(*range(20)).look()
    later = renewed(world.release, world.ask(*range(20)).have, world.said, ())
    assert later.tables == world.release.tables
    assert later.look == 2


def test_nothing_is_shown_where_all_of_those_who_are_known_are_of_one_kind() -> None:
    world = World().of(range(12), "business").ask(*range(12)).look()
    assert world.people("business", NOT_SAID) == [None, None]
    world = World().ask(*range(12)).look()
    assert world.people(NOT_SAID) == [12], "that nobody has said anything tells nothing"


def test_what_is_left_is_not_told_by_two_views_either() -> None:
    """Three are hidden with others. One more of theirs would be seen against what was left before."""
    world = World().of(range(10), "business").of(range(30, 40), "media").of(range(60, 66), "academia")
    world.of(range(70, 76), "technical").ask(*range(5), *range(30, 35), *range(40, 50), 60, 61, 62, 70, 71).look()
    assert world.people("business", "media", "academia", NOT_SAID) == [5, 5, None, 10]
    world.ask(*range(5, 10), *range(35, 40), 63).look()
    assert world.people("business", "media", "academia", NOT_SAID) == [5, 10, None, 10]


def test_whoever_was_not_heard_is_not_shown_by_their_group() -> None:
    """All six who are known to have had no turn would be of one kind."""
    world = World().of(range(12), "business").ask(*range(30)).speak(*range(6), *range(12, 30)).look()
    assert (world.row("business").people, world.row("business").heard) == (12, None)
    world = World().of(range(12), "business").ask(*range(30)).speak(*range(6), *range(12, 24)).look()
    assert (world.row("business").people, world.row("business").heard) == (12, 6)


def test_whom_nobody_has_heard_yet_is_not_shown_by_who_was() -> None:
    """Ten have asked, one of them since the last look, and five were heard: the one is among these, and one of five."""
    world = World().of(range(9), "business").ask(*range(13, 22)).look()
    world.ask(11).speak(11, *range(13, 17)).look()
    assert (world.row(NOT_SAID).people, world.row(NOT_SAID).heard) == (9, None)


def test_one_who_asks_far_more_than_others_is_not_seen_in_a_sum() -> None:
    world = World().of(range(6), "business").ask(*range(12), *([0] * 40)).look()
    assert world.row("business") == CellRow(people=6, received=6)
    world = World().of(range(6), "business").ask(*range(12)).speak(*range(12)).speak(0, spoken=3_600_000).look()
    assert world.row("business").minutes == 6
