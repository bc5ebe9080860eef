"""The secretariat adds a language on `/admin` while the server runs."""

from __future__ import annotations

import json
from pathlib import Path

import aiohttp

from moothall.adapters.admin.local_door import Caller
from support.desks.admin import Browser, admin_house
from support.halls.microphone_process import MicrophoneHall
from support.halls.process import CLOCK, free_port
from support.models.firefox_registry import served, weights

PAGE = "/admin/languages"


async def shows(browser: Browser, path: str, text: str) -> None:
    """Load a page until it has a text; otherwise the test's time-out ends it."""
    while await browser.get(path) != 200 or text not in browser.text:
        await CLOCK.sleep(50)


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
                assert (told["busy"], told["language"]) == (False, "")
                assert 0 < told["done"] <= told["total"]
                await browser.get(PAGE)
                assert await browser.post(PAGE, browser.hidden(PAGE) | {"language": "xx"}) == 409
                shelf.files.clear()
                await browser.get(PAGE)
                assert await browser.send(PAGE) == 200
                await shows(browser, PAGE, "answered 404 for /db/models.json")
        finally:
            await hall.stop()


async def test_where_nothing_could_run_them_none_are_added_and_strangers_see_nothing(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, stranger = await house.secretary(), await house.browser()
        assert await secretary.get(PAGE) == 404, "its settings name no translators"
        await secretary.get("/admin")
        assert PAGE not in secretary.text
        for path in (PAGE, f"{PAGE}.json"):
            assert await stranger.get(path) == 403
