"""The overview of all meetings at a glance: on a big screen everything is in the window, in letters for the back of a
room; in an ordinary window ten rooms are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from moothall.core.kernel.actors import Role
from support.desks.meeting import meeting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SCREENS = ((1280, 720), (1920, 1080))
PLACE = "Large Assembly Hall, Building E"
VALUES = {"n": 127, "all": 240, "expected": "en,fr", "heard": "pt", "node": "n1", "removal": ""}
VALUES |= {"title": "Words of welcome", "who": "Ann"}
"""What the sentences of alarms name."""

# Shows `cards` in place of the server's, with the page's own script, and measures: what is below the window (px), parts
# that are outside of their tile, the share of the list that tiles cover, the letters of each part (px).
SHOWN = """async (cards) => {
  const own = document.querySelector('script[src*="/js/control/control.js"]').src;
  const { Tiles } = await import(own.replace('/control/control.js', '/control/tiles.js'));
  const { Words } = await import(own.replace('/control/control.js', '/lib/words.js'));
  const data = JSON.parse(document.getElementById('Data').textContent);
  const tiles = new Tiles(data, new Words(data), { big: true, hears: () => false });
  document.getElementById('Shown')?.remove();
  const list = document.getElementById('Cards'); // the page's script goes on filling it
  const fresh = document.createElement('ul');
  [fresh.id, fresh.className, list.className, list.hidden] = ['Shown', 'tiles', '', true];
  list.after(fresh);
  fresh.append(...cards.map((card) => tiles.show(card)));
  const box = (each) => each.getBoundingClientRect();
  const area = (each) => box(each).width * box(each).height;
  const inside = (one, other) => one.bottom <= other.bottom && one.right <= other.right;
  const parts = [...fresh.querySelectorAll('h2, .state, .meter, .fault, .remedy')];
  const size = (each) => parseFloat(getComputedStyle(each).fontSize);
  const sizes = (name) => [...fresh.querySelectorAll(name)].map(size);
  return {
    below: document.documentElement.scrollHeight - innerHeight,
    outside: parts.filter((each) => !inside(box(each), box(each.closest('.card')))).map((each) => each.textContent),
    covered: [...fresh.children].reduce((sum, each) => sum + area(each), 0) / area(fresh),
    letters: Math.min(...sizes('h2'), ...sizes('.state')),
    sentence: Math.min(...sizes('.fault'), ...sizes('.remedy')),
    meters: fresh.querySelectorAll('.meter').length,
  };
}"""


def card(n: int, *kinds: str, place: str = "") -> dict[str, Any]:
    """A meeting as the socket sends it, with alarms of these kinds."""
    alarms = [{"kind": kind, "urgent": True, "values": VALUES, "by": None} for kind in kinds]
    trends = {"delays": [n % 5 for n in range(60)], "rates": [100] * 60}
    figures = {"dead": 0, "sound": 0, "words": 1, "lag": 2, "rate": 131, "level": -20, "heard": "en", "expected": "en"}
    named = {"key": f"k{n}", "session": f"s{n}", "place": place or f"Room {n}", "title": "Words of welcome"}
    stands = {"stands": "cut" if kinds else "live", "silent_since": None, "alarms": alarms, "following": ""}
    people = {"channels": {"floor": ["floor", "en"]}, "readers": {}, "reports": {}, "here": []}
    return named | stands | people | trends | figures


async def test_all_rooms_fill_the_window_and_can_be_read_from_afar(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.enter(page, Role.TECHNICIAN)
        for width, height in SCREENS:
            await page.set_viewport_size({"width": width, "height": height})
            await page.goto(f"{on.running.address}/control?big=1")
            await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
            for rooms in (1, 2, 3, 4, 5, 8, 10):
                cards = [card(1, "muted", place=PLACE), *(card(n, *["late"] * (n == 2)) for n in range(2, rooms + 1))]
                shown = await page.evaluate(SHOWN, cards)
                assert shown["below"] <= 0, (width, rooms)
                assert not shown["outside"], (width, rooms)
                assert shown["meters"] == rooms
                assert shown["covered"] >= 0.75, (width, rooms)
                assert shown["letters"] * 42 >= height, (width, rooms)
                assert shown["sentence"] * (52 if rooms > 6 else 42) >= height, (width, rooms)


async def test_each_alarm_is_whole_in_ten_rooms(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.enter(page, Role.TECHNICIAN)
        await page.set_viewport_size({"width": 1280, "height": 720})
        for ui in ("en", "fr", "ru", "ar"):
            await page.goto(f"{on.running.address}/control?big=1&ui={ui}")
            await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
            words = await page.evaluate("JSON.parse(Data.textContent).texts")
            kinds = [name.removeprefix("alarm.") for name in words if name.startswith("alarm.")]
            assert len(kinds) >= 30
            for start in range(0, len(kinds), 10):
                chosen = (kinds[start:] + kinds)[:10]
                shown = await page.evaluate(SHOWN, [card(n, kind, place=PLACE) for n, kind in enumerate(chosen)])
                assert shown["below"] <= 0, (ui, chosen)
                assert not shown["outside"], (ui, chosen)
                assert shown["sentence"] * 52 >= 720, (ui, chosen)


BELOW = """() => [...document.querySelectorAll('#Shown > .card')]
  .filter((tile) => ['h2', '.state'].some((part) => {
    const { top, bottom } = tile.querySelector(part).getBoundingClientRect();
    return top < 0 || bottom > innerHeight;
  }))
  .map((tile) => tile.textContent.trim().slice(0, 40))"""
"""The tiles of which the place or the state is not in the window."""
SENTENCE = "(tile) => tile.getBoundingClientRect().bottom <= innerHeight"


@pytest.mark.parametrize("query", ["", "?ui=ar", "?ui=ru"])
async def test_ten_rooms_say_how_they_stand_without_scrolling(query: str, page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.enter(page, Role.TECHNICIAN)
        await page.set_viewport_size({"width": 1280, "height": 800})
        await page.goto(f"{on.running.address}/control{query}")
        await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
        for named in ("", PLACE):
            cards = [card(1, "muted", place=named), card(2, "late", place=named), *(card(n) for n in range(3, 11))]
            await page.evaluate(SHOWN.replace("big: true", "big: false"), cards)
            assert await page.evaluate(BELOW) == [], named
            muted = page.locator("#Shown > .card").first
            assert await muted.evaluate(SENTENCE), "and what to do about the muted microphone"
