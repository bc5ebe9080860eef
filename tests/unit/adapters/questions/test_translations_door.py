from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.http.security_headers import secure
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.questions.translations_door import (
    ALLOWANCE,
    QuestionTranslationsDoor,
    Rendering,
    ShownTranslation,
)
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.questions.interventions import Intervention
from moothall.services.questions.translations import QuestionTranslations, Rendered, WantedTranslation
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.testing.clock import ManualClock
from moothall.testing.visitors import no_snapshot, visitor_context
from support.memory.hall import MemoryHall, memory_hall
from support.memory.meeting import MemoryMeeting
from support.sessions.questions import MODERATOR, SOMEBODY, ask, stand

PAGES = Pages(find_web_folder())
SPANISH = "echo 1 en>es"


class TranslatedMeeting(MemoryMeeting):
    by = MODERATOR

    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        super().__init__(hall, live)
        self.asked: list[WantedTranslation] = []
        self.began, self.goes_on = asyncio.Event(), asyncio.Event()
        self.goes_on.set()
        self.translations = QuestionTranslations(
            self._translate, lambda wanted: wanted.target == "es", clock=hall.clock
        )
        self.door = QuestionTranslationsDoor(
            visitor_context(PAGES, ManualClock(hall.clock.wall()), no_snapshot, seed=2),
            self.translations,
            questions_of=ReaderAccess(hall.sessions).questions,
        )
        self.client: TestClient[web.Request, web.Application]

    async def _translate(self, wanted: WantedTranslation) -> Rendered | Refusal:
        self.asked.append(wanted)
        self.began.set()
        await self.goes_on.wait()
        if wanted.text == "Broken?":
            return Refusal(code=RefusalCode.UNAVAILABLE, message="The text could not be translated; try again.")
        return Rendered(text=f"[es] {wanted.text}", route=SPANISH)

    async def read(self, path: str, session: str = "s") -> tuple[int, dict[str, object]]:
        async with self.client.get(f"/s/{session}/questions/{path}", headers={"Accept-Language": "en"}) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            return answer.status, await answer.json()

    def each(self, name: str) -> Intervention:
        found = self.live.state.questions.get(InterventionId(name))
        assert found is not None
        return found


@pytest.fixture
async def house() -> AsyncIterator[TranslatedMeeting]:
    async with memory_hall() as hall:
        made = TranslatedMeeting(hall, await hall.session())
        app = web.Application()
        app.add_routes(made.door.routes())
        secure(app)
        running = asyncio.ensure_future(made.translations.run())
        async with TestClient(TestServer(app)) as client:
            made.client = client
            await made.do(do.OpenSession(), by=SYSTEM)
            await made.do(ask("a", "Why?"), ask("b", "Broken?"), ask("c", "Hidden?"), by=SOMEBODY)
            await made.do(stand(InterventionStatus.QUEUED, "a", "b"))
            yield made
        running.cancel()


async def test_a_published_question_is_had_in_another_language(house: TranslatedMeeting) -> None:
    status, told = await house.read("1/es")
    assert status == 200
    assert told == {
        "number": 1,
        "from": "en",
        "language": "es",
        "text": "[es] Why?",
        "made": "Translated by a machine from English, not official",
        "route": "echo 1 en>es",
        "rough": False,
    }
    await house.read("1/es")
    assert len(house.asked) == 1


async def test_what_is_not_public_is_not_there(house: TranslatedMeeting) -> None:
    for path in ("3/es", "9/es", "x/es", "1234567/es", "1/-"):
        status, told = await house.read(path)
        assert (status, told) == (404, {"error": "There is no such question here, or no such language."})
    assert (await house.read("1/es", session="nothing"))[0] == 404
    assert (await house.read("1/es", session="NO"))[0] == 404
    await house.do(stand(InterventionStatus.CALLED, "a"))
    assert (await house.read("1/es"))[0] == 200
    await house.do(do.ClearWall())
    assert (await house.read("1/es"))[0] == 404, "though it had been translated"
    assert [wanted.text for wanted in house.asked] == ["Why?"]


@pytest.mark.parametrize(
    "change",
    [do.ClearWall(), do.Reword(intervention=InterventionId("a"), text="Why so?")],
    ids=["withdrawn", "reworded"],
)
async def test_what_changes_while_it_is_translated_is_not_told(house: TranslatedMeeting, change: do.AnyCommand) -> None:
    await house.do(stand(InterventionStatus.CALLED, "a"))
    house.goes_on.clear()
    reading = asyncio.ensure_future(house.read("1/es"))
    await house.began.wait()
    await house.do(change)
    house.goes_on.set()
    assert (await reading)[0] == 404


async def test_it_says_why_there_is_no_translation(house: TranslatedMeeting) -> None:
    assert await house.read("1/fr") == (404, {"error": "No translation between these languages is available here."})
    status, told = await house.read("2/es")
    assert (status, told["error"]) == (503, "The text could not be translated; try again.")


async def test_who_asks_very_often_waits(house: TranslatedMeeting) -> None:
    statuses = {(await house.read("9/es"))[0] for _ in range(ALLOWANCE.burst + 1)}
    assert statuses == {404, 429}


async def test_pages_show_what_there_is_and_know_where_the_rest_will_be(house: TranslatedMeeting) -> None:
    ui, session = PAGES.catalogues["en"], SessionId("s")
    pending = house.door.of(session, house.each("a"), "es", ui)
    assert pending == Rendering(pending="/s/s/questions/1/es?ui=en")
    before = house.door.generation
    await house.read("1/es")
    assert house.door.generation > before
    made = ShownTranslation(
        text="[es] Why?", language="es", direction="ltr", made="Translated by a machine from English, not official"
    )
    assert house.door.of(session, house.each("a"), "es", ui, first=True) == Rendering(translated=made)
    assert house.door.of(session, house.each("a"), "fr", ui) == Rendering()
