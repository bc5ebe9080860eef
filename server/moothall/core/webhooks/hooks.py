"""Webhooks, the messages that wait for them, and what became of those: values, and the rules that need no clock."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Self

import msgspec

from moothall.core.kernel.backoff import Backoff
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import RoomId

BACKOFF = Backoff(first_ms=5_000, last_ms=6 * 3_600_000)
"""When a message is sent again: after 5 s, 10 s, 20 s and so on, later every six hours."""
GIVE_UP_MS = 3 * 86_400_000
"""How long a message is tried."""
FAILING_MS = 86_400_000
"""How long a message is tried in vain before somebody has to see to its webhook."""
OVERLAP_MS = 86_400_000
"""How long a replaced secret signs beside the new one."""
MOST_WAITING = 1_000
"""Messages that wait for one webhook. Overflow: the oldest is dropped that takes nothing back, which its list says."""
MOST_LINES = 100
"""Attempts that are listed of one webhook. Overflow: the oldest is dropped."""
GONE = 410
"""The status by which a receiver says that it wants nothing more."""


class HookEvent(StrEnum):
    """The types of messages, as receivers get them."""

    PLANNED = "session.planned"
    """A session is new in the programme."""
    CHANGED = "session.changed"
    """Its plan has changed: times, room, title, whether it is held."""
    BEGUN = "session.begun"
    CLOSED = "session.closed"
    SEALED = "record.sealed"
    """A version of the record is complete."""
    CORRECTED = "record.corrected"
    """The record was corrected after the close."""
    WITHDRAWN = "record.withdrawn"
    """Words were removed for good."""
    HIDDEN = "session.hidden"
    """Not everybody may read the session any more, or public lists don't name it."""
    TEST = "test"
    """Somebody tries the webhook."""


CHOSEN = (
    HookEvent.PLANNED,
    HookEvent.CHANGED,
    HookEvent.BEGUN,
    HookEvent.CLOSED,
    HookEvent.SEALED,
    HookEvent.CORRECTED,
)
"""The types that are chosen. All others are always sent: whoever got the news gets the withdrawals."""
TAKING_BACK = (HookEvent.WITHDRAWN, HookEvent.HIDDEN)
"""The types after which a receiver takes down what it has passed on."""


class HookSecret(msgspec.Struct, frozen=True):
    """A secret that signs."""

    text: str
    until: int = 0
    """When it signs no more, Unix ms; 0: until it is replaced."""


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """An address to which news are sent."""

    id: str
    label: str
    address: str
    events: tuple[str, ...]
    """Values of `HookEvent`, of `CHOSEN`."""
    room: RoomId | None = None
    """Only sessions that are planned in this room; None: all."""
    secrets: tuple[HookSecret, ...]
    made: int
    """Unix ms."""
    gone: bool = False
    """Whether the receiver has answered that it wants nothing more."""

    def wants(self, event: HookEvent, room: RoomId | None) -> bool:
        """Whether it gets news of a type, of a session that is planned in `room`. What is always sent is sent of all
        rooms: a session may have been in this one before.
        """
        chosen = event in self.events and (self.room is None or self.room == room)
        return not self.gone and (chosen or event not in CHOSEN)

    def signing(self, now: int) -> tuple[str, ...]:
        """The secrets that sign at `now`, Unix ms."""
        return tuple(each.text for each in self.secrets if not each.until or now < each.until)


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """Something that waits to be sent, and is tried until it is taken, ever later."""

    made: int
    """Unix ms."""
    attempts: int = 0
    again: int = 0
    """When it is sent next, Unix ms."""

    def failed(self, now: int) -> Self | None:
        """It after another attempt in vain at `now`; None where it is given up."""
        return None if now - self.made >= GIVE_UP_MS else self.later(now)

    def later(self, now: int) -> Self:
        """It with its next attempt put off, ever longer."""
        again = now + BACKOFF.wait_ms(self.attempts)
        return msgspec.structs.replace(self, attempts=self.attempts + 1, again=again)


class HookMessage(Tried, frozen=True, kw_only=True):
    """A message that waits to be sent."""

    id: str
    hook: str
    session: SessionId
    """Empty for a test."""
    event: HookEvent
    body: str
    """The JSON that is sent, the same each time."""


class HookOutcome(StrEnum):
    """What became of an attempt."""

    TAKEN = "taken"
    AGAIN = "again"
    """It failed, and is made again."""
    GIVEN_UP = "given-up"
    DROPPED = "dropped"
    """Too many messages waited."""


class HookLine(msgspec.Struct, frozen=True, array_like=True):
    """An attempt, for the list. It holds no words."""

    message: str
    session: SessionId
    event: HookEvent
    at: int
    """Unix ms."""
    attempt: int
    """Which attempt it was, from 1; 0 for one that was never made."""
    status: int
    """HTTP status of the answer; 0 where nobody answered."""
    size: int
    """Bytes of the body."""
    outcome: HookOutcome


def line_of(message: HookMessage, now: int, status: int, outcome: HookOutcome, *, attempt: int) -> HookLine:
    """The line about a message."""
    size = len(message.body.encode())
    return HookLine(message.id, message.session, message.event, now, attempt, status, size, outcome)


def in_trouble(hook: Webhook, waiting: Sequence[HookMessage], lines: Sequence[HookLine], now: int) -> bool:
    """Whether somebody has to see to a webhook at `now` (Unix ms): its receiver wants nothing more, a message was tried
    for a day in vain, or the last one was given up or dropped.
    """
    late = any(each.attempts and now - each.made >= FAILING_MS for each in waiting)
    return hook.gone or late or (bool(lines) and lines[-1].outcome in (HookOutcome.GIVEN_UP, HookOutcome.DROPPED))


def overflowing(waiting: Sequence[HookMessage]) -> HookMessage | None:
    """The message that is dropped, of those that wait for one webhook, oldest first; None while there is space."""
    if len(waiting) <= MOST_WAITING:
        return None
    news = (each for each in waiting if each.event not in TAKING_BACK)
    return next(news, waiting[0])
