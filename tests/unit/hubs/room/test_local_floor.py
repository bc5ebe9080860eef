from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events.question_parts import Kind
from moothall.core.kernel.ids import InterventionId, SessionId, is_name
from moothall_hub.room import local_floor, own_view
from moothall_hub.room.local_floor import Local, LocalFloor, LocalQuestion, Mode

S = SessionId("s")


def name(text: str) -> InterventionId:
    return InterventionId(text)


def question(what: str, text: str = "Why?", asker: str = "", **more: object) -> LocalQuestion:
    made = LocalQuestion(
        id=name(what),
        number=0,
        form=f"f-{what}",
        kind=Kind.QUESTION,
        text=text,
        language="en",
        name="",
        asker=asker or f"by-{what}",
        at=1_000,
    )
    return msgspec.structs.replace(made, **more)


def asked(floor: LocalFloor, *questions: LocalQuestion) -> LocalFloor:
    for each in questions:
        taken = own_view.ask(floor, each, None, 1_000)
        assert isinstance(taken, LocalQuestion), taken
        floor = floor.with_(taken)
    return floor


def three() -> LocalFloor:
    return asked(LocalFloor(session=S), question("a"), question("b"), question("c"))


def test_a_question_has_the_same_name_on_each_machine_and_another_one_for_each_word_that_differs() -> None:
    said = {"kind": Kind.QUESTION, "text": "Why?", "language": "en", "name": "Ana"}

    def named(session: str = "s", form: str = "f", **other: object) -> InterventionId:
        return local_floor.name_of(SessionId(session), form, **{**said, **other})  # type: ignore[arg-type]

    assert named() == named()
    assert is_name(named())
    assert len(named()) == 32
    others = [named(session="t"), named(form="g"), named(kind=Kind.COMMENT), named(text="Why"), named(language="fr")]
    assert len({named(), named(name=""), *others}) == 7


def test_what_is_asked_is_numbered_and_the_same_again_is_the_one_that_is_there() -> None:
    floor = three()
    assert [(each.id, each.number, each.stands) for each in floor.questions.values()] == [
        ("a", 1, Local.HERE),
        ("b", 2, Local.HERE),
        ("c", 3, Local.HERE),
    ]
    assert floor.numbered(2) is floor.questions[name("b")]
    assert floor.numbered(4) is None


def test_open_to_all_each_goes_at_once() -> None:
    floor = asked(LocalFloor(session=S, mode=Mode.OPEN), question("a"))
    assert floor.questions[name("a")].stands is Local.FORWARDED
    assert floor.questions[name("a")].forwarded


def test_what_is_passed_on_kept_and_taken_back() -> None:
    floor = three()
    assert [each.id for each in local_floor.forward(floor, [name("c"), name("a"), name("x"), name("c")])] == ["c", "a"]
    floor = floor.with_(*local_floor.forward(floor, [name("a")]))
    assert local_floor.forward(floor, [name("a")]) == []
    assert local_floor.keep(floor, [name("a")]) == []
    floor = floor.with_(*local_floor.keep(floor, [name("b")]))
    assert floor.questions[name("b")].stands is Local.KEPT
    assert [each.id for each in local_floor.forward(floor, [name("b")])] == ["b"]


def test_some_are_joined_with_the_one_that_most_would_ask_or_that_was_passed_on() -> None:
    floor = three().supported(name("b"), "x")
    joined = local_floor.join(floor, [name("a"), name("b"), name("c")])
    assert [(each.id, each.stands, each.into) for each in joined] == [
        ("a", Local.JOINED, "b"),
        ("c", Local.JOINED, "b"),
    ]
    assert local_floor.count(floor.with_(*joined), name("b")) == 3  # x, and who asked the two others
    on = floor.with_(*local_floor.forward(floor, [name("c")]))
    assert [(each.id, each.into) for each in local_floor.join(on, [name("a"), name("c")])] == [("a", "c")]
    assert local_floor.join(floor, []) == []
    wish = asked(floor, question("w", "", kind=Kind.REQUEST))
    assert local_floor.join(wish, [name("w"), name("a")]) == []


