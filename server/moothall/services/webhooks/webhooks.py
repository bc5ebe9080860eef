"""Webhooks: news of public sessions, sent to addresses that the secretariat has entered.

What is new is found by comparing the fold of `services/programme/news.py` with what was told of each session. The new
state and the messages are stored in one act, so that each piece of news becomes one message, whatever ends meanwhile.
A message is sent until it is taken, at least once and always with the same id. It has ids and addresses, and no words.

Of the nodes of a house only the keeper does this: it holds the lease, and the book refuses what a former keeper writes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Protocol

import msgspec

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.errors import NoLink, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.visible import visible
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.programme.changes import AgendaChange, AgendaChangeKind
from moothall.core.programme.plan import RoomId
from moothall.core.sessions.state import Status
from moothall.core.webhooks.hooks import (
    CHOSEN,
    GONE,
    MOST_LINES,
    OVERLAP_MS,
    HookEvent,
    HookLine,
    HookMessage,
    HookOutcome,
    HookSecret,
    Webhook,
    in_trouble,
    line_of,
    overflowing,
)
from moothall.core.webhooks.signing import SECRET_BYTES, secret_text, signature
from moothall.services.log.publication import Publication
from moothall.services.programme.news import Happened, NewsKind, happened, planned, tag_of
from moothall.services.programme.programme import Programme
from moothall.services.sessions.catalogue import Entry, ListPublic
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.secret_entries import short_id
from moothall.services.sessions.staff import LONGEST_LABEL
from moothall.services.supervision.waiting import UnderWay

logger = logging.getLogger(__name__)

HOOKS, TOLD, WAITING, LINES = "webhook", "webhook-told", "webhook-waiting", "webhook-lines"
"""Namespaces of the book: webhooks; what was told of each session; messages; attempts of each webhook."""
MOST_HOOKS = 50
"""Most webhooks. Overflow: refused."""
LOOK_MS = 1_000
"""How often is looked for what is new and for what is due, in ms."""
CORRECTED_MS = 600_000
"""Corrections of a session are told at most so often, in ms: a checker makes hundreds."""
_EVENTS = {
    NewsKind.BEGUN: HookEvent.BEGUN,
    NewsKind.CLOSED: HookEvent.CLOSED,
    NewsKind.SEALED: HookEvent.SEALED,
    NewsKind.MENDED: HookEvent.CORRECTED,
    NewsKind.WITHDRAWN: HookEvent.WITHDRAWN,
}


_TELLING = (
    ev.SessionArranged,
    ev.SessionOpened,
    ev.SessionClosed,
    ev.SessionReopened,
    ev.ChannelAdded,
    ev.RecordSealed,
    ev.BodyRemoved,
)
"""Events of which something may be news."""


class HookClient(Protocol):
    """Sends messages. A failure of the other side is a return value, never an exception."""

    def fits(self, address: str) -> bool:
        """Whether an address may be one of a webhook."""
        ...

    async def post(self, address: str, headers: dict[str, str], body: bytes) -> int:
        """Send a message; return the status of the answer, 0 where nobody answers or the address may not be reached."""
        ...


class _Told(msgspec.Struct, frozen=True):
    """What was told of a session."""

    keys: tuple[str, ...]
    """Of each piece of news."""
    corrected: int = 0
    """The correction that was told last, Unix ms."""
    hidden: bool = False
    """Whether it was told that it is public no more."""


class HookData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a message says: ids and addresses."""

    news: str = ""
    """Id of the news, the same as in the feeds."""
    session: str = ""
    address: str = ""
    """The session's page."""
    change: str = ""
    """What has changed in the plan."""
    version: str = ""
    """The version of the record."""
    n: int = 0
    """Number of the seal."""
    withdrawals: str = ""
    """Where all that was withdrawn from the session is listed."""


