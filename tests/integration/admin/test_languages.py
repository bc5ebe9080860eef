"""The secretariat adds a language on `/admin` while the server runs."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.admin.local_door import Caller
from moothall.services.translation.adding import AddingLanguages
from moothall.testing.language_store import MemoryLanguageStore
from moothall.wire.languages import Wish
from support.desks.admin import Browser, admin_house
from support.halls.microphone_process import MicrophoneHall
from support.halls.process import CLOCK, free_port
from support.models.firefox_registry import served, weights

PAGE = "/admin/languages"


async def shows(browser: Browser, path: str, text: str) -> None:
    """Load a page until it has a text; otherwise the test's time-out ends it."""
    while await browser.get(path) != 200 or text not in browser.text:
        await CLOCK.sleep(50)


async def has_scores(browser: Browser) -> None:
    """Load the page until nothing is under way, and both directions have their scores."""
    await browser.get(f"{PAGE}.json")
    while json.loads(browser.text)["busy"]:
        await CLOCK.sleep(50)
        await browser.get(f"{PAGE}.json")
    while len(re.findall(r"<td>[0-9]+</td>", browser.text)) < 2:
        await CLOCK.sleep(50)
        await browser.get(PAGE)
    assert "rough: the gist only" not in browser.text
    assert len(re.findall(r"<td>8\d\.\d</td>", browser.text)) == 2


@pytest.mark.slow  # 12 s of CPU; e2e/translation/test_added_language.py has it in a browser.
async def test_a_language_that_is_added_there_is_translated_into_without_a_restart(tmp_path: Path) -> None:
    (tmp_path / "script.json").write_bytes(b'{"words": []}')
    hall = MicrophoneHall(tmp_path / "data", f"scripted:{tmp_path / 'script.json'}", free_port(31))
    await hall.prepare()
    with served() as shelf:
        for pair in (("en", "pt"), ("pt", "en")):
            shelf.put(*pair, weights(*pair))
        hall.settings = {
            "MOOTHALL_MODELS": str(tmp_path / "models"),
            "MOOTHALL_TRANSLATION__REGISTRY": shelf.registry,
            "MOOTHALL_TRANSLATION__TRANSLATORS": "firefox",
        }
        await hall.start()
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
                browser = Browser(http, hall.address)
                link = await Caller(hall.data).admin_link(new=True)
                assert link is not None
                assert await browser.get(link) == 200
                await browser.get(PAGE)
                assert "The list comes from \u2068127.0.0.1\u2069." in browser.text
                assert await browser.send(PAGE) == 200
                await shows(browser, PAGE, "about 47 MB")
                assert await browser.send(PAGE) == 200
                await shows(browser, PAGE, "Is here")
                assert 'lang="pt">Português' in browser.text
                await shows(browser, "/admin", "Portuguese")
                await browser.get(f"{PAGE}.json")
                told = json.loads(browser.text)
                assert told["language"] == ""
                await shows(browser, "/admin", "English into Portuguese")
                await has_scores(browser)
                assert browser.text.count("<td>directly") == 2
                await browser.get(PAGE)
                assert await browser.post(PAGE, browser.hidden(PAGE) | {"test": "1"}) == 200
                await has_scores(browser)
                await browser.get(PAGE)
                assert await browser.post(PAGE, browser.hidden(PAGE) | {"language": "xx"}) == 409
                shelf.files.clear()
                await browser.get(PAGE)
                assert await browser.send(PAGE) == 200
                await shows(browser, PAGE, "answered 404 for /db/models.json")
        finally:
            await hall.stop()


async def test_what_the_united_nations_speak_is_added_by_one_button_without_scripts(tmp_path: Path) -> None:
    store = MemoryLanguageStore("ar", "de", "fr", "ru", "zh")
    store.added.append("fr")
    async with admin_house(tmp_path) as house:
        house.running.translation.adding = orders = AddingLanguages(store)
        working = asyncio.ensure_future(orders.run())
        secretary = await house.secretary()
        await secretary.get(PAGE)
        assert "United Nations" not in secretary.text, "nothing is known of the list"
        orders.look()
        store.steps.release()
        await shows(secretary, PAGE, "To be added, one after the other: Arabic, Chinese, Russian.</p>\n<p>about 95 MB")
        assert "Not in the list: Spanish." in secretary.text
        button = re.search(r'<form[^>]*>(?:(?!</form>).)*name="light"', secretary.text, re.DOTALL)
        assert button is not None
        tags = re.findall(r'name="language" value="(\w+)"', button[0])
        assert tags == ["ar", "zh", "ru"]
        token = secretary.hidden(PAGE) | {"light": "1"}
        form = [(name, value) for name, value in token.items() if name != "language"]
        form += [("language", tag) for tag in tags]
        assert await secretary.post(PAGE, form) == 200
        await shows(secretary, PAGE, "All together: 0 of 3 languages, 0 of 95 MB")
        assert "To be added" not in secretary.text
        store.fails = "The download broke off."
        store.steps.release()
        await shows(secretary, PAGE, "Arabic was not added:")
        assert "The download broke off." in secretary.text
        assert "All together: 1 of 3 languages, 32 of 95 MB" in secretary.text
        assert "To be added, one after the other: Arabic.</p>\n<p>about 32 MB" in secretary.text
        for _ in range(6):
            store.steps.release()
        await shows(secretary, PAGE, "The translations are being tested")
        assert store.added == ["fr", "zh", "ru"]
        assert set(store.wishes) == {Wish.LIGHT}
        assert "Arabic was not added:" in secretary.text
        await secretary.get(PAGE)
        assert await secretary.post(PAGE, [*form, ("language", "xx")]) == 409
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_where_none_can_be_added_those_that_are_here_are_tested_all_the_same(tmp_path: Path) -> None:
    store = MemoryLanguageStore("fr")
    async with admin_house(tmp_path) as house:
        house.running.translation.adding = orders = AddingLanguages(store, adds=False)
        secretary = await house.secretary()
        assert await secretary.get(PAGE) == 200
        assert "The list comes from" not in secretary.text
        await secretary.get("/admin")
        form = secretary.hidden("/admin/rooms")
        assert await secretary.post(PAGE, form) == 404
        assert not orders.now.busy
        assert await secretary.post(PAGE, form | {"test": "1"}) == 200
        assert orders.now.testing
        assert "The translations are being tested" in secretary.text


async def test_where_nothing_could_run_them_none_are_added_and_strangers_see_nothing(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, stranger = await house.secretary(), await house.browser()
        assert await secretary.get(PAGE) == 404, "its settings name no translators"
        await secretary.get("/admin")
        assert PAGE not in secretary.text
        for path in (PAGE, f"{PAGE}.json"):
            assert await stranger.get(path) == 403
