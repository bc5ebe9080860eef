from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from moothall.core.events.outcome_parts import (
    DocumentForm,
    NumberedParagraph,
    ParagraphStyle,
    SendingState,
    SendingWay,
)
from moothall.core.events.types import Access, LogKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import RecordBroken, Refusal
from moothall.core.kernel.ids import CommandId, RecipientId, ReplyId, SessionId
from moothall.core.outcomes import commands as oc
from moothall.core.outcomes.register import Register
from moothall.core.webhooks.hooks import BACKOFF, GIVE_UP_MS, GONE
from moothall.core.webhooks.signing import signature
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.outcome_logs import OutcomeLogs
from moothall.services.outcomes.sending import (
    GONE_TEXT,
    MOST_WAITING,
    SECRETS,
    WAITING,
    DocumentSending,
    Letter,
    OrderedSending,
)
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.live_session import LiveSession
from moothall.testing import loop
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from support.memory.hall import memory_hall

CSTD, DOCUMENT = RecipientId("cstd"), SessionId("outcomes-2026")
STAFF = Actor(Role.SECRETARIAT, "staff-1")


class Outside:
    """A mail server and a receiver of webhooks."""

    def __init__(self) -> None:
        self.status, self.failure = 204, ""
        self.posted: list[tuple[str, dict[str, str], bytes]] = []
        self.mailed: list[tuple[str, Letter]] = []
        self.broken = False

    async def post(self, address: str, headers: dict[str, str], body: bytes) -> int:
        self.posted.append((address, headers, body))
        return self.status

    async def send(self, address: str, letter: Letter) -> str:
        self.mailed.append((address, letter))
        return self.failure

    async def letter(self, order: OrderedSending) -> Letter:
        if self.broken:
            raise RecordBroken("A report can't be read.")
        return Letter(f"{order.recipient.name} {order.n}", "text", "a.docx", b"file")


class Office:
    def __init__(self, sending: DocumentSending, register: LiveSession, outside: Outside, book: MemoryBook) -> None:
        self.sending, self.live, self.outside, self.book = sending, register, outside, book
        self.n = 0

    @property
    def register(self) -> Register:
        return self.live.state.outcomes.register

    async def tell(self, command: oc.RegisterCommand) -> None:
        self.n += 1
        assert isinstance(await self.live.writer.send(STAFF, CommandId(f"c{self.n}"), command), Receipt)

    async def address(self, way: SendingWay | None, address: str = "") -> None:
        await self.tell(oc.AddressRecipient(recipient=CSTD, way=way, address=address))

    async def sent(self, n: int = 2) -> list[tuple[SendingState, str]]:
        """Send a version of the document, and return what the register says of all sendings."""
        order = OrderedSending(recipient=self.register.recipients[CSTD], document=DOCUMENT, n=n)
        assert await self.sending.order([order]) is None
        await self.sending.done()
        return [(each.state, each.detail) for each in self.register.sendings.values()]

    async def later(self, ms: int) -> list[tuple[SendingState, str]]:
        """What the register says of all sendings after a while."""
        await self.sending.clock.sleep(ms)
        return [(each.state, each.detail) for each in self.register.sendings.values()]


@asynccontextmanager
async def office(*, mail: bool = True) -> AsyncIterator[Office]:
    async with memory_hall() as hall:
        catalogue, outside, book = SessionCatalogue(hall.log), Outside(), MemoryBook()
        logs = OutcomeLogs(hall.sessions, entries=catalogue.all)
        sending = DocumentSending(
            logs,
            book=book,
            hooks=outside,
            mail=outside if mail else None,
            letter_of=outside.letter,
            clock=hall.clock,
            randomness=SeededRandomness(),
            public="https://meet.example",
        )
        register = await logs.register()
        assert isinstance(register, LiveSession)
        document = await logs.make(DOCUMENT, LogKind.DOCUMENT, "Outcomes", access=Access.PUBLIC)
        assert isinstance(document, LiveSession)
        stated = oc.StateDocument(form=DocumentForm.OUTCOME, since="2026-12-01", until="2026-12-01")
        paragraph = NumberedParagraph(n=1, style=ParagraphStyle.TEXT, text="All agreed.")
        version = oc.PublishDocument(language="en", paragraphs=(paragraph,))
        assert isinstance(await document.writer.send(STAFF, CommandId("d1"), stated), Receipt)
        assert isinstance(await document.writer.send(SYSTEM, CommandId("d2"), [version, version]), Receipt)
        here = Office(sending, register, outside, book)
        await here.tell(oc.RegisterRecipient(recipient=CSTD, name="CSTD", symbol="E/CN.16"))
        assert hall.group is not None
        running = hall.group.create_task(sending.run())
        yield here
        running.cancel()


def test_an_email_is_sent_when_the_mail_server_takes_it() -> None:
    async def story() -> None:
        async with office() as here:
            await here.address(SendingWay.EMAIL, "office@cstd.example")
            assert await here.sent() == [(SendingState.SENT, "")]
            assert here.outside.mailed == [("office@cstd.example", Letter("CSTD 2", "text", "a.docx", b"file"))]
            here.outside.failure = "The mail server answered 450."
            assert (await here.sent())[1] == (SendingState.FAILED, "The mail server answered 450.")
            here.outside.failure = ""
            assert await here.later(60_000) == [(SendingState.SENT, ""), (SendingState.SENT, "")]
            assert here.sending.waiting == {}

    loop.run(story())


