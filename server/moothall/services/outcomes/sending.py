"""Sends documents to the bodies of the register, by e-mail or webhook, and notes in the register what became of each.

An e-mail is *sent* when the mail server has taken it, a message to a webhook *acknowledged* when its receiver has. A
failed one is sent again when the secretariat says so. Addresses are in no line of the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import msgspec

from moothall.core.events.outcome_parts import SendingState, SendingWay
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import CommandId, RecipientId, SendingId, SessionId
from moothall.core.outcomes.commands import NoteSending
from moothall.core.outcomes.register import Recipient, RecipientAddress
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.webhooks.signing import SECRET_BYTES, secret_text, signature
from moothall.services.outcomes.outcome_logs import OutcomeLogs

logger = logging.getLogger(__name__)

SECRETS = "outcome-secret"
"""Namespace of the book: the secret that signs messages to a body's webhook."""
MOST_WAITING = 500
"""Most documents that wait to be sent. Overflow: refused."""

_BUSY = refuse(RefusalCode.BUSY, f"{MOST_WAITING} documents wait to be sent. Try again when some are.")


class Letter(NamedTuple):
    """A document for a body, as it is mailed."""

    subject: str
    text: str
    file_name: str
    """Of the attachment."""
    file: bytes


class Mailer(Protocol):
    """Mails letters. A failure is a return value, never an exception."""

    async def send(self, address: str, letter: Letter) -> str:
        """Mail a letter. Return why that failed, in a sentence without the address; empty when it was taken."""
        ...


class HookPost(Protocol):
    """Posts messages to webhooks, as `services/webhooks` does."""

    async def post(self, address: str, headers: dict[str, str], body: bytes) -> int:
        """Send a message; return the status of the answer, 0 where nobody answers or the address may not be reached."""
        ...


class OrderedSending(msgspec.Struct, frozen=True, kw_only=True):
    """A document that is to be sent to a body."""

    recipient: Recipient
    document: SessionId
    n: int
    """The version."""


LetterOf = Callable[[OrderedSending], Awaitable[Letter]]


class OutcomeNewsData(msgspec.Struct, frozen=True, kw_only=True):
    """What a message to a webhook says: ids and addresses, and no words of a document."""

    document: str
    version: int
    body: str
    """The id of the body in the register."""
    symbol: str
    address: str
    """The page with what concerns the body."""
    json: str
    """The same for programs."""


class OutcomeNews(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON of a message."""

    type: str
    timestamp: str
    """When it was sent, ISO 8601."""
    data: OutcomeNewsData


@dataclass(eq=False, repr=False)
class DocumentSending:
    """Sends documents one after the other. Keep `run` running. `letter_of` writes a letter and may raise
    StorageUnavailable; `mail`: None where no mail server is set. `public`: the server's public address.
    """

    logs: OutcomeLogs
    _: KW_ONLY
    book: Book
    hooks: HookPost
    mail: Mailer | None
    letter_of: LetterOf
    clock: Clock
    randomness: Randomness
    public: str

    def __post_init__(self) -> None:
        self._waiting: asyncio.Queue[OrderedSending] = asyncio.Queue(MOST_WAITING)

    def order(self, orders: Sequence[OrderedSending]) -> Refusal | None:
        """Have documents sent."""
        if self._waiting.qsize() + len(orders) > MOST_WAITING:
            return _BUSY
        for each in orders:
            self._waiting.put_nowait(each)
        return None

    @property
    def waiting(self) -> int:
        """How many documents wait to be sent."""
        return self._waiting.qsize()

    async def done(self) -> None:
        """Wait until all that was ordered is sent or has failed."""
        await self._waiting.join()

    async def run(self) -> None:
        """Send what is ordered, until cancelled."""
        while True:
            order = await self._waiting.get()
            try:
                await self._send(order)
            except StorageUnavailable as error:
                logger.warning("a document for body %s: it can't be read or noted now: %s", order.recipient.id, error)
            finally:
                self._waiting.task_done()

    async def secret(self, recipient: RecipientId) -> str:
        """The secret that signs messages to a body's webhook, made when it is first asked for.

        Raises StorageUnavailable.
        """
        known = (await self.book.read(SECRETS)).get(recipient)
        if known is not None:
            return known.decode()
        made = secret_text(self.randomness.bytes(SECRET_BYTES))
        await self.book.write([BookEntry(SECRETS, recipient, made.encode())])
        return made

    async def _send(self, order: OrderedSending) -> None:
        register = await self.logs.register()
        if isinstance(register, Refusal):
            return
        address = register.state.outcomes.register.addresses.get(order.recipient.id)
        if address is None or address.way is SendingWay.FEED:
            return
        name = self.randomness.bytes(8).hex()
        by_mail = address.way is SendingWay.EMAIL
        failure = await (self._mailed(order, address) if by_mail else self._posted(order, address, name))
        taken = SendingState.SENT if by_mail else SendingState.ACKNOWLEDGED
        note = NoteSending(
            sending=SendingId(name),
            recipient=order.recipient.id,
            document=order.document,
            n=order.n,
            way=address.way,
            state=SendingState.FAILED if failure else taken,
            detail=failure,
        )
        answer = await register.writer.send(SYSTEM, CommandId(f"sending:{name}"), note)
        if isinstance(answer, Refusal):
            logger.warning("a document for body %s: it can't be noted: %s", order.recipient.id, answer.message)

    async def _mailed(self, order: OrderedSending, address: RecipientAddress) -> str:
        if self.mail is None:
            return "No mail server is set."
        return await self.mail.send(address.address, await self.letter_of(order))

    async def _posted(self, order: OrderedSending, address: RecipientAddress, name: str) -> str:
        now = self.clock.wall()
        page, query = f"{self.public}/outcomes/{order.document}", f"?n={order.n}&body={order.recipient.id}"
        said = OutcomeNews(
            type="outcome.published",
            timestamp=datetime.fromtimestamp(now / 1000, UTC).isoformat(),
            data=OutcomeNewsData(
                document=order.document,
                version=order.n,
                body=order.recipient.id,
                symbol=order.recipient.symbol,
                address=page + query,
                json=f"{page}/document.json{query}",
            ),
        )
        body = msgspec.json.encode(said)
        headers = {
            "webhook-id": name,
            "webhook-timestamp": str(now // 1000),
            "webhook-signature": signature([await self.secret(order.recipient.id)], name, now // 1000, body),
        }
        status = await self.hooks.post(address.address, headers, body)
        if 200 <= status < 300:
            return ""
        return f"The receiver answered {status}." if status else "Nobody answered, or the address may not be reached."
