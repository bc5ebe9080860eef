from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from moothall.services.translation.adding import MOST_WAITING, Adding, AddingLanguages
from moothall.testing.language_store import MemoryLanguageStore


class Page:
    """What the secretariat orders and sees."""

    def __init__(self, *languages: str) -> None:
        self.store = MemoryLanguageStore(*languages)
        self.orders = AddingLanguages(self.store)

    @property
    def now(self) -> Adding:
        return self.orders.now

    async def step(self, times: int = 1) -> None:
        """Let steps go on, and the orders take note of them."""
        for _ in range(times):
            self.store.steps.release()
            for _ in range(10):
                await asyncio.sleep(0)

    def here(self) -> list[str]:
        return [offer.language for offer in self.now.offers or () if offer.here]


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    made = Page("ar", "fr", "ru")
    running = asyncio.ensure_future(made.orders.run())
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_nothing_is_fetched_before_somebody_looks(page: Page) -> None:
    await page.step(0)
    assert page.now == Adding()
    assert not page.orders.add("fr"), "nobody knows yet whether there is one"
    page.orders.look()
    assert page.now.looking
    assert page.now.busy
    await page.step()
    assert [offer.language for offer in page.now.offers or ()] == ["ar", "fr", "ru"]
    assert not page.now.busy


async def test_languages_are_added_one_after_the_other_and_the_page_sees_how_far_they_are(page: Page) -> None:
    page.orders.look()
    await page.step()
    assert page.orders.add("fr")
    assert page.orders.add("ar")
    assert page.orders.add("fr"), "it is ordered already"
    assert not page.orders.add("xx")
    await page.step()
    assert (page.now.language, page.now.done, page.now.total) == ("fr", 10_000_000, 31_500_000)
    assert page.now.waiting == ("ar",)
    assert page.orders.add("fr"), "it is being added"
    assert page.now.waiting == ("ar",)
    await page.step(2)
    assert page.here() == ["fr"]
    assert page.now.language == "ar"
    await page.step(3)
    assert page.here() == ["ar", "fr"]
    assert page.store.added == ["fr", "ar"]


async def test_what_was_added_is_tested_and_all_of_it_when_somebody_wants_that(page: Page) -> None:
    page.orders.look()
    await page.step()
    page.orders.add("fr")
    page.orders.add("ar")
    await page.step(6)
    assert (page.now.testing, page.now.busy, page.store.tested) == (True, True, [])
    await page.step()
    assert (page.now.done, page.now.total) == (0, 2)
    page.orders.add("ru")
    await page.step(2)
    assert page.store.tested == [("fr", "ar")]
    page.orders.test()
    assert page.now.testing
    await page.step(6)
    assert page.store.tested == [("fr", "ar"), ()], "ru is among all of them"
    assert not page.now.busy
    page.store.fails = "There is no room left."
    page.orders.test()
    await page.step()
    assert (page.now.problem, page.now.busy) == ("There is no room left.", False)


async def test_better_models_of_a_language_that_is_here_are_added_and_then_there_are_none(page: Page) -> None:
    page.store.better, page.store.quick = 60_000_000, True
    page.store.added.append("fr")
    page.orders.look()
    await page.step()
    assert page.orders.add("fr", better=True)
    await page.step(6)
    assert page.store.added == ["fr", "better fr"]
    assert {offer.language: (offer.here, offer.better) for offer in page.now.offers or ()} == {
        "ar": (False, 60_000_000),
        "fr": (True, 0),
        "ru": (False, 60_000_000),
    }


async def test_what_fails_is_said_until_the_next_order(page: Page) -> None:
    page.store.fails = "The list can't be reached."
    page.orders.look()
    await page.step()
    assert (page.now.problem, page.now.looking, page.now.offers) == ("The list can't be reached.", False, None)
    page.orders.look()
    await page.step()
    assert page.now.problem == ""
    page.orders.add("fr")
    page.orders.add("ru")
    page.store.fails = "There is no room left."
    await page.step()
    assert (page.now.problem, page.now.language) == ("", "ru") or page.now.problem == "There is no room left."
    await page.step(3)
    assert page.here() == ["ru"]


async def test_an_order_too_many_is_refused() -> None:
    names = [f"{first}{second}" for first in "abcdefghijk" for second in "abcdefghijk"]
    page = Page(*names)
    running = asyncio.ensure_future(page.orders.run())
    page.orders.look()
    await page.step()
    taken = [page.orders.add(name) for name in names]
    assert taken.count(True) == MOST_WAITING
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
