"""The page of one meeting: what is done when stands together, what counts now first, and what is folded says how it
stands.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from moothall.core.commands import AttachEngine, CommitWords, SegmentStart
from moothall.core.events.lines import Word
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId, SessionId
from moothall.services.sessions.staff import session_scope
from moothall.testing.engine_link import engine_link
from moothall.wire.engine import PROTOCOL, EngineHello
from support.desks.admin import admin_house, make

PAGE = "/admin/meetings/water-board"
BEFORE, DURING, AFTER = ("Before the meeting", "During the meeting", "After the meeting")


def headings(html: str) -> list[str]:
    """The titles of the page's parts, in their order."""
    return re.findall(r"<h2[^>]*>([^<]*)</h2>", html)


def folded(html: str) -> dict[str, str]:
    """What each folded part says beside its title."""
    found = re.findall(r'<details class="part">\s*<summary><h3[^>]*>([^<]*)</h3>(.*?)</summary>', html)
    return {title: re.sub("<[^>]*>", "", value).strip() for title, value in found}


async def test_what_counts_now_stands_first(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        await make(secretary)
        await secretary.get(PAGE)
        assert headings(secretary.text) == ["What is planned", BEFORE, DURING]
        assert await secretary.send(PAGE, act="open") == 200
        assert headings(secretary.text) == ["What is planned", DURING, BEFORE, AFTER]
        assert await secretary.send(PAGE, act="close") == 200
        assert headings(secretary.text) == ["Versions of the text", "What is planned", AFTER, DURING, BEFORE]


async def test_a_closed_meeting_has_its_text_sealed(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        await make(secretary)
        await secretary.get(PAGE)
        assert await secretary.send(PAGE, act="open") == 200
        assert await secretary.send(PAGE, act="seal-checked") == 409
        await secretary.get(PAGE)
        assert await secretary.send(PAGE, act="close") == 200
        assert await secretary.send(PAGE, act="seal-checked") == 200
        assert await secretary.send(PAGE, act="seal-final") == 200
        await secretary.get("/s/water-board/versions")
        assert re.findall(r'<h2><a href="[^"]*/versions/(\d)[^"]*">([^<]*)</a></h2>', secretary.text) == [
            ("2", "Final"),
            ("1", "Checked"),
            ("0", "As it came"),
        ]
        assert secretary.text.count("Sealed by: Secretariat, ") == 2


async def test_a_text_that_a_machine_wrote_roughly_is_sealed_as_checked_before_it_is_final(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        await make(secretary)
        await secretary.get(PAGE)
        assert await secretary.send(PAGE, act="open") == 200
        live = await house.running.backend.sessions.find(SessionId("water-board"))
        assert live is not None
        floor = next(iter(live.state.channels))
        said = CommitWords(
            channel=floor,
            generation=1,
            segment=SegmentId("r-1"),
            first=0,
            words=(Word(text="Hum.", t0=0, t1=1),),
            start=SegmentStart(t0=0, language="en"),
        )
        attach = AttachEngine(channel=floor, model="base", rough=("en",))
        await live.writer.send(SYSTEM, CommandId("attach"), attach)
        await live.writer.send(Actor(Role.ENGINE, "base"), CommandId("words"), said)
        await secretary.get(PAGE)
        assert await secretary.send(PAGE, act="close") == 200
        assert "Only a text that was sealed as checked can be sealed as final." in secretary.text
        assert 'value="seal-final"' not in secretary.text
        assert await secretary.send(PAGE, act="seal-checked") == 200
        assert "Only a text that was sealed as checked" not in secretary.text
        assert await secretary.send(PAGE, act="seal-final") == 200


async def test_what_is_folded_says_how_it_stands(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        await make(secretary)
        await secretary.get(PAGE)
        held = "Hold it again, hide it, or not hold it"
        assert folded(secretary.text) == {"Links": "Technician", "Policy questions": "0", held: ""}
        assert "<dt>Sound</dt><dd>Keep it until the text is checked" in secretary.text
        for label in ("Ann", "Ben"):
            scope = session_scope(SessionId("water-board"))
            await house.running.backend.links.create(Role.MODERATOR, scope, label)
        assert await secretary.send(f"{PAGE}/questions", questions="Who pays?\nWhen?") == 200
        assert await secretary.send(f"{PAGE}/standing", act="hide") == 200
        links = "Technician · Moderator"
        assert folded(secretary.text) == {"Links": links, "Policy questions": "2", held: "In no public list"}
        assert await secretary.send(f"{PAGE}/standing", act="cancel", reason="The hall is flooded") == 200
        assert folded(secretary.text)[held] == "The hall is flooded"


async def test_where_languages_are_chosen_it_is_said_how_many_words_come_out_wrong_in_which(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        await make(secretary)
        ours, theirs = engine_link()
        serving = asyncio.ensure_future(house.running.recognising.serve(theirs))
        hello = EngineHello(
            protocol=PROTOCOL, name="e", model="whisper-base", languages=(), channels=1, errors={"ar": 29.2, "zh": 10.9}
        )
        await ours.send(hello)
        while not house.running.recognising.engines:  # noqa: ASYNC110  # its hello comes first
            await asyncio.sleep(0)
        for page in ("/admin", PAGE, "/control"):
            assert await secretary.get(page) == 200
            assert "Arabic\u00a029, Chinese\u00a011 (characters)." in secretary.text
        theirs.abort()
        await asyncio.gather(serving, return_exceptions=True)
        await secretary.get(PAGE)
        assert "of 100 words" not in secretary.text
