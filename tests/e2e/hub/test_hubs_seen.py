"""Groups far away, as the leaders of a discussion and as a wall show them; in Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.core import commands as do
from moothall.core.events import hubs as he
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import NoteId
from support.desks.meeting import Meeting, S, meeting
from support.halls.stage import stage
from support.sessions.questions import MODERATOR, SOMEBODY, ask

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def lead(page: Page, on: Meeting, kind: str = "moderate", query: str = "") -> None:
    await on.enter(page, Role.MODERATOR)
    await page.goto(f"{on.running.address}/{kind}/{S}{query}")
    await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")


def state_hub(hub: str, title: str, people: int | None, since: int, *, here: bool = True) -> do.SetHubPresence:
    return do.SetHubPresence(hub=hub, title=title, people=people, counted=None, here=here, since=since)


@pytest.mark.parametrize("kind", ["moderate", pytest.param("podium", marks=pytest.mark.slow)])
async def test_who_leads_is_asked_whether_to_wait_until_they_are_back(page: Page, tmp_path: Path, kind: str) -> None:
    async with meeting(tmp_path) as on:
        now = on.running.backend.clock.wall()
        await on.do(state_hub("kisumu", "Kisumu", 23, now), state_hub("lima", "Lima", None, now))
        await lead(page, on, kind)
        groups = page.locator("#Groups li")
        await expect(groups).to_have_count(2)
        await expect(groups.first).to_contain_text("(23 people) · With us since")
        cut = page.locator("#Cut")
        await expect(cut).to_be_hidden()
        await on.do(state_hub("kisumu", "Kisumu", 23, now + 1, here=False))
        await expect(cut).to_contain_text("(23 people) cut off since")
        await expect(cut).to_contain_text(": wait for them?")
        await expect(page.locator("#Status")).to_contain_text("(23 people) cut off since")
        await expect(groups.first).to_contain_text("Cut off since")
        await page.reload()  # As the page comes into view it says so above, and not at the foot as well.
        await expect(cut).to_contain_text(": wait for them?")
        await expect(page.locator("#Status")).to_have_attribute("data-above", "")
        await on.do(state_hub("kisumu", "Kisumu", 23, now + 2))
        await expect(page.locator("#Status")).to_contain_text("is back")
        await expect(cut).to_contain_text("is back")
        await expect(cut).not_to_contain_text("cut off")
        # Nobody waits for those who have left.
        await on.do(state_hub("lima", "Lima", 0, now + 3, here=False))
        await expect(groups.last).to_contain_text("Has left")
        await expect(cut).not_to_contain_text("Lima")
        await expect(cut).to_be_hidden()


# The titles are in the tests above; what a hub is called is in unit/services/hubs.
@pytest.mark.slow
async def test_groups_are_called_by_their_titles_wherever_they_are_named(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        now = on.running.backend.clock.wall()
        await on.do(ask("a", "And here?", origin="hub:north.kisumu"), by=SOMEBODY)
        await on.do(do.LeaveHubNote(hub="north", note=NoteId("n"), text="You are next."), by=MODERATOR)
        await lead(page, on)
        place = page.locator("#q-a h3")
        await expect(place).to_contain_text("kisumu\u2069, by way of \u2068north\u2069")
        await on.do(state_hub("north", "The North", None, now), state_hub("north.kisumu", "Kisumu", 9, now))
        await expect(place).to_contain_text("Group: \u2068Kisumu\u2069, by way of \u2068The North\u2069")
        await expect(page.locator("#Notes")).to_contain_text("Group: \u2068The North\u2069")
        await expect(page.locator("#LeaveNote option[value='hub:north.kisumu']")).to_contain_text("Kisumu")
        await page.locator("#Heard summary").click()
        await expect(page.locator("#HeardTables")).to_contain_text("by way of")


@pytest.mark.parametrize("path", ["/screen", pytest.param("/overlay?groups=1", marks=pytest.mark.slow)])
async def test_a_wall_says_who_is_with_us_and_goes_from_one_to_the_next(page: Page, path: str) -> None:
    async with stage() as on:
        await on.lines(2)
        async with page.expect_response(lambda response: "/events" in response.url):
            await page.goto(on.page + path)
        line = page.locator("#WithUs")
        await expect(line).to_be_hidden()

        def stands(hub: str, people: int | None, *, here: bool = True) -> he.HubPresenceChanged:
            return he.HubPresenceChanged(hub=hub, title=hub.title(), people=people, here=here, since=1, t=5)

        await on.say(stands("kisumu", 23))
        await expect(line).to_have_text("\u2068Kisumu\u2069 is with us: 23 people")
        if "screen" in path:  # an upright one: the groups don't press the words at the code into a column of letters
            await page.set_viewport_size({"width": 820, "height": 1000})
            code, text = page.locator(".code"), page.locator("#Newest")
            wide, high = await code.evaluate(
                "code => { const { width, height } = code.getBoundingClientRect(); return [width, height]; }"
            )
            assert high < 260 < wide
            assert await text.evaluate("text => text.getBoundingClientRect().height") > 400
        await on.say(ev.WallCleared(t=60_000))
        await expect(line).to_be_visible()
        await on.say(stands("lima", None))
        for said in ("Lima\u2069 is with us", "Kisumu\u2069 is with us: 23 people"):
            await expect(line).to_contain_text(said)
        await on.say(stands("lima", None, here=False), stands("kisumu", 24, here=False))
        await expect(line).to_be_hidden()
