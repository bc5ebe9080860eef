"""PersistentList acts as a list, PersistentMap as a dict, and neither ever changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.persistent import PersistentList, PersistentMap

SIZES = st.sampled_from([0, 1, 2, 63, 64, 65, 127, 128, 129, 200, 300])


def listed(items: list[int]) -> PersistentList[int]:
    made: PersistentList[int] = PersistentList()
    for item in items:
        made = made.append(item)
    return made


@given(size=SIZES, more=st.lists(st.integers(), max_size=5))
def test_append_and_read_as_a_list(size: int, more: list[int]) -> None:
    items = list(range(size)) + more
    made = listed(items)
    assert list(made) == items
    assert len(made) == len(items)
    assert [made[index] for index in range(len(items))] == items
    assert made == listed(items)
    assert made != items
    assert repr(made) == f"PersistentList({items!r})"


@given(size=SIZES, data=st.data())
def test_replace_changes_one_item_of_the_new_list_only(size: int, data: st.DataObject) -> None:
    items = list(range(size + 1))
    before = listed(items)
    index = data.draw(st.integers(0, size))
    after = before.replace(index, -1)
    assert list(before) == items
    assert list(after) == [*items[:index], -1, *items[index + 1 :]]
    assert before != after
    assert after == listed(list(after))


@given(size=SIZES, data=st.data())
def test_insert_moves_what_stands_behind(size: int, data: st.DataObject) -> None:
    items = list(range(size))
    before = listed(items)
    index = data.draw(st.integers(0, size))
    after = before.insert(index, -1)
    assert list(before) == items
    assert after == listed([*items[:index], -1, *items[index:]])
    assert len(after) == size + 1


@given(size=SIZES, data=st.data())
def test_appending_to_one_list_twice_gives_two(size: int, data: st.DataObject) -> None:
    base = listed(list(range(size)))
    one, other = base.append(-1), base.append(-2)
    assert (list(one)[-1], list(other)[-1], len(base)) == (-1, -2, size)


@given(size=SIZES, start=st.integers(-5, 400), stop=st.integers(-5, 400))
def test_slice_takes_what_there_is(size: int, start: int, stop: int) -> None:
    items = list(range(size))
    assert listed(items).slice(start, stop) == tuple(items[max(0, start) : max(0, stop)])


@pytest.mark.parametrize("index", [-1, 3, 64])
def test_beyond_the_ends_there_is_nothing(index: int) -> None:
    made = listed([1, 2, 3])
    with pytest.raises(IndexError):
        made[index]
    with pytest.raises(IndexError):
        made.replace(index, 0)
    with pytest.raises(IndexError):
        made.insert(index if index != 3 else 4, 0)


KEYS = st.integers(0, 300) | st.text(max_size=2)


@given(pairs=st.lists(st.tuples(KEYS, st.integers()), max_size=120))
def test_set_and_read_as_a_dict(pairs: list[tuple[int | str, int]]) -> None:
    made: PersistentMap[int | str, int] = PersistentMap()
    model: dict[int | str, int] = {}
    for key, value in pairs:
        before, kept = made, dict(model)
        made, model[key] = made.set(key, value), value
        assert dict(before.items()) == kept
    assert dict(made.items()) == model
    assert len(made) == len(model)
    assert all(key in made and made.get(key) == value for key, value in model.items())
    assert "another" not in made
    assert made.get("another") is None


@given(pairs=st.lists(st.tuples(KEYS, st.integers()), max_size=20, unique_by=lambda pair: pair[0]), data=st.data())
def test_equal_maps_are_equal_in_whatever_order_they_were_made(
    pairs: list[tuple[int | str, int]], data: st.DataObject
) -> None:
    one: PersistentMap[int | str, int] = PersistentMap()
    other: PersistentMap[int | str, int] = PersistentMap()
    for key, value in pairs:
        one = one.set(key, value)
    for key, value in data.draw(st.permutations(pairs)):
        other = other.set(key, value)
    assert one == other
    assert one.set("another", 1) != other
    assert one != dict(pairs)
    assert repr(one) == f"PersistentMap({dict(one.items())!r})"