def test_the_best_are_those_that_most_would_ask() -> None:
    floor = three().supported(name("c"), "x").supported(name("c"), "y").supported(name("b"), "x")
    assert local_floor.best(floor) == ["c", "b", "a"]
    assert local_floor.best(floor, 1) == ["c"]
    floor = floor.with_(*local_floor.forward(floor, [name("c")]))
    assert local_floor.best(floor) == ["b", "a"]


def test_each_counts_once_and_the_author_not_at_all() -> None:
    floor = three().supported(name("a"), "x").supported(name("a"), "x").supported(name("a"), "by-a")
    assert local_floor.count(floor, name("a")) == 1
    assert local_floor.count(floor, name("elsewhere")) == 0
    floor = floor.supported(name("elsewhere"), "x")
    assert local_floor.counted(floor) == {"a": 1, "elsewhere": 1}


def test_the_wall_shows_what_was_put_there_until_it_is_cleared() -> None:
    floor = asked(three(), question("w", "", kind=Kind.REQUEST))
    put = local_floor.put_on_wall(floor, [name("a"), name("w"), name("x"), name("b")])
    assert [each.id for each in put] == ["a", "b"]
    floor = floor.with_(*put)
    assert local_floor.put_on_wall(floor, [name("a")]) == []
    assert [each.id for each in local_floor.on_wall(floor)] == ["a", "b"]
    off = floor.with_(*local_floor.put_on_wall(floor, [name("a")], on_wall=False))
    assert [each.id for each in local_floor.on_wall(off)] == ["b"]
    passed = floor.with_(*local_floor.forward(floor, [name("a")]))
    assert [each.id for each in local_floor.on_wall(passed)] == ["a", "b"]
    joined = floor.with_(*local_floor.join(floor, [name("a"), name("b")]))
    assert [each.id for each in local_floor.on_wall(joined)] == ["a"]
    cleared, gone = local_floor.clear_wall(floor, 5_000)
    assert cleared.cleared == 5_000
    assert [each.id for each in gone] == ["a", "b"]
    assert local_floor.on_wall(cleared) == []


NAMES = st.lists(st.sampled_from([name(each) for each in "abcdx"]), max_size=5)


@given(st.lists(st.tuples(st.sampled_from(["forward", "keep", "join", "wall", "clear"]), NAMES), max_size=20))
def test_whatever_is_done_nothing_is_passed_on_twice_nor_lost_and_nobody_is_counted_twice(
    acts: list[tuple[str, list[InterventionId]]],
) -> None:
    floor = asked(three(), question("d", asker="by-a")).supported(name("b"), "x").supported(name("c"), "x")
    passed: list[InterventionId] = []
    for act, names in acts:
        match act:
            case "forward":
                changed = local_floor.forward(floor, names)
                passed += [each.id for each in changed]
            case "keep":
                changed = local_floor.keep(floor, names)
            case "join":
                changed = local_floor.join(floor, names)
            case "wall":
                changed = local_floor.put_on_wall(floor, names)
            case _:
                floor, changed = local_floor.clear_wall(floor, 1)
        floor = floor.with_(*changed)
        assert len(passed) == len(set(passed))
        assert {each.id for each in floor.questions.values() if each.forwarded} == set(passed)
        assert list(floor.questions) == ["a", "b", "c", "d"]
        assert [each.number for each in floor.questions.values()] == [1, 2, 3, 4]
        assert all(local_floor.count(floor, each) <= 4 for each in floor.questions)  # a, b, c and x
        for each in floor.standing(Local.JOINED):
            assert each.into is not None
            assert each.into != each.id
        assert all(each.text for each in local_floor.on_wall(floor))
