"""A question's way from its author to the record, in three browsers, with every kind of trouble at each step.

The browsers are a participant's who reads Spanish, a moderator's who reads English, and the room's wall; the server is
a process of its own. The walk is repeated with a mouse, by keys alone, with every page reloaded, with the connection
cut and with the server killed while each act is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from moothall.core.events.lines import Origin
from moothall.core.events.question_parts import InterventionStatus
from support.desks.process import DeskHall
from support.halls.process import SESSION, free_port
from support.links.breakable_link import BreakableLink, breakable_link_to

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
MOST_TABS = 120
ASKED = "¿Quién paga el agua de Nairobi?"
TYPED = "Gracias por la respuesta."


class Trouble(StrEnum):
    """What goes wrong while each act is made."""

    NONE = "none"
    KEYS = "keys"
    """Nothing, but there is no mouse."""
    RELOAD = "reload"
    CUT = "cut"
    RESTART = "restart"


class Hall(DeskHall):
    """Reached through a line that can be cut, and with translators that echo."""

    def __init__(self, data: Path, port: int, behind: str) -> None:
        super().__init__(data, port)
        self.address = behind
        self.settings = {"MOOTHALL_TRANSLATION__TRANSLATORS": "echo"}
        data.with_suffix(".toml").write_text(
            f'[server]\npublic_address = "{behind}"\n[engine]\ncount = 0\n', encoding="utf-8"
        )


class Story:
    """The three pages, and what is done on them."""

    def __init__(self, hall: Hall, link: BreakableLink, trouble: Trouble, pages: tuple[Page, Page, Page]) -> None:
        self.hall, self.link, self.trouble = hall, link, trouble
        self.author, self.desk, self.wall = pages

    @property
    def away(self) -> bool:
        """Whether the server can't be reached while an act is made."""
        return self.trouble in (Trouble.CUT, Trouble.RESTART)

    @asynccontextmanager
    async def act(self) -> AsyncIterator[None]:
        """Around each act, of people who have their whole page: one whose script has yet to come can keep nothing."""
        for page in (self.author, self.desk, self.wall):
            await page.wait_for_load_state()
        if self.trouble is Trouble.CUT:
            self.link.cut()
        elif self.trouble is Trouble.RESTART:
            await self.hall.kill()
        if self.away:
            await expect(self.desk.locator("#Stands")).to_have_attribute("data-kind", "lost")
        yield
        if self.trouble is Trouble.CUT:
            self.link.mend()
        elif self.trouble is Trouble.RESTART:
            await self.hall.start()
        elif self.trouble is Trouble.RELOAD:
            await asyncio.gather(*(page.reload() for page in (self.author, self.desk, self.wall)))
        if self.away:
            for page in (self.author, self.desk, self.wall):
                await page.evaluate("dispatchEvent(new Event('online'))")
        await expect(self.desk.locator("#Stands")).to_have_attribute("data-kind", "live")

    async def press(self, button: Locator) -> None:
        """Press a button or follow a link, by mouse or by keys."""
        if self.trouble is not Trouble.KEYS:
            await button.click()
            return
        await self.reach(button)
        await button.page.keyboard.press("Enter")

    async def write(self, field: Locator, text: str) -> None:
        """Write into a field."""
        if self.trouble is not Trouble.KEYS:
            await field.fill(text)
            return
        await self.reach(field)
        await field.page.keyboard.type(text)

    async def reach(self, wanted: Locator) -> None:
        """Go to an element with the tabulator."""
        await wanted.page.bring_to_front()
        for _ in range(MOST_TABS):
            if await wanted.evaluate("each => each === document.activeElement"):
                return
            await wanted.page.keyboard.press("Tab")
        raise AssertionError(f"{wanted} is not reached with the tabulator.")

    def statuses(self) -> list[InterventionStatus]:
        """Where each question stands in the log, by number."""
        return [each.status for each in self.hall.state().questions.with_status(*InterventionStatus)]


async def _shown(locator: Locator, text: str) -> None:
    await expect(locator).to_contain_text(text)


