"""The secretariat imports a file about a past meeting, and states on what ground others may read it."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp

from moothall.core.events.types import Access
from moothall.core.kernel.ids import SessionId
from support.desks.admin import Browser, admin_house

FORM = "/admin/past-records"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann Lee>We begin.\n"
SESSION = SessionId("2019-11-25-opening")
PAGE = f"/admin/meetings/{SESSION}"


async def upload(browser: Browser, text: str = VTT, name: str = "2019-11-25 Opening (en).vtt", **given: str) -> int:
    await browser.get(FORM)
    form = aiohttp.FormData(quote_fields=False)  # as browsers send names
    for field, value in {**browser.hidden(FORM), **given}.items():
        form.add_field(field, value)
    form.add_field("file", text.encode(), filename=name)
    return await browser.post(FORM, form)


async def access(house_page: Browser) -> str:
    await house_page.get(PAGE)
    found = re.search(r'id="ImportedTitle">Who may read</h2>\s*<p>([^<]*)<', house_page.text)
    assert found is not None
    return found[1]


async def finds(visitor: Browser) -> bool:
    """Whether a visitor finds what was said."""
    assert await visitor.get("/search?ui=en&q=begin") == 200
    assert ("No line was found." in visitor.text) is not ("<mark>begin</mark>" in visitor.text)
    return "<mark>begin</mark>" in visitor.text


async def test_a_file_becomes_a_meeting_that_others_read_once_a_ground_is_stated(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, stranger = await house.secretary(), await house.browser()
        assert await upload(secretary, young="no", start="2019-11-25T10:00") == 200
        assert secretary.url.endswith(PAGE) or PAGE in secretary.url
        assert "Open it again" not in secretary.text
        live = await house.running.backend.sessions.find(SESSION)
        assert live is not None
        assert live.state.access is Access.STAFF
        assert live.state.clock.wall == 1_574_676_000_000
        await house.running.backend.indexing.catch_up()
        assert await stranger.get(f"/s/{SESSION}") == 404
        assert not await finds(stranger)
        assert await stranger.get(f"{PAGE}/original") == 403
        assert await secretary.get(f"{PAGE}/original") == 200
        assert secretary.text == VTT
        before = await access(secretary)
        assert await secretary.send(f"{PAGE}/ground", act="publish", ground="It was held in public.") == 200
        assert "It may be read on this ground: \u2068It was held in public.\u2069" in secretary.text
        assert await access(secretary) != before
        assert await stranger.get(f"/s/{SESSION}?ui=en") == 200
        assert "We begin." in stranger.text
        assert "Ann Lee" not in stranger.text
        await house.running.backend.indexing.catch_up()
        assert await finds(stranger)
        assert await secretary.send(f"{PAGE}/ground", act="withdraw") == 200
        assert not await finds(stranger)
        assert await access(secretary) == before
        assert await stranger.get(f"/s/{SESSION}") == 404


async def test_what_is_missing_or_wrong_is_said_and_what_was_typed_stays(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        assert await upload(secretary, title="Kept") == 400
        assert "Say whether young people take part" in secretary.text
        assert 'value="Kept"' in secretary.text
        assert await upload(secretary, young="no", start="soon") == 400
        assert "Write times as" in secretary.text
        assert await upload(secretary, young="no", language="Klingonish") == 400
        assert "Not known as a language" in secretary.text
        assert await upload(secretary, "WEBVTT\n", young="no") == 400
        assert "Nothing in this WebVTT file is a line with text." in secretary.text
        assert await upload(secretary, name="talk.vtt", young="yes") == 400
        assert "said when this meeting began" in secretary.text
        assert house.running.backend.programme.planned() == ()


async def test_names_are_kept_by_a_statement_and_never_of_young_people(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        assert await upload(secretary, young="no", names="The speakers agreed.") == 200
        live = await house.running.backend.sessions.find(SESSION)
        assert live is not None
        assert list(live.state.speakers.values()) == ["Ann Lee"]
        assert await upload(secretary, name="2019-11-26 Youth (en).vtt", young="yes", names="x") == 200
        youth = await house.running.backend.sessions.find(SessionId("2019-11-26-youth"))
        assert youth is not None
        assert (youth.state.speakers, youth.state.young_people) == ({}, True)
        assert await secretary.get("/admin/meetings/2019-11-26-youth/original") == 404
        assert await secretary.get("/admin/meetings/A B/original") == 404


async def test_a_meeting_that_was_held_here_has_no_ground_to_state(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        assert await upload(secretary, young="no") == 200
        await secretary.get(PAGE)
        hidden = secretary.hidden(f"{PAGE}/ground")
        assert await secretary.post("/admin/meetings/nosuch/ground", {**hidden, "act": "publish", "ground": "x"}) == 409
        assert await secretary.post(f"{PAGE}/ground", {**hidden, "act": "publish", "ground": " "}) == 409
