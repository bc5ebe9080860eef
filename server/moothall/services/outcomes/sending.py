"""Sends documents to the bodies of the register, by e-mail or webhook, and notes in the register what became of each.

An e-mail is *sent* when the mail server has taken it, a message to a webhook *acknowledged* when its receiver has. What
failed is tried again as messages of webhooks are (`core/webhooks/hooks.py`), also after a restart, with the same id.
Addresses are in no line of the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple, Protocol

import msgspec

from moothall.core.events.outcome_parts import SendingState, SendingWay
from moothall.core.events.types import LogKind
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import RecordBroken, Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import CommandId, RecipientId, SendingId, SessionId
from moothall.core.outcomes.commands import NoteSending
from moothall.core.outcomes.register import Recipient, RecipientAddress
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.webhooks.hooks import GONE, Tried
from moothall.core.webhooks.signing import SECRET_BYTES, secret_text, signature
from moothall.services.outcomes.documents import version_of
from moothall.services.outcomes.outcome_logs import OutcomeLogs
from moothall.services.supervision.waiting import UnderWay, until_set

logger = logging.getLogger(__name__)

SECRETS = "outcome-secret"
"""Namespace of the book: the secret that signs messages to a body's webhook."""
WAITING = "outcome-waiting"
"""Namespace of the book: the documents that wait to be sent, by the ids of their sendings."""
MOST_WAITING = 500
"""Most documents that wait to be sent. Overflow: refused."""
LOOK_MS = 1_000
"""How often is looked at most for what is due, in ms."""

GONE_TEXT = "The document is not there any more."
"""What the register says of a document that was removed before it could be sent."""
_BUSY = refuse(RefusalCode.BUSY, f"{MOST_WAITING} documents wait to be sent. Try again when some are.")


class Letter(NamedTuple):
    """What is mailed, such as a document for a body."""

    subject: str
    text: str
    file_name: str = ""
    """Of the attachment; empty where there is none."""
    file: bytes = b""


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


class WaitingSending(Tried, frozen=True, kw_only=True):
    """A document that waits to be sent."""

    id: SendingId
    recipient: RecipientId
    document: SessionId
    n: int


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
    """When it was ordered, ISO 8601: the same each time that it is sent."""
    data: OutcomeNewsData


