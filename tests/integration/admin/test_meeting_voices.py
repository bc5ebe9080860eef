"""What is measured of voices in a meeting, as the secretariat chooses it."""

from __future__ import annotations

from pathlib import Path

from moothall.core.events.types import VoiceUse
from moothall.core.kernel.ids import SessionId
from moothall.settings.sections import VoicesSection
from support.desks.admin import admin_house, make


async def test_what_is_measured_of_voices_is_chosen_where_the_house_allows_any(tmp_path: Path) -> None:
    field = 'name="voice_use"'
    async with admin_house(tmp_path / "none") as house:
        secretary = await house.secretary()
        await make(secretary)
        await secretary.get("/admin/meetings/water-board")
        assert field not in secretary.text
    async with admin_house(tmp_path / "all", voices=VoicesSection(changes=True, recognise=True)) as house:
        secretary, programme = await house.secretary(), house.running.backend.programme

        async def use(name: str) -> VoiceUse:
            live = await programme.live(SessionId(name))
            assert live is not None
            return live.state.voice_use

        await secretary.get("/admin")
        assert secretary.text.count(field) == 3
        await make(secretary, voice_use="changes")
        assert await use("water-board") is VoiceUse.CHANGES
        page = "/admin/meetings/water-board"
        await secretary.get(page)
        assert "<dd>Only paragraphs where the voice changes</dd>" in secretary.text
        form = {"title": "Water board", "languages": "English, French", "starts": "", "ends": ""}
        assert await secretary.send(f"{page}/plan", **form, voice_use="all") == 400
        await secretary.get(page)
        assert await secretary.send(f"{page}/plan", **form, voice_use="none") == 200
        assert await use("water-board") is VoiceUse.NONE
        await secretary.get(f"{page}/duplicate")
        assert await secretary.send(f"{page}/duplicate", title="Water again", starts="") == 200
        assert await use("water-again") is VoiceUse.NONE
        await make(secretary, title="School", young_people="1", voice_use="allowed")
        assert await use("school") is VoiceUse.NONE
        await secretary.get("/admin/meetings/school")
        assert field not in secretary.text
