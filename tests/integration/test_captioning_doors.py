"""Captioning software as others have written it, at a real server: what it sends is what readers get."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp
import pytest

from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.services.captioning.streams import MOST_BYTES
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.role_links import session_scope
from moothall.settings.sections import Engine, Server, Settings, Translation
from support.captioning.plover import PloverWorker

PLENARY = SessionId("plenary")
FLOOR = ChannelId("floor")


class House:
    def __init__(self, running: RunningServer, live: LiveSession, link: str, key: str) -> None:
        self.running, self.live, self.link, self.key = running, live, link, key

    def address(self, path: str, key: str | None = None) -> str:
        return f"{self.running.address}{path}?session={PLENARY}&key={self.key if key is None else key}"

    async def do(self, name: str, *commands: do.AnyCommand) -> None:
        await self.live.writer.send(SYSTEM, CommandId(name), commands)

    async def close(self) -> None:
        closing = self.running.backend.closing
        await closing.send(self.live.writer, SYSTEM, CommandId("close"), [do.CloseSession()])

    @property
    def lines(self) -> list[str]:
        found = sorted((line.t0, name, line.whole) for name, line in self.live.state.segments.items() if line.whole)
        return [text for _, _, text in found]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path)), engine=Engine(count=0), translation=Translation(translators=())
    )
    async with hall(settings) as running:
        live = await running.backend.sessions.open(PLENARY)
        made = [
            do.CreateSession(title="Plenary", languages=("en",)),
            do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
        ]
        await live.writer.send(SYSTEM, CommandId("create"), made)
        await live.writer.send(SYSTEM, CommandId("open"), do.OpenSession())
        links = running.backend.links
        staff, _ = await links.create(Role.CAPTIONER, session_scope(PLENARY), "Stenographer")
        yield House(running, live, staff.link, links.captions_key(staff.link) or "")


@pytest.mark.parametrize("rolling", [True, False])
async def test_plover_s_posts_for_zoom_stand_once(house: House, *, rolling: bool) -> None:
    words = "We open the meeting of the forum . All of you are welcome here , far away too ."
    said = [word if word in ".," else f" {word}" for word in words.split()]

    def writes() -> list[int]:
        worker = PloverWorker(house.address("/closedcaption"), rolling=rolling)
        worker.write(*said[:8])
        again = PloverWorker(house.address("/closedcaption"), rolling=rolling)  # Its user starts it anew.
        again.rows, again.row = worker.rows, worker.row
        again.write(*said[8:])
        again.flush()
        return [*worker.statuses, *again.statuses]

    assert set(await asyncio.to_thread(writes)) == {200}
    await house.close()
    told = re.sub(r" (?=[.,])", "", " ".join(house.lines))
    assert told == "We open the meeting of the forum. All of you are welcome here, far away too."


async def test_streamtext_s_published_post_is_taken_by_curl_with_its_delete(house: House, tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"This is a test\nWith 2 lins\x08es and a delete character\n")
    sent = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--show-error", "--request", "POST", f"{house.address('/captions')}&seq=1&lang=en"),
        *("--header", "Content-Type: text/plain; charset=utf-8", "--header", "Content-Language: en-US"),
        *("--header", "X-Timestamp: 2020-06-20T16:43:29.0960224Z", "--data-binary", f"@{body}"),
        stdout=asyncio.subprocess.PIPE,
    )
    answer, _ = await sent.communicate()
    assert re.fullmatch(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer)
    assert house.lines == ["This is a test", "With 2 lines and a delete character"]


async def test_what_can_t_be_taken_gets_the_answers_of_zoom(house: House) -> None:
    zoom, plain = house.address("/closedcaption"), {"Content-Type": "text/plain"}
    tried: Sequence[tuple[str, str, object, int]] = [
        ("POST", f"{zoom}&seq=1", b"One\n", 200),
        ("POST", f"{zoom}&seq=1", b"One\n", 200),
        ("POST", f"{zoom}&seq=1&lang=en-US", "Gr\xfc\xdfe\n".encode("cp1252"), 400),
        ("POST", zoom, b"no number", 400),
        ("POST", f"{zoom}&seq=x", b"no number", 400),
        ("POST", f"{house.address('/captions')}&seq=-1", b"no number", 400),
        ("POST", f"{zoom}&seq=2", b"x" * (MOST_BYTES + 1), 413),
        ("POST", f"{zoom}&seq=2", bytes(range(8)) * 9, 400),
        ("POST", f"{house.address('/closedcaption', 'wrong')}&seq=2", b"a", 403),
        ("POST", f"{house.address('/closedcaption', house.link + '.0')}&seq=2", b"a", 403),
        ("POST", f"{zoom.replace(PLENARY, 'other')}&seq=2", b"a", 403),
        ("POST", f"{zoom}&seq=2&channel=none", b"a", 404),
        ("PUT", zoom, b"a", 405),
        ("GET", zoom, None, 405),
        ("POST", f"{zoom}&seq=7", b"Two\n", 200),
        ("POST", f"{zoom}&seq=3", b"Three\n", 403),
        ("GET", house.address("/closedcaption/seq"), None, 200),
    ]
    async with aiohttp.ClientSession() as http:
        for method, address, body, status in tried:
            async with http.request(method, address, data=body, headers=plain) as answer:
                text = await answer.text()
                assert answer.status == status, (method, body, text)
                assert house.key not in text
        assert text == "7"
        koi = {"Content-Type": "text/plain; charset=koi8-r"}
        async with http.post(f"{zoom}&seq=8", data=b"a", headers=koi) as answer:
            assert (answer.status, (await answer.text())[:34]) == (415, "This charset is not read here. Sen")
        assert house.lines == ["One", "Two"]
        await house.do("break", do.PauseSession())
        async with http.post(f"{zoom}&seq=8", data=b"Secret\n", headers=plain) as answer:
            assert (answer.status, answer.headers["Caption-Notice"][:23]) == (200, "Nothing of this is kept")
        await house.do("on", do.ResumeSession())
        await house.close()
        async with http.post(f"{zoom}&seq=9", data=b"Late\n", headers=plain) as answer:
            assert (answer.status, await answer.text()) == (400, "The session is closed and takes no lines now.\n")
        await house.running.backend.links.replace(house.link)
        async with http.get(house.address("/closedcaption/seq")) as answer:
            assert answer.status == 403
    assert house.lines == ["One", "Two"]
