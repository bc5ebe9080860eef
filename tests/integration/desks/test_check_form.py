"""The page for checking a text, with forms alone: progress, corrections, two people, and the seal."""

from __future__ import annotations

import re
from pathlib import Path

from moothall.core import commands as do
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.staff import HALL
from support.desks.admin import AdminHouse, Browser, admin_house, make

PAGE = "/desk/water-board/check"
FLOOR = ChannelId("floor")


async def staff(house: AdminHouse, role: Role) -> Browser:
    browser = await house.browser()
    _, token = await house.running.backend.links.create(role, HALL, f"{role}")
    assert await browser.get(f"/enter/{token}") == 200
    return browser


def shown(browser: Browser) -> list[tuple[str, str]]:
    """The ids and texts of the lines on the page."""
    return re.findall(r'<li id="([^"]+)">.*?<textarea[^>]*>([^<]*)</textarea>', browser.text, re.DOTALL)


def progress(browser: Browser) -> str:
    found = re.search(r"(\d+ of \d+) lines are checked", browser.text)
    assert found is not None
    return found[1]


async def test_a_text_is_checked_line_by_line(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        await make(secretary)
        live = await house.running.backend.sessions.find(SessionId("water-board"))
        assert live is not None

        async def tell(name: str, command: do.AnyCommand) -> None:
            answer = await live.writer.send(Actor(Role.SECRETARIAT, "s"), CommandId(name), command)
            assert isinstance(answer, Receipt), answer

        await tell("open", do.OpenSession())
        for n in range(15):
            typed = do.TypeSegment(channel=FLOOR, segment=SegmentId(f"l{n:02}"), text=f"Line {n}.", language="en")
            await tell(f"type{n}", typed)
        await tell("close", do.CloseSession())

        ana, bo, reporter = [await staff(house, role) for role in (Role.CAPTIONER, Role.CAPTIONER, Role.RAPPORTEUR)]
        assert await reporter.get(PAGE) == 404, "a rapporteur corrects no lines"
        assert await ana.get(PAGE) == 200
        assert [name for name, _ in shown(ana)] == [f"l{n:02}" for n in range(12)]
        assert progress(ana) == "0 of 15"
        assert "Seal it as checked" not in ana.text
        await bo.get(PAGE)
        assert [name for name, _ in shown(bo)] == ["l12", "l13", "l14"]

        assert await ana.send(PAGE, text="Line 0.") == 200
        assert (progress(ana), next(name for name, _ in shown(ana))) == ("1 of 15", "l01")
        assert await ana.send(PAGE, text="Line <one>.") == 200
        assert progress(ana) == "2 of 15"
        mended = live.state.segments.get(SegmentId("l01"))
        untouched = live.state.segments.get(SegmentId("l00"))
        assert mended is not None
        assert untouched is not None
        assert (mended.whole, mended.revision, untouched.revision) == ("Line <one>.", 1, 0)

        hidden = bo.hidden(PAGE)
        again = do.CorrectSegment(
            channel=FLOOR, segment=SegmentId("l12"), base_revision=0, base_words=0, text="Line twelve."
        )
        await tell("again", again)
        assert await bo.post(PAGE, {**hidden, "text": "Line 12!"}) == 409
        assert ("l12", "Line 12!") in shown(bo)
        assert "Line twelve." in bo.text
        await bo.get(PAGE)
        assert ("l12", "Line twelve.") in shown(bo)
        assert await bo.post(PAGE, {**hidden, "form": "x.y", "text": "Line 12!"}) == 409
        assert await bo.post(PAGE, {**bo.hidden(PAGE), "segment": "nothing", "text": "?"}) == 409

        await tell(
            "late", do.CorrectSegment(channel=FLOOR, segment=SegmentId("l00"), base_revision=0, base_words=0, text="0")
        )
        await ana.get(PAGE)
        assert progress(ana) == "1 of 15", "what was corrected afterwards is checked again"

        await secretary.get(f"{PAGE}?order=time")
        assert "Seal it as checked" in secretary.text
        hidden = secretary.hidden(f"{PAGE}?order=time")
        assert await secretary.post(f"{PAGE}?order=time", {"form": hidden["form"], "act": "seal"}) == 200
        assert live.state.seals == 1
        await secretary.get("/s/water-board/versions")
        assert "Sealed by: Secretariat" in secretary.text
