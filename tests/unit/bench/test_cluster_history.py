from __future__ import annotations

import msgspec

from cluster_history import (
    Answered,
    Wrong,
    acts_against,
    books_against,
    copies_against,
    lines_against,
    questions_against,
    shown_against,
    times_against,
)
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events.question_parts import InterventionKind
from moothall.core.kernel.ids import ChannelId, InterventionId, SegmentId
from support.sessions.recorder import Recorder

FLOOR = ChannelId("floor")


def counts(wrong: Wrong) -> tuple[int, int, int, int]:
    return wrong.lost, wrong.doubled, wrong.reordered, wrong.other


def lines(*typed: tuple[str, int, str]) -> list[LogRecord]:
    made = Recorder()
    return [
        made.record(
            le.SegmentEnded(
                channel=FLOOR,
                segment=SegmentId(f"{author}-{number}"),
                t1=1,
                text=text,
                reason=le.EndReason.SENTENCE,
            ),
            cause=f"{author}:type:{number}",
        )
        for author, number, text in typed
    ]


def act(number: int, first: int, last: int, author: str = "ann") -> Answered:
    return Answered(author=author, number=number, id=f"{author}:type:{number}", first=first, last=last)


def test_acts_are_where_their_answers_say_and_in_order() -> None:
    records = lines(("ann", 1, "One."), ("bob", 1, "Two."), ("ann", 2, "Three."))
    assert not acts_against([act(1, 1, 1), act(2, 3, 3), act(1, 2, 2, "bob")], records)
    assert counts(acts_against([act(3, 4, 4)], records)) == (1, 0, 0, 0)
    assert counts(acts_against([act(1, 2, 2)], records)) == (0, 1, 0, 0)
    assert counts(acts_against([act(1, 1, 2)], records)) == (0, 1, 0, 0)
    turned = lines(("ann", 2, "Three."), ("ann", 1, "One."))
    assert counts(acts_against([act(1, 2, 2), act(2, 1, 1)], turned)) == (0, 0, 1, 0)


def test_lines_are_there_once_as_they_were_typed_and_one_more_at_most() -> None:
    typed = {"ann": {1: "One.", 2: "Two."}}
    assert not lines_against(typed, lines(("ann", 1, "One."), ("ann", 2, "Two."), ("ann", 3, "Not answered.")))
    assert counts(lines_against(typed, lines(("ann", 1, "One.")))) == (1, 0, 0, 0)
    twice = lines(("ann", 1, "One."), ("ann", 2, "Two."), ("ann", 2, "Two."))
    assert counts(lines_against(typed, twice)) == (0, 1, 0, 0)
    assert counts(lines_against(typed, lines(("ann", 2, "Two."), ("ann", 1, "One.")))) == (0, 0, 1, 0)
    assert counts(lines_against(typed, lines(("ann", 1, "One."), ("ann", 2, "Else.")))) == (0, 0, 0, 1)
    more = lines(*(("ann", n, "One." if n == 1 else "Two.") for n in range(1, 5)))
    assert counts(lines_against(typed, more)) == (0, 0, 0, 1)


def test_a_line_that_was_removed_is_there_without_its_words() -> None:
    (one,) = lines(("ann", 1, "One."))
    assert not lines_against({"ann": {1: "One."}}, [msgspec.structs.replace(one, salt=None, body=None)])


def test_questions_are_there_once_and_in_order() -> None:
    made = Recorder()
    records = [
        made.record(
            qe.InterventionReceived(
                intervention=InterventionId(f"i{n}"),
                number=n,
                kind=InterventionKind.QUESTION,
                text=text,
                language="en",
                name="",
                origin="remote",
                asker="x",
                t=0,
            )
        )
        for n, text in enumerate(("Why?", "When?", "When?"), start=1)
    ]
    assert not questions_against(["Why?", "When?"], records[:2])
    assert counts(questions_against(["Why?", "Who?"], records[:2])) == (1, 0, 0, 0)
    assert counts(questions_against(["Why?", "When?"], records)) == (0, 1, 0, 0)
    assert counts(questions_against(["When?", "Why?"], records[:2])) == (0, 0, 1, 0)


def test_what_was_shown_is_what_the_log_has_but_for_what_was_removed() -> None:
    one, two = lines(("ann", 1, "One."), ("ann", 2, "Two."))
    assert one.body is not None
    gone = msgspec.structs.replace(two, salt=None, body=None)
    assert not shown_against("n1", {1: one.body, 2: b"Two."}, [one, gone])
    assert counts(shown_against("n1", {1: b"Else."}, [one, two])) == (0, 0, 0, 1)
    assert counts(shown_against("n1", {3: b"Three."}, [one, two])) == (1, 0, 0, 0)


def test_times_never_run_back() -> None:
    one, two = lines(("ann", 1, "One."), ("ann", 2, "Two."))
    assert not times_against([one, two, two])
    assert counts(times_against([two, one])) == (0, 0, 0, 1)


def test_copies_are_the_same_and_whole() -> None:
    one, two, three = lines(("ann", 1, "One."), ("ann", 2, "Two."), ("ann", 3, "Three."))
    assert not copies_against({"n1": [one, two], "n2": [one, two]})
    assert counts(copies_against({"n1": [one, three]})) == (0, 0, 0, 1)
    assert counts(copies_against({"n1": [one, two], "n2": [one]})) == (0, 0, 0, 1)
    other = msgspec.structs.replace(two, salt=bytes(16))
    assert counts(copies_against({"n1": [one, two], "n2": [one, other]})) == (0, 0, 0, 1)


def test_books_are_the_same_in_the_same_order() -> None:
    book = {"room": {"a": b"1", "b": b"2"}}
    assert not books_against({"n1": book, "n2": {"room": {"a": b"1", "b": b"2"}}})
    assert counts(books_against({"n1": book, "n2": {}})) == (0, 0, 0, 1)
    assert books_against({"n1": book, "n2": {"room": {"b": b"2", "a": b"1"}}}).said == [
        "other: the books of n1 and n2 have room in another order"
    ]


def test_what_is_wrong_adds_up() -> None:
    wrong, more = Wrong(), Wrong()
    for n in range(30):
        more.say("lost", f"{n}")
    wrong.add(more)
    assert (wrong.lost, len(wrong.said)) == (30, 20)
    more.clear()
    assert not more
