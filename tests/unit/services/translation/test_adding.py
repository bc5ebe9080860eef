from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from moothall.services.translation.adding import MOST_WAITING, Adding, AddingLanguages, Failure, lacking
from moothall.testing.language_store import MemoryLanguageStore
from moothall.wire.languages import LanguageOffer, Wish


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
    assert (page.now.failures, page.now.busy) == ((Failure(said="There is no room left."),), False)


async def test_better_models_of_a_language_that_is_here_are_added_and_then_there_are_none(page: Page) -> None:
    page.store.better, page.store.quick = 60_000_000, True
    page.store.added.append("fr")
    page.orders.look()
    await page.step()
    assert page.orders.add("fr", wish=Wish.BETTER)
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
    assert (page.now.failures, page.now.looking) == ((Failure(said="The list can't be reached."),), False)
    assert page.now.offers is None
    page.orders.look()
    await page.step()
    assert not page.now.failures
    page.store.fails = "There is no room left."
    assert page.orders.add("fr")
    await page.step()
    assert page.now.failures == (Failure(said="There is no room left.", language="fr"),)
    assert page.orders.add("ar")
    assert not page.now.failures


async def test_several_are_one_order_whose_progress_is_of_all_and_one_that_fails_keeps_none_back(page: Page) -> None:
    page.orders.look()
    await page.step()
    assert not page.orders.add("ar", "xx"), "one of them is not in the list"
    assert not page.orders.add()
    assert page.now.ordered == 0
    assert page.orders.add("ar", "fr", wish=Wish.LIGHT)
    await page.step()
    assert page.orders.add("ru", "fr"), "fr waits already"
    assert (page.now.ended, page.now.ordered, page.now.waiting) == (0, 3, ("fr", "ru"))
    assert (page.now.all_done, page.now.all_total) == (10_000_000, 3 * 31_500_000)
    page.store.fails = "The download broke off."
    await page.step()
    failed = (Failure(said="The download broke off.", language="ar"),)
    assert (page.now.language, page.now.ended, page.now.failures) == ("fr", 1, failed)
    assert (page.now.all_done, page.now.all_total) == (31_500_000, 3 * 31_500_000)
    await page.step(3)
    assert (page.now.language, page.now.failures) == ("ru", failed)
    assert page.orders.add("ar"), "the same once more goes on from where it broke off"
    assert (page.now.ended, page.now.ordered, len(page.now.failures)) == (2, 4, 0)
    await page.step(6)
    assert page.here() == ["ar", "fr", "ru"]
    assert page.store.wishes == [Wish.LIGHT, Wish.FITTING, Wish.FITTING]
    assert (page.now.all_done, page.now.ended) == (page.now.all_total, 4)
    assert page.orders.add("fr")
    assert (page.now.ended, page.now.ordered) == (0, 1), "another order begins anew"


async def test_a_language_that_a_newer_list_lacks_is_tried_all_the_same(page: Page) -> None:
    page.orders.look()
    await page.step()
    page.orders.look()
    assert page.orders.add("fr")
    page.store.languages = ("ar",)
    await page.step()
    assert [offer.language for offer in page.now.offers or ()] == ["ar"]
    await page.step(4)
    assert (page.now.ended, page.now.language) == (1, "")


def test_those_of_the_united_nations_that_are_lacking_stand_in_their_order() -> None:
    offers = [
        LanguageOffer(language=tag, size=1, licence="MPL-2.0", here=tag == "fr") for tag in ("de", "es", "fr", "zh")
    ]
    assert [offer.language for offer in lacking(offers)] == ["zh", "es"]


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
