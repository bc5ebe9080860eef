"""The register of bodies: kept by the secretariat, read by everybody; documents are sent by e-mail and webhook."""

from __future__ import annotations

import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import aiohttp
from aiohttp import CookieJar, web
from msgspec.structs import replace

from integration.admin.test_retention import Office, entered
from integration.outcomes.test_documents import FLOOR, HALL, read
from integration.search.test_search import settings
from integration.search.test_speakers import spoken
from moothall.app.hall import RunningServer, hall
from moothall.core.kernel.ids import SegmentId
from moothall.settings.sections import MailSection, WebhookSection
from support.halls.mail_server import MailServer, mail_server
from support.halls.outcomes import OutcomeWriter, messages

BODY = {"id": "itu", "name": "ITU <b>", "issues": "access\nprices", "site": "https://itu.example", "symbol": "ITU/26"}


class Hook:
    """A receiver of messages."""

    def __init__(self) -> None:
        self.address = ""
        self.got: list[dict[str, object]] = []

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(await request.json())
        return web.Response(status=204)


@asynccontextmanager
async def hook() -> AsyncIterator[Hook]:
    made, app = Hook(), web.Application()
    app.router.add_post("/hook", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        made.address = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        yield made
    finally:
        await runner.cleanup()


@asynccontextmanager
async def house(folder: Path, mail: MailServer) -> AsyncIterator[tuple[RunningServer, Office]]:
    given = replace(
        settings(folder),
        mail=MailSection(host="127.0.0.1", port=mail.port, tls="none", sender="office@forum.example"),
        webhooks=WebhookSection(allowed_networks=("127.0.0.0/8",)),
    )
    async with hall(given) as running, aiohttp.ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        await spoken(running, HALL)
        writer = OutcomeWriter(running)
        await writer.register()
        await writer.report(HALL, *messages(await writer.cited(HALL, FLOOR, SegmentId("l0"))))
        await writer.document()
        yield running, await entered(running, http)


async def until(office: Office, text: str, times: int) -> str:
    """The page once it has the text so often."""
    while True:
        page = await office.get("/admin/bodies")
        if page.count(text) >= times:
            return page


async def test_what_concerns_a_body_is_sent_to_it_and_its_answer_stands_beside(tmp_path: Path) -> None:
    async with mail_server() as mail, hook() as receiver, house(tmp_path, mail) as (running, office):
        page = await office.post("/admin/bodies", BODY | {"question": "alone"})
        assert "ITU &lt;b&gt;" in page
        for body, way, address in (
            ("cstd", "email", "office@cstd.example"),
            ("itu", "webhook", receiver.address),
        ):
            await office.post(f"/admin/bodies/{body}/address", {"way": way, "address": address})
        for body in ("cstd", "itu"):
            await office.post("/admin/bodies/send", {"document": "outcomes-2026", "body": body})
        await until(office, "acknowledged", 1)
        page = await until(office, "· sent", 1)
        assert "The secret with which messages to it are signed:" in page
        # By e-mail, with a report of what concerns it
        [raw] = mail.letters
        letter = email.message_from_bytes(raw, policy=default)
        assert isinstance(letter, EmailMessage)
        assert letter["Subject"].startswith("E/CN.16 ")
        text = letter.get_body()
        assert text is not None
        said = text.get_content()
        assert said.startswith("Summary on the rapporteur's responsibility.")
        assert "1. How can <access> be paid for?" in said
        assert "Message no. 1 & <more>.\r\nView of: \u2068Governments\u2069, \u2068Civil society\u2069\r\n" in said
        assert "¿Quién decide?" not in said
        # By webhook, with addresses alone
        [told] = receiver.got
        assert told["type"] == "outcome.published"
        shown = (await read(running, "/outcomes/outcomes-2026?n=1&body=itu")).decode()
        assert "¿Quién decide?" in shown
        assert "How can" not in shown
        await read(running, "/outcomes/outcomes-2026?body=nosuch", 404)
        # What came back
        answer = {"text": "CSTD took <note>.", "document": "outcomes-2026", "paragraph": "7"}
        assert "has no message with that number" in await office.post("/admin/bodies/cstd/reply", answer, 409)
        number = shown_number(await read(running, "/outcomes/outcomes-2026"))
        await office.post("/admin/bodies/cstd/reply", answer | {"paragraph": number})
        for place in ("/outcomes/outcomes-2026", "/bodies"):
            assert "CSTD took &lt;note&gt;." in (await read(running, place)).decode()
        bodies = (await read(running, "/bodies")).decode()
        for secret in ("office@cstd.example", receiver.address, "whsec_"):
            assert secret not in bodies
        assert "prices" in bodies
        feed = (await read(running, "/bodies/cstd/outcomes.atom")).decode()
        assert "/outcomes/outcomes-2026?n=1&amp;body=cstd" in feed


def shown_number(page: bytes) -> str:
    """The number of the first message."""
    return page.decode().split('<div class="message" id="p', 1)[1].split('"', 1)[0]


async def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    async with mail_server() as mail, house(tmp_path, mail) as (_, office):
        for changed in ({"id": "no name"}, {"site": "itu"}):
            assert "This can&#39;t be noted." in await office.post("/admin/bodies", BODY | changed, 409)
        wrong = {"way": "email", "address": "nobody"}
        assert "This can&#39;t be noted." in await office.post("/admin/bodies/cstd/address", wrong, 409)
        for sent in ({"document": "nosuch", "body": "cstd"}, {"document": "outcomes-2026"}):
            assert "Choose a document" in await office.post("/admin/bodies/send", sent, 409)
        await office.post("/admin/bodies/cstd/reply", {"text": "It did.", "document": "nosuch"}, 404)
        mail.refusing["RCPT"] = "550 no such mailbox"
        await office.post("/admin/bodies/cstd/address", {"way": "email", "address": "office@cstd.example"})
        await office.post("/admin/bodies/send", {"document": "outcomes-2026", "body": "cstd"})
        page = await until(office, "The mail server refuses the address (550).", 1)
        assert "failed" in page
        await office.post("/admin/bodies", {"id": "cstd", "name": ""})
        assert "No body is registered yet." in await office.get("/admin/bodies")
