"""The page of a meeting's figures: who may see it, and that it contains no words and no names."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from moothall.core.commands import Ask, SetStatus
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import InterventionId
from support.desks.meeting import S, meeting


@pytest.mark.parametrize(
    ("role", "scope", "status"),
    [
        (None, "", 401),
        (Role.SECRETARIAT, "hall", 200),
        (Role.TECHNICIAN, f"session:{S}", 200),
        (Role.MODERATOR, f"session:{S}", 200),
        (Role.CHAIR, "hall", 200),
        (Role.CAPTIONER, "hall", 404),
        (Role.RAPPORTEUR, "hall", 404),
        (Role.MODERATOR, "session:other", 404),
        (Role.HUB, f"session:{S}", 404),
    ],
)
async def test_figures_are_for_those_who_oversee_or_lead(
    tmp_path: Path, role: Role | None, scope: str, status: int
) -> None:
    async with meeting(tmp_path) as on, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        if role is not None:
            async with http.get(await on.link(role, scope), allow_redirects=False):
                pass
        async with http.get(f"{on.running.address}/figures/{S}") as answer:
            assert answer.status == status
            assert answer.headers["Cache-Control"] == "no-store"


async def test_a_page_of_figures_without_words_and_names(tmp_path: Path) -> None:
    async with meeting(tmp_path) as on, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        await on.introduce("Ms. Rivera")
        await on.say("a", " ".join(f"secret{n}" for n in range(60)))
        asked = Ask(
            intervention=InterventionId("q1"),
            kind=InterventionKind.QUESTION,
            text="Who <pays>?",
            language="en",
            asker="somebody",
            origin="hub:kisumu",
        )
        await on.do(asked, by=Actor(Role.HUB, "k", hub="kisumu"))
        chair = Actor(Role.CHAIR, "c")
        for status in (InterventionStatus.QUEUED, InterventionStatus.CALLED):
            await on.do(SetStatus(interventions=(InterventionId("q1"),), status=status), by=chair)
        async with http.get(await on.link(Role.TECHNICIAN), allow_redirects=False):
            pass
        async with http.get(f"{on.running.address}/figures/{S}?ui=en") as answer:
            text = await answer.text()
        for told in ("secret", "Rivera", "pays", "somebody"):
            assert told not in text
        assert "Group: \u2068kisumu\u2069" in text
        assert text.index("<table>") < text.index('<svg class="picture')
        assert " style=" not in text
        assert "<td>1</td>" in text
        async with http.get(f"{on.running.address}/control?ui=fr") as answer:
            assert f'href="/figures/{S}?ui=fr"' in await answer.text()
        async with http.get(f"{on.running.address}/figures/none-of-that-name") as answer:
            assert answer.status == 404


async def test_after_a_restart_it_is_said_since_when_readers_are_counted(tmp_path: Path) -> None:
    async with meeting(tmp_path) as on, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(await on.link(Role.TECHNICIAN), allow_redirects=False):
            pass
        async with http.get(f"{on.running.address}/figures/{S}?ui=en") as answer:
            assert "the server was started then" not in await answer.text()
    async with meeting(tmp_path) as on, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(await on.link(Role.TECHNICIAN), allow_redirects=False):
            pass
        async with http.get(f"{on.running.address}/figures/{S}?ui=en") as answer:
            assert "the server was started then" in await answer.text()