@asynccontextmanager
async def _story(browser: Browser, tmp_path: Path, trouble: Trouble) -> AsyncIterator[Story]:
    port = free_port(60 + list(Trouble).index(trouble))
    async with breakable_link_to(port) as link:
        hall = Hall(tmp_path / "data", port, link.address)
        await hall.prepare(("en", "es"), begin_other=False)
        contexts = [await browser.new_context(locale=tag) for tag in ("es-CO", "en-GB", "en-GB")]
        author, desk, wall = [await context.new_page() for context in contexts]
        await hall.start()
        try:
            await author.goto(f"{hall.address}/s/{SESSION}?ui=es")
            await desk.goto(f"{hall.address}/enter/{hall.token}")
            await desk.goto(f"{hall.address}/moderate/{SESSION}?ui=en")
            await wall.goto(f"{hall.address}/s/{SESSION}/screen?ui=en")
            await expect(desk.locator("#Stands")).to_have_attribute("data-kind", "live")
            yield Story(hall, link, trouble, (author, desk, wall))
        finally:
            for context in contexts:
                await context.close()
            await hall.stop()


IN_ANOTHER = set(Trouble) - {Trouble.CUT}
"""What goes wrong there goes wrong in the quick tests too: where nothing goes wrong, nothing differs but the cuts.
`test_moderating.py` cuts the line and starts the server again between two acts of a desk, and leads a question through
all its states by keys; `test_turns.py` and `test_asking_offline.py` load pages of an author again.
"""


@pytest.mark.parametrize(
    "trouble", [pytest.param(each, marks=[pytest.mark.slow] * (each in IN_ANOTHER)) for each in Trouble]
)
async def test_a_question_comes_through(browser: Browser, tmp_path: Path, trouble: Trouble) -> None:
    async with _story(browser, tmp_path, trouble) as story:
        author, desk, wall = story.author, story.desk, story.wall
        await story.press(author.get_by_role("link", name="Preguntar", exact=True))
        await story.write(author.get_by_label("Su nombre o un seudónimo"), "Añez")
        await story.write(author.get_by_label("Su pregunta o comentario"), ASKED)
        async with story.act():
            await story.press(author.get_by_role("button", name="Enviar"))
            if story.away:
                await _shown(author.locator("#KeptList"), ASKED)
            else:
                await author.locator(".stands").wait_for()
        if story.away:
            await story.press(author.locator("#KeptSent a"))
        await _shown(author.locator(".stands"), "En revisión")
        await _shown(desk.locator("#Checked .question"), ASKED)
        await _shown(desk.locator("#Checked .question .translated"), "[en]")
        assert ASKED not in await wall.content(), "nothing unapproved is on a wall"

        async with story.act():
            await story.write(desk.locator("#Add textarea"), ASKED)
            await story.press(desk.get_by_role("button", name="Put it into the queue"))
        await _shown(desk.locator("#Queued .question"), ASKED)
        async with story.act():
            await story.press(desk.get_by_role("button", name="Approve No. 1", exact=True))
        await _shown(author.get_by_role("status"), "En la lista de espera")
        more = desk.get_by_role("button", name="More No. 2", exact=True)
        # A row opens by itself where keys come to it.
        await (story.reach(more) if trouble is Trouble.KEYS else story.press(more))
        async with story.act():
            await story.press(desk.get_by_role("button", name="Join them No. 2", exact=True))
        await _shown(desk.locator("#Others .question"), "Joined with a similar question (no. 1)")
        await _shown(author.get_by_role("status"), "el siguiente turno es suyo")
        await _shown(wall.locator("#Asked .next"), ASKED)

        async with story.act():
            await story.press(desk.get_by_role("button", name="Call No. 1", exact=True))
        await _shown(author.get_by_role("alert"), "Ahora: es su turno")
        await _shown(wall.locator("#Asked .now"), "Añez")
        await _shown(wall.locator("#Asked .now .asks").first, ASKED)
        await _shown(wall.locator("#Asked .now .asks").last, "[en]")
        async with story.act():
            await story.write(author.get_by_label("Sus palabras"), TYPED)
            await author.get_by_label("Sus palabras").press("Enter")
            await _shown(author.locator("#Typed"), TYPED)
        await _shown(wall.locator("#Newest"), TYPED)
        await expect(wall.locator("#Newest .rest")).to_have_count(0)

        async with story.act():
            await story.press(desk.get_by_role("button", name="Answered No. 1", exact=True))
        await _shown(desk.locator("#Answered .question"), ASKED)
        await expect(wall.locator("#Asked")).to_be_hidden()
        moment = author.get_by_role("link", name="Ver la respuesta en el texto")
        await moment.wait_for()
        await story.press(moment)
        await expect(author.locator("#Lines .line:target")).to_be_in_viewport()

        assert story.statuses() == [InterventionStatus.ANSWERED, InterventionStatus.JOINED]
        typed = [line.whole for line in story.hall.lines() if line.origin is Origin.SPEAKER and not line.made_from]
        assert typed == [TYPED], "once"