def test_a_webhook_acknowledges_a_signed_message_without_words() -> None:
    async def story() -> None:
        async with office() as here:
            await here.address(SendingWay.WEBHOOK, "https://cstd.example/hook")
            assert await here.sent() == [(SendingState.ACKNOWLEDGED, "")]
            [(address, headers, body)] = here.outside.posted
            assert address == "https://cstd.example/hook"
            secret = await here.sending.secret(CSTD)
            at = int(headers["webhook-timestamp"])
            assert headers["webhook-signature"] == signature([secret], headers["webhook-id"], at, body)
            assert (await here.book.read(SECRETS)) == {CSTD: secret.encode()}
            told = msgspec.json.decode(body)
            assert told["type"] == "outcome.published"
            assert told["data"] == {
                "document": DOCUMENT,
                "version": 2,
                "body": CSTD,
                "symbol": "E/CN.16",
                "address": "https://meet.example/outcomes/outcomes-2026?n=2&body=cstd",
                "json": "https://meet.example/outcomes/outcomes-2026/document.json?n=2&body=cstd",
            }
            here.outside.status = GONE
            assert (await here.sent())[1] == (SendingState.FAILED, "The receiver answered 410.")
            assert here.sending.waiting == {}, "it wants nothing more"
            here.outside.status = 0
            assert (await here.sent())[2][1] == "Nobody answered, or the address may not be reached."

    loop.run(story())


def test_a_failed_one_is_sent_again_ever_later_with_the_same_id_and_given_up_after_three_days() -> None:
    async def story() -> None:
        async with office() as here:
            await here.address(SendingWay.WEBHOOK, "https://cstd.example/hook")
            here.outside.status = 500
            assert await here.sent() == [(SendingState.FAILED, "The receiver answered 500.")]
            [waiting] = here.sending.waiting.values()
            assert waiting.again - waiting.made == BACKOFF.first_ms
            assert set(await here.book.read(WAITING)) == {waiting.id}
            await here.later(120_000)
            assert {headers["webhook-id"] for _, headers, _ in here.outside.posted} == {waiting.id}
            assert len({body for _, _, body in here.outside.posted}) == 1
            assert len(here.outside.posted) == 5, "after 0, 5, 15, 35 and 75 s"
            assert await here.later(GIVE_UP_MS + BACKOFF.last_ms) == [
                (SendingState.FAILED, "The receiver answered 500.")
            ]
            assert here.sending.waiting == {}
            assert await here.book.read(WAITING) == {}

    loop.run(story())


def test_what_waited_when_the_server_ended_is_sent_and_what_was_answered_says_so() -> None:
    async def story() -> None:
        async with office() as here:
            await here.address(SendingWay.WEBHOOK, "https://cstd.example/hook")
            here.outside.status = 500
            await here.sent()
            here.outside.status = 204
            again = DocumentSending(
                here.sending.logs,
                book=here.book,
                hooks=here.outside,
                mail=None,
                letter_of=here.outside.letter,
                clock=here.sending.clock,
                randomness=SeededRandomness(),
                public="https://meet.example",
            )
            running = asyncio.ensure_future(again.run())
            await here.later(10_000)
            running.cancel()
            assert again.waiting == {}
            [sending] = here.register.sendings.values()
            assert (sending.state, here.register.answered(sending)) == (SendingState.ACKNOWLEDGED, False)
            note = oc.NoteReply(
                reply=ReplyId("r1"), recipient=CSTD, text="It took note.", language="en", document=DOCUMENT
            )
            await here.tell(note)
            assert here.register.answered(sending)

    loop.run(story())


@pytest.mark.parametrize("way", [SendingWay.EMAIL, SendingWay.WEBHOOK])
def test_a_document_that_was_removed_is_sent_no_more_and_the_register_says_so(way: SendingWay) -> None:
    async def story() -> None:
        async with office() as here:
            await here.address(way, "office@cstd.example" if way is SendingWay.EMAIL else "https://cstd.example/hook")
            assert await here.sent(n=3) == [(SendingState.FAILED, GONE_TEXT)]
            assert (here.outside.mailed, here.outside.posted) == ([], [])
            assert await here.book.read(WAITING) == {}

    loop.run(story())


def test_a_record_that_cannot_be_read_delays_its_own_letter_alone() -> None:
    async def story() -> None:
        async with office() as here:
            await here.address(SendingWay.EMAIL, "office@cstd.example")
            here.outside.broken = True
            assert await here.sent() == []
            assert len(here.sending.waiting) == 1
            here.outside.broken = False
            assert await here.later(2 * BACKOFF.first_ms) == [(SendingState.SENT, "")]

    loop.run(story())


def test_whoever_follows_a_feed_or_has_no_address_is_sent_nothing() -> None:
    async def story() -> None:
        async with office() as here:
            assert await here.sent() == []
            await here.address(SendingWay.FEED)
            assert await here.sent() == []

    loop.run(story())


def test_without_a_mail_server_it_says_so() -> None:
    async def story() -> None:
        async with office(mail=False) as here:
            await here.address(SendingWay.EMAIL, "office@cstd.example")
            assert await here.sent() == [(SendingState.FAILED, "No mail server is set.")]

    loop.run(story())


def test_too_many_orders_are_refused() -> None:
    async def story() -> None:
        async with office() as here:
            order = OrderedSending(recipient=here.register.recipients[CSTD], document=DOCUMENT, n=1)
            refused = await here.sending.order([order] * (MOST_WAITING + 1))
            assert isinstance(refused, Refusal)
            assert here.sending.waiting == {}
            await asyncio.sleep(0)

    loop.run(story())
