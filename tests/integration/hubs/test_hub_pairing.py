"""Six words over HTTP: a machine gets its key, a browser the page, and whoever guesses gets neither."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from moothall.adapters.hubs.machine_pairing import ALLOWANCE
from moothall.core.hubs.entry import Details
from moothall.services.hubs.ports import Fenced, Identity
from support.desks.admin import AdminHouse, Browser, admin_house

NODE = "0123456789abcdef"


async def words(house: AdminHouse, title: str = "Kisumu") -> str:
    """Of a hub that is made for them."""
    if house.running.backend.hubs.get(title.lower()) is None:
        await house.running.backend.hubs.add(title, Details())
    given = await house.running.backend.pairing.words(title.lower())
    assert given is not None
    return " ".join(given)


async def dial(house: AdminHouse, told: object, **headers: str) -> tuple[int, dict[str, Any]]:
    """What a machine sends, and the answer."""
    address = f"{house.running.address}/hub/pair"
    async with aiohttp.ClientSession() as http, http.post(address, json=told, headers=headers) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status, await answer.json()


async def test_a_machine_gets_its_key_once(tmp_path: Path) -> None:
    async with admin_house(tmp_path, public_address="https://hall.example") as house:
        typed = await words(house)
        status, told = await dial(house, {"words": typed, "node": NODE, "title": " Library \n laptop "})
        assert status == 200
        key = told.pop("key")
        keys = told.pop("keys")
        assert told == {"hub": "kisumu", "title": "Kisumu", "address": "https://hall.example"}
        published = f"{house.running.address}/.well-known/moothall.json"
        async with aiohttp.ClientSession() as http, http.get(published) as document:
            assert await document.json() == keys
        assert house.running.backend.hubs.of_key(key) == Identity(hub="kisumu", title="Kisumu", generation=1)
        hub = house.running.backend.hubs.get("kisumu")
        assert hub is not None
        assert (hub.node, hub.machine) == (NODE, "Library laptop")
        status, told = await dial(house, {"words": typed, "node": NODE})
        assert (status, list(told)) == (403, ["error"])
        # Another machine speaks for it from then on.
        status, second = await dial(house, {"words": await words(house), "node": NODE[::-1]})
        assert status == 200
        assert house.running.backend.hubs.of_key(key) == Fenced(hub="kisumu")
        assert isinstance(house.running.backend.hubs.of_key(second["key"]), Identity)


@pytest.mark.parametrize(
    "told", [{}, {"words": "six", "node": "x"}, {"words": 6, "node": NODE}, [], {"words": "a b c", "node": NODE}]
)
async def test_what_is_no_pairing_is_refused_with_a_sentence(tmp_path: Path, told: object) -> None:
    async with admin_house(tmp_path) as house:
        status, answer = await dial(house, told)
        assert status == 400
        assert answer["error"].endswith(".")


@pytest.mark.parametrize("broken", [b'{"a":' * 9_000, b'{"words": "\xff"}', b"{"])
async def test_what_is_no_json_is_refused_with_a_sentence(tmp_path: Path, broken: bytes) -> None:
    async with admin_house(tmp_path) as house, aiohttp.ClientSession() as http:
        headers = {"Content-Type": "application/json"}
        async with http.post(f"{house.running.address}/hub/pair", data=broken, headers=headers) as answer:
            assert answer.status == 400
            assert (await answer.json())["error"].endswith(".")


async def test_no_page_of_another_site_pairs(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        typed = await words(house)
        status, _ = await dial(house, {"words": typed, "node": NODE}, Origin=house.running.address)
        assert status == 403
        browser = await house.browser()
        assert await browser.post("/hub/pair", {"words": typed}, origin="https://elsewhere.example") == 403
        assert await browser.post("/hub/pair", {"words": typed}, origin=None) == 403
        assert (await dial(house, {"words": typed, "node": NODE}))[0] == 200


async def test_who_guesses_from_one_address_has_to_wait(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        typed = await words(house)
        for _ in range(ALLOWANCE.burst):
            status, _ = await dial(house, {"words": "acorn " * 6, "node": NODE})
            assert status == 403
        status, _ = await dial(house, {"words": typed, "node": NODE})
        assert status == 429
        browser = await house.browser()
        assert await browser.post("/hub/pair", {"words": typed}) == 429
        assert browser.headers["Retry-After"] == "60"


async def test_a_browser_comes_in_without_a_script(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        typed = await words(house)
        browser = await house.browser()
        assert await browser.get("/hub/pair?ui=fr") == 200
        assert 'action="/hub/pair?ui=fr"' in browser.text
        assert "no-store" in browser.headers["Cache-Control"]
        assert await browser.post("/hub/pair?ui=en", {"words": "acorn acorn"}) == 400
        assert 'value="acorn acorn"' in browser.text
        assert 'role="alert"' in browser.text
        assert await browser.post("/hub/pair", {"words": "acorn " * 6}) == 403
        wrong_kind = aiohttp.FormData()
        wrong_kind.add_field("words", typed, content_type="text/plain")
        assert await browser.post("/hub/pair", wrong_kind) == 415
        assert await browser.post("/hub/pair?ui=en", {"words": typed.upper().replace(" ", "-")}, follow=False) == 303
        assert browser.headers["Location"] == "/hub/kisumu?ui=en"
        assert re.match(r"moothall_staff=[\w-]{43}; HttpOnly; .*SameSite=Lax", browser.headers["Set-Cookie"])
        assert await browser.get("/hub/kisumu") == 200
        assert typed.split()[0] not in str(browser.headers)
        other = await house.browser()
        assert await other.post("/hub/pair", {"words": typed}) == 403
        assert await other.get("/hub/kisumu") == 403


async def comes_in(house: AdminHouse, title: str = "Kisumu") -> Browser:
    """A browser that has opened a hub's page by words."""
    browser = await house.browser()
    assert await browser.post("/hub/pair", {"words": await words(house, title)}) == 200
    return browser


async def test_a_link_that_was_revoked_is_made_again_for_the_words(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        browser = await comes_in(house)
        hub = house.running.backend.hubs.get("kisumu")
        assert hub is not None
        await house.running.backend.links.revoke(hub.link)
        assert await browser.get("/hub/kisumu") == 403
        again = await comes_in(house)
        assert await again.get("/hub/kisumu") == 200