class HookBody(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON of a message."""

    type: HookEvent
    timestamp: str
    """When it happened, ISO 8601."""
    data: HookData


@dataclass(eq=False, repr=False)
class Webhooks:
    """All webhooks, in memory and in the book. Call `load` first, and keep `run` running.

    `public`: the server's public address. `listed`: the sessions that everybody may read and that lists name.
    """

    book: Book
    _: KW_ONLY
    programme: Programme
    listed: ListPublic
    client: HookClient
    clock: Clock
    randomness: Randomness
    public: str

    def __post_init__(self) -> None:
        # Bound: MOST_HOOKS.
        self._hooks: dict[str, Webhook] = {}
        # Bound: all sessions.
        self._told: dict[SessionId, _Told] = {}
        # Bound: MOST_WAITING for each webhook.
        self._waiting: dict[str, HookMessage] = {}
        # Bound: MOST_LINES for each webhook.
        self._lines: dict[str, tuple[HookLine, ...]] = {}
        self._changing = asyncio.Lock()
        """Held from reading what is kept to writing it."""
        self._new = True
        """Whether something may be new since the last look."""
        self._again: int | None = None
        """When a correction that was put off is told, Unix ms."""
        self._last_change: tuple[AgendaChange, ...] = ()
        # Bound: sessions erased since the last look.
        self._erased: set[SessionId] = set()
        self._unavailable = False

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        decode = msgspec.json.decode
        self._hooks = {key: decode(body, type=Webhook) for key, body in (await self.book.read(HOOKS)).items()}
        told = await self.book.read(TOLD)
        self._told = {SessionId(key): decode(body, type=_Told) for key, body in told.items()}
        waiting = [decode(body, type=HookMessage) for body in (await self.book.read(WAITING)).values()]
        waiting.sort(key=lambda each: (each.made, each.id))
        # A restore without the keys has no webhooks.
        self._waiting = {each.id: each for each in waiting if each.hook in self._hooks}
        lines = await self.book.read(LINES)
        self._lines = {key: decode(body, type=tuple[HookLine, ...]) for key, body in lines.items()}

    # Queries

    def all(self) -> tuple[Webhook, ...]:
        """All webhooks, the oldest first."""
        return tuple(sorted(self._hooks.values(), key=lambda each: (each.made, each.id)))

    def lines(self, hook: str) -> tuple[HookLine, ...]:
        """The newest attempts of a webhook, the oldest first."""
        return self._lines.get(hook, ())

    def waiting(self, hook: str) -> Sequence[HookMessage]:
        """The messages that wait for a webhook, the oldest first."""
        return [each for each in self._waiting.values() if each.hook == hook]

    def failing(self) -> Sequence[str]:
        """The labels of the webhooks that somebody has to see to."""
        now, waiting = self.clock.wall(), dict[str, list[HookMessage]]()
        for message in self._waiting.values():
            waiting.setdefault(message.hook, []).append(message)
        return [
            each.label for each in self.all() if in_trouble(each, waiting.get(each.id, ()), self.lines(each.id), now)
        ]

    # Acts

    async def make(
        self, label: str, address: str, events: Collection[HookEvent], room: RoomId | None
    ) -> tuple[Webhook, str]:
        """Make a webhook, which gets what is new from now on. Return it and its secret, which can't be shown again.

        Raises NoLink where the address can't be one or there are too many, and StorageUnavailable.
        """
        if not self.client.fits(address):
            raise NoLink("A webhook needs an address that begins with https:// and leads outside.")
        if len(self._hooks) >= MOST_HOOKS:
            raise NoLink(f"There are {MOST_HOOKS} webhooks already; remove one that nobody needs.")
        secret = secret_text(self.randomness.bytes(SECRET_BYTES))
        hook = Webhook(
            id=short_id(self.randomness),
            label=" ".join(visible(label).split())[:LONGEST_LABEL],
            address=address,
            events=tuple(each.value for each in CHOSEN if each in events),
            room=room,
            secrets=(HookSecret(secret),),
            made=self.clock.wall(),
        )
        async with self._changing:
            told = {} if self._hooks else await self._all()
            await self.book.write([_hook_entry(hook), *_told_entries(told)])
            self._hooks[hook.id] = hook
            self._told |= told
        return hook, secret

    async def replace_secret(self, name: str) -> str:
        """Give a webhook a new secret, and return it. The old one signs beside it for a day. It is sent to again where
        it was gone. Raises NoLink, StorageUnavailable.
        """
        secret, now = secret_text(self.randomness.bytes(SECRET_BYTES)), self.clock.wall()
        async with self._changing:
            hook = self._known(name)
            before = HookSecret(hook.secrets[0].text, now + OVERLAP_MS)
            changed = msgspec.structs.replace(hook, secrets=(HookSecret(secret), before), gone=False)
            await self.book.write([_hook_entry(changed)])
            self._hooks[name] = changed
        return secret

    async def test(self, name: str) -> None:
        """Send a message that says nothing. Raises NoLink, StorageUnavailable."""
        now = self.clock.wall()
        async with self._changing:
            hook = self._known(name)
            seed = f"test {self.randomness.bytes(8).hex()}"
            await self._store({}, [self._message(hook, HookEvent.TEST, now, seed=seed, data=HookData())])

    async def remove(self, name: str) -> None:
        """Remove a webhook with all that is kept of it. Raises NoLink, StorageUnavailable."""
        async with self._changing:
            self._known(name)
            last = len(self._hooks) == 1
            waiting = [each.id for each in self.waiting(name)]
            gone = [BookEntry(HOOKS, name, None), BookEntry(LINES, name, None)]
            gone += [BookEntry(WAITING, each, None) for each in waiting]
            gone += [BookEntry(TOLD, each, None) for each in self._told] if last else []
            await self.book.write(gone)
            del self._hooks[name]
            self._lines.pop(name, None)
            for each in waiting:
                self._waiting.pop(each, None)
            if last:
                self._told.clear()

    def erased(self, session: SessionId) -> None:
        """Have the next look forget a session that was erased, but for the message that it is hidden."""
        self._erased.add(session)

    async def _forget(self, session: SessionId) -> None:
        async with self._changing:
            waiting = [
                each.id
                for each in self._waiting.values()
                if each.session == session and each.event is not HookEvent.HIDDEN
            ]
            lines = {
                hook: tuple(each for each in kept if each.session != session)
                for hook, kept in self._lines.items()
                if any(each.session == session for each in kept)
            }
            gone = [BookEntry(WAITING, each, None) for each in waiting]
            gone += [BookEntry(TOLD, session, None)] if session in self._told else []
            gone += [_line_entry(hook, kept) for hook, kept in lines.items()]
            if gone:
                await self.book.write(gone)
            for each in waiting:
                self._waiting.pop(each, None)
            self._told.pop(session, None)
            self._lines |= lines

    def observe(self, live: LiveSession, publication: Publication) -> None:
        """Have the next look compare what is new, where a publication may have something. For `Sessions.observe`."""
        closed = live.state.status is Status.CLOSED
        self._new = self._new or any(
            isinstance(event, _TELLING) or (closed and isinstance(event, le.SegmentCorrected))
            for event in publication.events
        )

    # Finding what is new, and sending it

    async def run(self) -> None:
        """Send what is new until cancelled. A slow address delays no other."""
        under_way = UnderWay()
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    await self.find()
                except StorageUnavailable as error:
                    if not self._unavailable:
                        logger.warning("webhooks: what is new can't be found or stored now: %s", error)
                    self._unavailable, self._new = True, True
                else:
                    self._unavailable = False
                for hook in {each.hook for each in self._due()}:
                    under_way.begin(group, hook, partial(self._send, hook))
                await self.clock.sleep(LOOK_MS)

    async def find(self) -> None:
        """Turn what is new into messages. Raises StorageUnavailable."""
        for session in tuple(self._erased):
            await self._forget(session)
            self._erased.discard(session)
        now, changes = self.clock.wall(), self.programme.agenda.changes()[:1]
        new = self._new or changes != self._last_change or (self._again is not None and now >= self._again)
        if not new or not self._hooks:
            return
        self._new, self._again, self._last_change = False, None, changes
        async with self._changing:
            public = {entry.session: entry for entry in await self.listed()}
            news = self._news(public)
            told, messages = dict[SessionId, _Told](), list[HookMessage]()
            for session, there in news.items():
                before = self._told.get(session, _Told(()))
                corrected = before.corrected
                fresh: list[Happened] = []
                for each in there:
                    if each.key in before.keys:
                        continue
                    if each.kind is NewsKind.MENDED:
                        if each.at - corrected < CORRECTED_MS and now - each.at < CORRECTED_MS:
                            due = each.at + CORRECTED_MS
                            self._again = due if self._again is None else min(self._again, due)
                            continue
                        corrected = each.at
                    fresh.append(each)
                late = [each.key for each in there if each not in fresh and each.key not in before.keys]
                keys = tuple(each.key for each in there if each.key not in late)
                after = _Told(keys, corrected)
                if after != before:
                    told[session] = after
                messages += [message for each in fresh for message in self._messages(each)]
            for session, before in self._told.items():
                if session not in public and not before.hidden and before.keys:
                    told[session] = msgspec.structs.replace(before, hidden=True)
                    messages += self._hidden(session, now, before)
            if told:
                await self._store(told, messages)

    def _news(self, public: dict[SessionId, Entry]) -> dict[SessionId, list[Happened]]:
        news = {session: list(happened(entry)) for session, entry in public.items()}
        for each in planned(self.programme.agenda.changes()):
            if each.session in news:
                news[each.session].append(each)
        return news

    async def _all(self) -> dict[SessionId, _Told]:
        """All that is there, as if it was told."""
        public = {entry.session: entry for entry in await self.listed()}
        return {
            session: _Told(
                tuple(each.key for each in there), max((e.at for e in there if e.kind is NewsKind.MENDED), default=0)
            )
            for session, there in self._news(public).items()
        }

    def _messages(self, each: Happened) -> list[HookMessage]:
        """The messages about a piece of news, one for each webhook that wants it."""
        event = _EVENTS.get(each.kind, HookEvent.CHANGED)
        change = ""
        if each.change is not None:
            change = each.change.kind.value
            event = HookEvent.PLANNED if each.change.kind is AgendaChangeKind.NEW else HookEvent.CHANGED
        room = self.programme.room_of(each.session)
        data = HookData(
            news=f"{tag_of(self.public)}:{each.session}/{each.key}",
            session=each.session,
            address=f"{self.public}/s/{each.session}",
            change="" if event is HookEvent.PLANNED else change,
            version="" if each.seal is None else each.seal.version.value,
            n=0 if each.seal is None else each.seal.n,
            withdrawals=f"{self.public}/withdrawals.json?session={each.session}"
            if event is HookEvent.WITHDRAWN
            else "",
        )
        return [
            self._message(hook, event, each.at, seed=data.news, data=data)
            for hook in self.all()
            if hook.wants(event, room)
        ]

    def _hidden(self, session: SessionId, now: int, before: _Told) -> list[HookMessage]:
        data = HookData(session=session, address=f"{self.public}/s/{session}")
        seed = f"hidden {session} {now} {len(before.keys)}"
        room = self.programme.room_of(session)
        return [
            self._message(hook, HookEvent.HIDDEN, now, seed=seed, data=data)
            for hook in self.all()
            if hook.wants(HookEvent.HIDDEN, room)
        ]

    def _message(self, hook: Webhook, event: HookEvent, at: int, *, seed: str, data: HookData) -> HookMessage:
        """A message about what happened at `at`. Its id is made of the webhook's and of `seed`."""
        stamp = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        body = msgspec.json.encode(HookBody(type=event, timestamp=stamp, data=data)).decode()
        name = sha256(f"{hook.id} {seed}".encode()).hexdigest()[:32]
        now = self.clock.wall()
        return HookMessage(
            id=f"msg_{name}", hook=hook.id, session=SessionId(data.session), event=event, made=now, body=body, again=now
        )

    async def _store(self, told: dict[SessionId, _Told], messages: Sequence[HookMessage]) -> None:
        """Store messages and what was told, in one act. Raises StorageUnavailable."""
        waiting = self._waiting | {each.id: each for each in messages}
        lines, dropped = dict(self._lines), list[str]()
        for hook in {each.hook for each in messages}:
            there = [each for each in waiting.values() if each.hook == hook]
            while (over := overflowing(there)) is not None:
                there.remove(over)
                del waiting[over.id]
                dropped.append(over.id)
                lines[hook] = self._with_line(lines, over, 0, HookOutcome.DROPPED, attempt=0)
        entries = _told_entries(told)
        entries += [_waiting_entry(each) for each in messages if each.id in waiting]
        entries += [BookEntry(WAITING, each, None) for each in dropped]
        entries += [_line_entry(hook, kept) for hook, kept in lines.items() if kept != self._lines.get(hook)]
        await self.book.write(entries)
        self._told |= told
        self._waiting, self._lines = waiting, lines

    def _with_line(
        self,
        lines: dict[str, tuple[HookLine, ...]],
        message: HookMessage,
        status: int,
        outcome: HookOutcome,
        *,
        attempt: int,
    ) -> tuple[HookLine, ...]:
        line = line_of(message, self.clock.wall(), status, outcome, attempt=attempt)
        return (*lines.get(message.hook, ()), line)[-MOST_LINES:]

    def _due(self) -> list[HookMessage]:
        """The messages whose time has come, the one first that waits longest."""
        now = self.clock.wall()
        return sorted((each for each in self._waiting.values() if each.again <= now), key=lambda each: each.again)

    async def _send(self, hook: str) -> None:
        """Send what is due of one webhook, one message after the other."""
        while (message := next((each for each in self._due() if each.hook == hook), None)) is not None:
            kept = self._hooks.get(hook)
            if kept is None:
                return
            now, body = self.clock.wall(), message.body.encode()
            headers = {
                "webhook-id": message.id,
                "webhook-timestamp": str(now // 1000),
                "webhook-signature": signature(kept.signing(now), message.id, now // 1000, body),
            }
            status = await self.client.post(kept.address, headers, body)
            try:
                await self._sent(message, status)
            except StorageUnavailable as error:
                logger.warning("webhook %s: what became of a message can't be stored now: %s", hook, error)
                self._put_off(message)
                return

    def _put_off(self, message: HookMessage) -> None:
        """Wait as after an attempt in vain, in memory alone: else a full disk had it sent again at every look."""
        if message.id in self._waiting:
            self._waiting[message.id] = message.later(self.clock.wall())

    async def _sent(self, message: HookMessage, status: int) -> None:
        """Store what became of an attempt. Raises StorageUnavailable."""
        async with self._changing:
            hook = self._hooks.get(message.hook)
            if hook is None or message.id not in self._waiting:
                return  # It was removed meanwhile.
            attempt, entries = message.attempts + 1, list[BookEntry]()
            later = None if 200 <= status < 300 else message.failed(self.clock.wall())
            ended = [message.id]
            if 200 <= status < 300:
                outcome = HookOutcome.TAKEN
            elif status == GONE:
                outcome, hook = HookOutcome.GIVEN_UP, msgspec.structs.replace(hook, gone=True)
                entries.append(_hook_entry(hook))
                ended = [each.id for each in self.waiting(hook.id)]
            elif later is None:
                outcome = HookOutcome.GIVEN_UP
            else:
                outcome, ended = HookOutcome.AGAIN, []
                entries.append(_waiting_entry(later))
            lines = self._with_line(self._lines, message, status, outcome, attempt=attempt)
            entries += [BookEntry(WAITING, each, None) for each in ended]
            await self.book.write([*entries, _line_entry(hook.id, lines)])
            self._hooks[hook.id], self._lines[hook.id] = hook, lines
            if later is not None and not ended:
                self._waiting[message.id] = later
            for each in ended:
                self._waiting.pop(each, None)
        logger.info("webhook %s: message %s, attempt %d: %s (%d)", hook.id, message.id, attempt, outcome, status)

    def _known(self, name: str) -> Webhook:
        hook = self._hooks.get(name)
        if hook is None:
            raise NoLink("There is no such webhook any more.")
        return hook


def _hook_entry(hook: Webhook) -> BookEntry:
    return BookEntry(HOOKS, hook.id, msgspec.json.encode(hook))


def _told_entries(told: dict[SessionId, _Told]) -> list[BookEntry]:
    return [BookEntry(TOLD, session, msgspec.json.encode(each)) for session, each in told.items()]


def _waiting_entry(message: HookMessage) -> BookEntry:
    return BookEntry(WAITING, message.id, msgspec.json.encode(message))


def _line_entry(hook: str, lines: tuple[HookLine, ...]) -> BookEntry:
    return BookEntry(LINES, hook, msgspec.json.encode(lines) if lines else None)
