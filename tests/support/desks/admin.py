"""A real server and browsers without a window, for the tests of the staff's pages."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from html import unescape
from pathlib import Path

import aiohttp

from moothall.app.hall import RunningServer, hall
from moothall.core.kernel.actors import Role
from moothall.core.ports import Clock
from moothall.services.sessions.staff import HALL
from moothall.settings.sections import (
    DraftingSection,
    EngineSection,
    MailSection,
    Server,
    Settings,
    SignIn,
    Streams,
    Translation,
    VoicesSection,
    WebhookSection,
)

NO_SIGN_IN = SignIn()
NO_STREAMS = Streams()
NO_WEBHOOKS = WebhookSection()
NO_MAIL = MailSection()
NO_DRAFTING = DraftingSection()
NO_VOICES = VoicesSection()


class Browser:
    """A browser that keeps cookies, sends forms as real browsers do, and remembers the last page."""

    def __init__(self, http: aiohttp.ClientSession, address: str) -> None:
        self.http = http
        self.address = address
        self.status = 0
        self.text = ""
        self.url = ""
        self.headers: dict[str, str] = {}
        self.cookies: list[str] = []
        """The `Set-Cookie` headers of the last answer."""

    async def get(self, path: str, *, follow: bool = True) -> int:
        async with self.http.get(self._full(path), allow_redirects=follow) as answer:
            return await self._take(answer)

    async def post(
        self, path: str, data: object = None, *, origin: str | None = "own", follow: bool = True, accept: str = "*/*"
    ) -> int:
        headers = {"Accept": accept}
        if origin is not None:
            headers["Origin"] = self.address if origin == "own" else origin
        async with self.http.post(self._full(path), data=data, headers=headers, allow_redirects=follow) as answer:
            return await self._take(answer)

    async def send(self, action: str, **fields: str) -> int:
        """Fill in and send the page's form whose action is `action`; returns the status."""
        return await self.post(action, {**self.hidden(action), **fields})

    def hidden(self, action: str) -> dict[str, str]:
        """Return the hidden fields of the page's first form whose action is `action`."""
        form = re.search(rf'<form[^>]* action="{re.escape(action)}".*?</form>', self.text, re.DOTALL)
        assert form is not None, f"no form for {action}"
        pairs = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form[0])
        return {name: unescape(value) for name, value in pairs}

    def addresses(self) -> list[str]:
        """Return the addresses on the sheets."""
        return [unescape(found) for found in re.findall(r'class="address"[^>]*><a href="([^"]+)"', self.text)]

    async def upload(self, data: bytes, **fields: str) -> int:
        """Upload a programme with the overview's form; returns the status."""
        form = aiohttp.FormData()
        for name, value in {**self.hidden("/admin/programme"), **fields}.items():
            form.add_field(name, value)
        form.add_field("file", io.BytesIO(data), filename="programme", content_type="application/octet-stream")
        return await self.post("/admin/programme", form)

    def _full(self, path: str) -> str:
        return path if path.startswith("http") else self.address + path

    async def _take(self, answer: aiohttp.ClientResponse) -> int:
        self.status, self.url, self.headers = answer.status, answer.url.path, dict(answer.headers)
        self.cookies = answer.headers.getall("Set-Cookie", [])
        self.text = "" if answer.content_type == "text/event-stream" else await answer.text()
        return self.status


class AdminHouse:
    """A server, and as many browsers as the test needs."""

    def __init__(self, running: RunningServer, stack: AsyncExitStack) -> None:
        self.running = running
        self._stack = stack

    async def browser(self) -> Browser:
        """Return a browser that has never been here."""
        jar = aiohttp.CookieJar(unsafe=True)
        http = await self._stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
        return Browser(http, self.running.address)

    async def secretary(self) -> Browser:
        """Return a browser that has opened the admin link."""
        browser = await self.browser()
        link = await self.running.office.admin_link(new=True)
        assert link is not None
        assert await browser.get(link) == 200
        return browser

    async def colleague(self) -> Browser:
        """Return the browser of another member of the secretariat, who has a link of their own."""
        browser = await self.browser()
        _, token = await self.running.backend.links.create(Role.SECRETARIAT, HALL, "colleague")
        assert await browser.get(f"/enter/{token}") == 200
        return browser


@asynccontextmanager
async def admin_house(
    folder: Path,
    public_address: str = "",
    sign_in: SignIn = NO_SIGN_IN,
    streams: Streams = NO_STREAMS,
    webhooks: WebhookSection = NO_WEBHOOKS,
    *,
    mail: MailSection = NO_MAIL,
    drafting: DraftingSection = NO_DRAFTING,
    voices: VoicesSection = NO_VOICES,
    clock: Clock | None = None,
) -> AsyncIterator[AdminHouse]:
    """Run a server without engines."""
    server = Server(port=0, data=str(folder / "data"), public_address=public_address)
    async with (
        hall(
            Settings(
                server=server,
                engine=EngineSection(count=0),
                translation=Translation(translators=()),
                sign_in=sign_in,
                streams=streams,
                webhooks=webhooks,
                mail=mail,
                drafting=drafting,
                voices=voices,
            ),
            clock=clock,
        ) as running,
        AsyncExitStack() as stack,
    ):
        yield AdminHouse(running, stack)


MEETING = {"title": "Water board", "languages": "English, français", "access": "public", "sound": "until-checked"}


async def make(browser: Browser, **fields: str) -> list[str]:
    """Make a meeting with the form; returns the addresses of its sheets."""
    await browser.get("/admin")
    assert await browser.send("/admin/meetings", **{**MEETING, **fields}) == 200, browser.text
    return browser.addresses()
