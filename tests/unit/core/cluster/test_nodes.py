from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.cluster.nodes import (
    QUIET_MS,
    NodeNote,
    awaited,
    candidates_before,
    living,
    looked,
    same_number,
    unlisted,
)


def note(reach: int = 0, number: int = 1, *, fit: bool = True, beat: int = 0) -> NodeNote:
    return NodeNote(number=number, address="", release="0.3.0", reach=reach, fit=fit, beat=beat)


def test_a_node_lives_as_long_as_its_note_changes() -> None:
    seen = looked({}, {"n1": note(beat=1), "n2": note(beat=1)}, 0)
    seen = looked(seen, {"n1": note(beat=2), "n2": note(beat=1)}, QUIET_MS - 1)
    assert sorted(living(seen, QUIET_MS - 1)) == ["n1", "n2"]
    assert sorted(living(seen, QUIET_MS)) == ["n1"]
    assert looked(seen, {}, QUIET_MS) == {}


@given(st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.integers(0, 3), st.booleans()), min_size=1))
def test_fit_candidates_go_one_after_the_other_the_longest_copies_first(reach: dict[str, tuple[int, bool]]) -> None:
    nodes = {name: note(events, fit=fit) for name, (events, fit) in reach.items()}
    fit = [name for name in nodes if nodes[name].fit]
    order = sorted(fit, key=lambda name: candidates_before(name, nodes))
    assert [candidates_before(name, nodes) for name in order] == list(range(len(fit)))
    assert [nodes[name].reach for name in order] == sorted((nodes[name].reach for name in fit), reverse=True)


def test_a_node_that_has_said_nothing_goes_behind_those_that_have_something() -> None:
    assert candidates_before("z", {"a": note(1), "b": note(0)}) == 2


def test_another_node_of_the_same_number_is_named() -> None:
    nodes = {"n1": note(number=1), "n2": note(number=2), "n3": note(number=1)}
    assert same_number("n1", 1, nodes) == "n3"
    assert same_number("n2", 2, nodes) is None


def test_a_node_that_another_s_list_lacks_is_told_so() -> None:
    def listing(*nodes: str) -> NodeNote:
        return NodeNote(number=1, address="", release="0.3.0", reach=0, fit=True, beat=0, nodes=nodes)

    notes = {"n1": listing("n1", "n2"), "n3": note()}
    assert unlisted("n2", notes) is None
    assert unlisted("n3", notes) == "n1"
    assert unlisted("n3", {"n3": note()}) is None


def test_a_node_that_has_nothing_waits_for_who_has_something_and_for_who_is_named() -> None:
    assert awaited("n2", (), {"n2": note()}) is None
    assert awaited("n2", (), {"n1": note(), "n2": note()}) is None
    assert awaited("n2", (), {"n1": note(1, fit=False), "n2": note()}) == "n1"
    assert awaited("n2", (), {"n1": msgspec.structs.replace(note(), book=3), "n2": note()}) == "n1"
    assert awaited("n2", ("n1", "n2", "n3"), {"n1": note(), "n2": note()}) == "n3"
    assert awaited("n2", ("n1", "n2"), {"n1": note(), "n2": note()}) is None
