"""Marks, filters, notes and tags on the staff's pages, in Chromium, against the whole server."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from asking import MODERATOR, SOMEBODY, ask, name, stand
from desk_meeting import Meeting, S, meeting
from moothall.core import commands as do
from moothall.core.actors import Role
from moothall.core.floor.parts import Kind, Standing

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def lead(page: Page, on: Meeting, role: Role = Role.MODERATOR, kind: str = "moderate") -> None:
    await page.goto(await on.link(role))
    await page.goto(f"{on.running.address}/{kind}/{S}")
    await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
    await expect(page.locator("#Desk")).to_be_visible()


def flags(on: Meeting, what: str) -> tuple[str, ...]:
    each = on.live.state.floor.get(name(what))
    assert each is not None
    return each.flags


async def test_marked_ones_are_left_out_when_several_are_approved(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        for n in range(3):
            await on.do(ask(f"q{n}", f"Question {n}", flags=("blocked-word",) if n == 1 else ()), by=SOMEBODY)
        await lead(page, on)
        await expect(page.locator("#q-q1")).to_contain_text("May be rude: read it first")
        for n in range(3):
            await page.locator(f"#q-q{n} [data-does=pick]").check()
        await page.locator("#Several").get_by_role("button", name="Approve", exact=True).click()
        await expect(page.locator("#Queued .question")).to_have_count(2)
        await expect(page.locator("#Status")).to_contain_text("Left out, since each has to be read alone: no. 2")
        await expect(page.locator("#Checked #q-q1")).to_be_visible()
        # Alone it needs nothing more.
        await page.get_by_role("button", name="Approve No. 2", exact=True).click()
        await expect(page.locator("#Queued .question")).to_have_count(3)


async def test_the_staff_marks_and_unmarks_by_key_and_can_undo_it(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(ask("a", "Who pays?"), by=SOMEBODY)
        await on.do(stand(Standing.QUEUED, "a"), by=MODERATOR)
        await lead(page, on)
        await on.do(do.ReportAbuse(intervention=name("a")), by=SOMEBODY)
        await expect(page.locator("#Queued #q-a")).to_contain_text("Reported by readers")
        await page.locator("#q-a").focus()
        await page.keyboard.press("m")
        await expect(page.locator("#q-a")).to_contain_text("Marked as rude")
        assert flags(on, "a") == ("reported", "abuse")
        await page.locator("#q-a").focus()
        await page.keyboard.press("g")
        await expect(page.locator("#q-a")).not_to_contain_text("Marked as rude")
        assert flags(on, "a") == ()
        await expect(page.locator("#Done li").first).to_contain_text("Question marked as fine")
        await page.locator("#q-a").focus()
        await page.keyboard.press("u")
        await expect(page.locator("#q-a")).to_contain_text("Reported by readers")
        await expect(page.locator("#Queued .question")).to_have_count(1)


async def test_questions_are_narrowed_down(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, languages=("en", "es")) as on:
        await on.do(ask("a", "Who pays?"), by=SOMEBODY)
        await on.do(ask("b", "¿Quién paga?", language="es", flags=("blocked-word",)), by=SOMEBODY)
        await on.do(ask("c", "I see", kind=Kind.COMMENT, origin="hub:nairobi"), by=SOMEBODY)
        await on.do(stand(Standing.LATER, "c"), by=MODERATOR)
        await lead(page, on)
        await page.locator("#Narrow summary").click()

        async def shows(*names: str) -> None:
            await expect(page.locator(".panels .question")).to_have_count(len(names))
            for each in names:
                await expect(page.locator(f"#q-{each}")).to_be_visible()

        for field, value, shown in (
            ("kind", "comment", "c"),
            ("standing", "later", "c"),
            ("standing", "being-checked", "ab"),
            ("flag", "any", "b"),
            ("flag", "none", "ac"),
            ("flag", "blocked-word", "b"),
            ("flag", "abuse", ""),
            ("language", "es", "b"),
            ("place", "hub", "c"),
        ):
            await page.locator(f"#Sift [name={field}]").select_option(value)
            await shows(*shown)
            await expect(page.locator("#Shown")).to_have_text(f"Shown: {len(shown)} of 3")
            await page.get_by_role("button", name="Show all of them").click()
            await shows("a", "b", "c")
        await page.locator("#Sift [name=language]").select_option("en")
        await page.locator("#Sift [name=text]").fill("pays")
        await shows("a")