@dataclass(eq=False, repr=False)
class DocumentSending:
    """Sends documents to bodies, to each one after the other. Keep `run` running. `letter_of` writes a letter and may
    raise StorageUnavailable or RecordBroken; `mail`: None where no mail server is set. `public`: the server's public
    address.
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
        # Bound: MOST_WAITING.
        self._waiting: dict[SendingId, WaitingSending] = {}
        self._attempted, self._came = asyncio.Event(), asyncio.Event()

    async def order(self, orders: Sequence[OrderedSending]) -> Refusal | None:
        """Have documents sent. Raises StorageUnavailable."""
        if len(self._waiting) + len(orders) > MOST_WAITING:
            return _BUSY
        now = self.clock.wall()
        new = [
            WaitingSending(
                id=SendingId(self.randomness.bytes(8).hex()),
                recipient=each.recipient.id,
                document=each.document,
                n=each.n,
                made=now,
            )
            for each in orders
        ]
        await self.book.write([_entry(each.id, each) for each in new])
        self._waiting |= {each.id: each for each in new}
        self._came.set()
        return None

    @property
    def waiting(self) -> Mapping[SendingId, WaitingSending]:
        """The documents that wait to be sent, or to be sent again."""
        return self._waiting

    async def done(self) -> None:
        """Wait until all that was ordered was tried once."""
        while any(not each.attempts for each in self._waiting.values()):
            self._attempted.clear()
            await self._attempted.wait()

    async def run(self) -> None:
        """Send what is ordered, and what waits from before, until cancelled. A slow body delays no other."""
        under_way, loaded = UnderWay(), False
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    if not loaded:
                        await self._load()
                        loaded = True
                except StorageUnavailable as error:
                    logger.warning("documents that wait to be sent can't be read now: %s", error)
                self._came.clear()
                now = self.clock.wall()
                for recipient in {each.recipient for each in self._waiting.values() if each.again <= now}:
                    under_way.begin(group, recipient, partial(self._send_to, recipient))
                dues = [each.again for each in self._waiting.values()] if loaded else [now]
                await until_set(self._came, self.clock, max(LOOK_MS, min(dues) - now) if dues else None)

    async def _load(self) -> None:
        kept = (await self.book.read(WAITING)).values()
        known = (msgspec.json.decode(body, type=WaitingSending) for body in kept)
        self._waiting |= {each.id: each for each in known if each.id not in self._waiting}

    async def _send_to(self, recipient: RecipientId) -> None:
        """Send what is due to a body."""
        now = self.clock.wall()
        for each in [one for one in self._waiting.values() if one.recipient == recipient and one.again <= now]:
            try:
                await self._send(each)
            except (StorageUnavailable, RecordBroken) as error:
                logger.warning("a document for body %s: it can't be read or noted now: %s", recipient, error)
                # In memory alone: else a full disk had it sent again at every look.
                self._waiting[each.id] = each.later(self.clock.wall())
            self._attempted.set()
        self._came.set()

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

    async def _send(self, waiting: WaitingSending) -> None:
        register = await self.logs.register()
        if isinstance(register, Refusal):
            return
        known = register.state.outcomes.register
        recipient, address = known.recipients.get(waiting.recipient), known.addresses.get(waiting.recipient)
        if recipient is None or address is None or address.way is SendingWay.FEED:
            await self._keep(waiting.id, None)
            return
        order = OrderedSending(recipient=recipient, document=waiting.document, n=waiting.n)
        by_mail, gone = address.way is SendingWay.EMAIL, not await self._is_there(order)
        if gone:
            failure = GONE_TEXT
        elif by_mail:
            failure = await self._mailed(order, address)
        else:
            status = await self._posted(order, address, waiting)
            failure, gone = _failure(status), status == GONE
        taken = SendingState.SENT if by_mail else SendingState.ACKNOWLEDGED
        note = NoteSending(
            sending=waiting.id,
            recipient=waiting.recipient,
            document=waiting.document,
            n=waiting.n,
            way=address.way,
            state=SendingState.FAILED if failure else taken,
            detail=failure,
        )
        answer = await register.writer.send(SYSTEM, CommandId(f"sending:{waiting.id}:{waiting.attempts}"), note)
        if isinstance(answer, Refusal):
            logger.warning("a document for body %s: it can't be noted: %s", waiting.recipient, answer.message)
        await self._keep(waiting.id, waiting.failed(self.clock.wall()) if failure and not gone else None)

    async def _is_there(self, order: OrderedSending) -> bool:
        live = await self.logs.find(order.document, LogKind.DOCUMENT)
        return live is not None and version_of(live.state.outcomes.document, order.n) is not None

    async def _keep(self, name: SendingId, later: WaitingSending | None) -> None:
        """Store that a document is sent later, or no more."""
        await self.book.write([_entry(name, later)])
        if later is None:
            self._waiting.pop(name, None)
        else:
            self._waiting[name] = later

    async def _mailed(self, order: OrderedSending, address: RecipientAddress) -> str:
        if self.mail is None:
            return "No mail server is set."
        return await self.mail.send(address.address, await self.letter_of(order))

    async def _posted(self, order: OrderedSending, address: RecipientAddress, waiting: WaitingSending) -> int:
        now, name = self.clock.wall(), waiting.id
        page, query = f"{self.public}/outcomes/{order.document}", f"?n={order.n}&body={order.recipient.id}"
        said = OutcomeNews(
            type="outcome.published",
            timestamp=datetime.fromtimestamp(waiting.made / 1000, UTC).isoformat(),
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
        return await self.hooks.post(address.address, headers, body)


def _failure(status: int) -> str:
    """Why a receiver didn't take a message, in a sentence; empty where it did."""
    if 200 <= status < 300:
        return ""
    return f"The receiver answered {status}." if status else "Nobody answered, or the address may not be reached."


def _entry(name: SendingId, waiting: WaitingSending | None) -> BookEntry:
    return BookEntry(WAITING, name, None if waiting is None else msgspec.json.encode(waiting))
