"""300 people in a hub's room, all behind its access point, ask, read and support: nobody is refused or set aside."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.core.events import questions as qe
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import InterventionId
from moothall.core.sessions.state import Status
from moothall.services.sessions.staff import HALL
from moothall.wire.hubs.messages import HubProgramme, Offered
from moothall_hub.app import BOOK, RunningHub
from moothall_hub.room.questions import QUESTIONS, SUPPORTS
from support.hubs.node import FLOOR, copied, meeting, running_hub
from support.sessions.recorder import SESSION, Recorder

MANY = 300
AT_ONCE = 10
WHY = InterventionId("why")


class Browser:
    """Keeps cookies; all come from one address."""

    def __init__(self, hub: RunningHub, http: aiohttp.ClientSession) -> None:
        self._hub = hub
        self._http = http
        self._cookies: dict[str, str] = {}

    async def get(self, path: str) -> str:
        async with self._http.get(f"{self._hub.own}{path}", headers=self._sent()) as answer:
            text = await answer.text()
            assert answer.status == 200, text
            self._cookies |= {name: morsel.value for name, morsel in answer.cookies.items()}
            return text

    async def enter(self, token: str) -> None:
        async with self._http.get(f"{self._hub.own}/enter/{token}", allow_redirects=False) as answer:
            self._cookies |= {name: morsel.value for name, morsel in answer.cookies.items()}

    async def post(self, path: str, **form: str) -> None:
        async with self._http.post(
            f"{self._hub.own}{path}", headers=self._sent(), data=form, allow_redirects=False
        ) as answer:
            assert answer.status == 303, await answer.text()

    def _sent(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return {"Origin": self._hub.own, "Accept-Language": "en", **({"Cookie": cookies} if cookies else {})}


async def side_by_side(act: Callable[[int], Awaitable[None]]) -> None:
    """What each of MANY does, AT_ONCE of them at a time."""

    async def some(first: int) -> None:
        for number in range(first, MANY, AT_ONCE):
            await act(number)

    async with asyncio.TaskGroup() as group:
        for first in range(AT_ONCE):
            group.create_task(some(first))


async def with_a_question(data: Path) -> None:
    """A copy of a meeting in whose queue a question of somebody else waits."""
    records, recorder = meeting(), Recorder()
    recorder.offset = records[-1].header.offset
    asked = qe.InterventionPublished(
        intervention=WHY,
        number=1,
        kind=InterventionKind.QUESTION,
        text="Who pays?",
        language="en",
        name="",
        origin="web",
        t=0,
    )
    queued = qe.InterventionStatusChanged(intervention=WHY, number=1, status=InterventionStatus.QUEUED, t=0)
    records += [recorder.record(asked), recorder.record(queued)]
    await copied(data, SESSION, records, [FLOOR])


@pytest.mark.slow  # 5 s of CPU; services/desks/test_crowds.py has 300 people at a centre.
async def test_300_people_at_a_hub_ask_read_and_support_and_nobody_is_refused(tmp_path: Path) -> None:
    await with_a_question(tmp_path)
    async with running_hub(tmp_path) as hub, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        offered = Offered(session=SESSION, title="Plenary", place="", begins=None, status=Status.OPEN)
        await hub.parts.offers.take(HubProgramme(sessions=(offered,)))
        coordinator, base = Browser(hub, http), f"/s/{SESSION}"
        _, token = await hub.parts.links.create(Role.HUB, HALL, "Coordinator")
        await coordinator.enter(token)
        form = re.search(r'name="form" value="([^"]+)"', await coordinator.get("/desk"))
        assert form
        await coordinator.post("/desk", form=form[1], session=SESSION, act="mode:open")
        people = [Browser(hub, http) for _ in range(MANY)]
        asked = set[int]()

        async def asks(number: int) -> None:
            if number in asked:
                return
            asked.add(number)
            sent = re.search(r'name="id" value="([^"]+)"', await people[number].get(f"{base}/ask"))
            assert sent
            text = f"Question of no. {number}?"
            await people[number].post(f"{base}/ask", id=sent[1], kind="question", text=text, language="en")

        async def supports(number: int) -> None:
            assert "Who pays?" in await people[number].get(f"{base}/questions")
            await people[number].post(f"{base}/asked/1/support")
            await people[number].post(f"{base}/here/{2 - number % 2}/support")  # nobody's own

        await asks(0)
        await asks(1)
        await side_by_side(asks)
        assert await hub.parts.outbox.count() == MANY, "all are on their way to the meeting"
        await side_by_side(supports)
        assert f"{MANY} here would ask this too" in await people[0].get(f"{base}/questions")
    book = await SqliteBook.open(tmp_path / BOOK)
    assert len(await book.read(QUESTIONS)) == MANY
    supported = [key.split(":")[1] for key in await book.read(SUPPORTS)]
    assert supported.count(WHY) == MANY
    assert MANY - 2 <= len(supported) - MANY <= MANY, "of the two who asked them nobody counts for their own"
    await book.close()
