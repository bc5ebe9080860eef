"""Abbreviations that are stored for a link."""

from __future__ import annotations

import pytest

from moothall.core.kernel.errors import Refusal
from moothall.services.desks.abbreviations import MOST, MOST_LISTS, MOST_LONG, MOST_SHORT, NAMESPACE, Abbreviations
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock


async def test_another_computer_has_what_was_changed_and_no_other_link_does() -> None:
    book = MemoryBook()
    ours = Abbreviations(book, ManualClock())
    assert await ours.change("a", {}) == {}
    assert await book.read(NAMESPACE) == {}
    assert await ours.change("a", {"tt": "transparency", "wg": "working group"}) == {
        "tt": "transparency",
        "wg": "working group",
    }
    assert await ours.change("a", {"tt": "transparency and accountability", "wg": None, "un": None}) == {
        "tt": "transparency and accountability"
    }
    again = Abbreviations(book, ManualClock())
    assert await again.change("a", {}) == {"tt": "transparency and accountability"}
    assert await again.change("b", {}) == {}
    assert await again.change("a", {"tt": None}) == {}
    assert await book.read(NAMESPACE) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"t t": "x"},
        {"": "x"},
        {"t" * (MOST_SHORT + 1): "x"},
        {"tt": ""},
        {"tt": "x" * (MOST_LONG + 1)},
        {f"t{n}": "x" for n in range(MOST + 1)},
    ],
)
async def test_what_is_none_changes_nothing(change: dict[str, str | None]) -> None:
    ours = Abbreviations(MemoryBook(), ManualClock())
    await ours.change("a", {"wg": "working group"})
    assert isinstance(await ours.change("a", change), Refusal)
    assert await ours.change("a", {}) == {"wg": "working group"}


async def test_where_there_are_too_many_the_list_goes_that_was_not_changed_for_longest() -> None:
    book, clock = MemoryBook(), ManualClock()
    ours = Abbreviations(book, clock)
    for n in range(MOST_LISTS):
        await ours.change(f"l{n}", {"tt": "transparency"})
        await clock.advance(1)
    await ours.change("l0", {"wg": "working group"})
    await ours.change("new", {"tt": "transparency"})
    kept = await book.read(NAMESPACE)
    assert len(kept) == MOST_LISTS
    assert {"l0", "new"} <= kept.keys()
    assert "l1" not in kept
