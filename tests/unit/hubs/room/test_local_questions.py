from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events.question_parts import InterventionKind
from moothall.core.kernel.ids import InterventionId, SessionId, is_name
from moothall_hub.room import local_questions, own_view
from moothall_hub.room.local_questions import Local, LocalQuestion, LocalQuestions, Mode

S = SessionId("s")


def name(text: str) -> InterventionId:
    return InterventionId(text)


def question(what: str, text: str = "Why?", asker: str = "", **more: object) -> LocalQuestion:
    made = LocalQuestion(
        id=name(what),
        number=0,
        form=f"f-{what}",
        kind=InterventionKind.QUESTION,
        text=text,
        language="en",
        name="",
        asker=asker or f"by-{what}",
        at=1_000,
    )
    return msgspec.structs.replace(made, **more)


def asked(local: LocalQuestions, *questions: LocalQuestion) -> LocalQuestions:
    for each in questions:
        taken = own_view.ask(local, each, None, 1_000)
        assert isinstance(taken, LocalQuestion), taken
        local = local.with_(taken)
    return local


def three() -> LocalQuestions:
    return asked(LocalQuestions(session=S), question("a"), question("b"), question("c"))


def test_a_question_has_the_same_name_on_each_machine_and_another_one_for_each_word_that_differs() -> None:
    said = {"kind": InterventionKind.QUESTION, "text": "Why?", "language": "en", "name": "Ana"}

    def named(session: str = "s", form: str = "f", **other: object) -> InterventionId:
        return local_questions.name_of(SessionId(session), form, **{**said, **other})  # type: ignore[arg-type]

    assert named() == named()
    assert is_name(named())
    assert len(named()) == 32
    others = [
        named(session="t"),
        named(form="g"),
        named(kind=InterventionKind.COMMENT),
        named(text="Why"),
        named(language="fr"),
    ]
    assert len({named(), named(name=""), *others}) == 7


def test_what_is_asked_is_numbered_and_the_same_again_is_the_one_that_is_there() -> None:
    local = three()
    assert [(each.id, each.number, each.stands) for each in local.by_id.values()] == [
        ("a", 1, Local.HERE),
        ("b", 2, Local.HERE),
        ("c", 3, Local.HERE),
    ]
    assert local.numbered(2) is local.by_id[name("b")]
    assert local.numbered(4) is None


def test_open_to_all_each_goes_at_once() -> None:
    local = asked(LocalQuestions(session=S, mode=Mode.OPEN), question("a"))
    assert local.by_id[name("a")].stands is Local.FORWARDED
    assert local.by_id[name("a")].forwarded


def test_what_is_passed_on_kept_and_taken_back() -> None:
    local = three()
    assert [each.id for each in local_questions.forward(local, [name("c"), name("a"), name("x"), name("c")])] == [
        "c",
        "a",
    ]
    local = local.with_(*local_questions.forward(local, [name("a")]))
    assert local_questions.forward(local, [name("a")]) == []
    assert local_questions.keep(local, [name("a")]) == []
    local = local.with_(*local_questions.keep(local, [name("b")]))
    assert local.by_id[name("b")].stands is Local.KEPT
    assert [each.id for each in local_questions.forward(local, [name("b")])] == ["b"]


def test_some_are_joined_with_the_one_that_most_would_ask_or_that_was_passed_on() -> None:
    local = three().supported(name("b"), "x")
    joined = local_questions.join(local, [name("a"), name("b"), name("c")])
    assert [(each.id, each.stands, each.into) for each in joined] == [
        ("a", Local.JOINED, "b"),
        ("c", Local.JOINED, "b"),
    ]
    assert local_questions.count(local.with_(*joined), name("b")) == 3  # x, and who asked the two others
    on = local.with_(*local_questions.forward(local, [name("c")]))
    assert [(each.id, each.into) for each in local_questions.join(on, [name("a"), name("c")])] == [("a", "c")]
    assert local_questions.join(local, []) == []
    wish = asked(local, question("w", "", kind=InterventionKind.REQUEST))
    assert local_questions.join(wish, [name("w"), name("a")]) == []


def test_the_best_are_those_that_most_would_ask() -> None:
    local = three().supported(name("c"), "x").supported(name("c"), "y").supported(name("b"), "x")
    assert local_questions.best(local) == ["c", "b", "a"]
    assert local_questions.best(local, 1) == ["c"]
    local = local.with_(*local_questions.forward(local, [name("c")]))
    assert local_questions.best(local) == ["b", "a"]


def test_each_counts_once_and_the_author_not_at_all() -> None:
    local = three().supported(name("a"), "x").supported(name("a"), "x").supported(name("a"), "by-a")
    assert local_questions.count(local, name("a")) == 1
    assert local_questions.count(local, name("elsewhere")) == 0
    local = local.supported(name("elsewhere"), "x")
    assert local_questions.counted(local) == {"a": 1, "elsewhere": 1}


def test_the_wall_shows_what_was_put_there_until_it_is_cleared() -> None:
    local = asked(three(), question("w", "", kind=InterventionKind.REQUEST))
    put = local_questions.put_on_wall(local, [name("a"), name("w"), name("x"), name("b")])
    assert [each.id for each in put] == ["a", "b"]
    local = local.with_(*put)
    assert local_questions.put_on_wall(local, [name("a")]) == []
    assert [each.id for each in local_questions.on_wall(local)] == ["a", "b"]
    off = local.with_(*local_questions.put_on_wall(local, [name("a")], on_wall=False))
    assert [each.id for each in local_questions.on_wall(off)] == ["b"]
    passed = local.with_(*local_questions.forward(local, [name("a")]))
    assert [each.id for each in local_questions.on_wall(passed)] == ["a", "b"]
    joined = local.with_(*local_questions.join(local, [name("a"), name("b")]))
    assert [each.id for each in local_questions.on_wall(joined)] == ["a"]
    cleared, gone = local_questions.clear_wall(local, 5_000)
    assert cleared.cleared == 5_000
    assert [each.id for each in gone] == ["a", "b"]
    assert local_questions.on_wall(cleared) == []


NAMES = st.lists(st.sampled_from([name(each) for each in "abcdx"]), max_size=5)


@given(st.lists(st.tuples(st.sampled_from(["forward", "keep", "join", "wall", "clear"]), NAMES), max_size=20))
def test_whatever_is_done_nothing_is_passed_on_twice_nor_lost_and_nobody_is_counted_twice(
    acts: list[tuple[str, list[InterventionId]]],
) -> None:
    local = asked(three(), question("d", asker="by-a")).supported(name("b"), "x").supported(name("c"), "x")
    passed: list[InterventionId] = []
    for act, names in acts:
        match act:
            case "forward":
                changed = local_questions.forward(local, names)
                passed += [each.id for each in changed]
            case "keep":
                changed = local_questions.keep(local, names)
            case "join":
                changed = local_questions.join(local, names)
            case "wall":
                changed = local_questions.put_on_wall(local, names)
            case _:
                local, changed = local_questions.clear_wall(local, 1)
        local = local.with_(*changed)
        assert len(passed) == len(set(passed))
        assert {each.id for each in local.by_id.values() if each.forwarded} == set(passed)
        assert list(local.by_id) == ["a", "b", "c", "d"]
        assert [each.number for each in local.by_id.values()] == [1, 2, 3, 4]
        assert all(local_questions.count(local, each) <= 4 for each in local.by_id)  # a, b, c and x
        for each in local.with_status(Local.JOINED):
            assert each.into is not None
            assert each.into != each.id
        assert all(each.text for each in local_questions.on_wall(local))
