"""The people of the proof by faults: typists at desks, a chair who says what is not recorded, somebody who asks by the
form, readers over SSE.

People who get no answer send again with the same id, at the other node, until they get one; some answered acts are sent
again too. Nobody waits longer than `PATIENCE_S` for a stopped node.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

import aiohttp

from cluster_history import Answered, Wrong
from cluster_person import Person, now
from cluster_spans import Span, Spans, own_word, secret
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import SessionId
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import decode
from soak_readers import Wholeness
from support.desks.persistent import PersistentDesk

PATIENCE_S = 5.0
AGAIN_S = 0.2
SILENCE_S = 12.0
"""Seconds without a frame or pulse after which a reader gives up its connection."""
TWICE = 0.1
"""The share of the acts that are sent again after their answer."""
ADDRESSES = 200
"""The number of addresses from which people ask."""
BACK_S = (0.0, 0.0, 2.0, 8.0)
"""By how much the beginning of a span that is not recorded is set back, in s."""
ON_SHARES = (0.2, 0.2, 0.8)
"""How long a span lasts, as shares of the time between two spans."""
REMOVED_OF = 20
"""How many of the last lines a removal chooses from."""


class Chair(Person):
    """A person who says now and then that something is not recorded, and some seconds later that it is again."""

    def __init__(
        self,
        addresses: Sequence[str],
        session: SessionId,
        token: str,
        *,
        every_s: float,
        chance: random.Random,
        back: bool,
    ) -> None:
        """`every_s`: between two spans, on average. `back`: whether the beginning of a span may be set back."""
        super().__init__(every_s, chance)
        self.spans = Spans()
        self._desk = PersistentDesk(addresses, token, again_s=AGAIN_S, patience_s=PATIENCE_S)
        self._session = session
        self._back = back
        self._usual_s = every_s

    async def once(self) -> None:
        """Begin a span, or end it."""
        number = len(self.answered) + 1
        if number % 2:
            back = self._chance.choice(BACK_S) if self._back else 0.0
            span = Span(asked=now(), back_s=back)
            self.spans.all.append(span)
            await self._done(number, {"do": "not-recorded", "back": round(1_000 * back)})
            span.begun = now()
        else:
            span = self.spans.all[-1]
            span.ending = now()
            await self._done(number, {"do": "recorded"})
            span.over = now()
        self._every_s = self._usual_s * (self._chance.choice(ON_SHARES) if self.spans.on else 1)

    async def close(self) -> None:
        """Close the desk's connection."""
        await self._desk.close()

    async def _done(self, number: int, command: dict[str, Any]) -> None:
        name = f"chair:span:{number}"
        answer = await self._desk.send(self._session, "act", {"id": name, "commands": [command]})
        if "refusal" in answer:
            self.wrong.say("other", f"{name} was refused as {answer['refusal']['code']}")
            return
        at = answer["receipt"]
        self.answered.append(Answered(author="chair", number=number, id=name, first=at["first"], last=at["last"]))


class Typist(Person):
    """A person who types line after line at a desk of their own."""

    def __init__(
        self,
        name: str,
        addresses: Sequence[str],
        session: SessionId,
        token: str,
        *,
        every_s: float,
        chance: random.Random,
        heard: Callable[[], None],
        spans: Spans,
    ) -> None:
        """`heard`: called at each answer."""
        super().__init__(every_s, chance)
        self.name = name
        self.typed: dict[int, str] = {}
        """Texts that were acknowledged, by number; each has a unique word."""
        self.refused: dict[int, str] = {}
        """Texts that were refused, as nothing was recorded then, by number; no file may have their words."""
        self.gone: set[int] = set()
        """Lines that somebody wanted to remove, and of which the record had no words any more."""
        self.answers = 0
        """Acts that were answered, refusals included."""
        self.removed: list[bytes] = []
        """Unique words of the lines whose removal was acknowledged."""
        self._desk = PersistentDesk(addresses, token, again_s=AGAIN_S, patience_s=PATIENCE_S)
        self._session = session
        self._heard = heard
        self._spans = spans
        self._secrets = random.SystemRandom()
        self._number = 0
        self._lines = 0
        self._taken_out: set[int] = set()

    async def open(self) -> None:
        """Open the session."""
        answer = await self._desk.send(self._session, "act", {"id": "open", "commands": [{"do": "open"}]})
        assert "refusal" not in answer, answer

    async def once(self) -> None:
        """Type a line."""
        self._lines = number = self._lines + 1
        text = f"Line {number} of {self.name} says {secret(self._secrets)}."
        line = {"do": "type", "channel": "floor", "segment": f"{self.name}-{number}", "text": text, "language": "en"}
        refusal = await self._done("type", number, "act", {"commands": [line]})
        if refusal is None:
            self.typed[number] = text
        elif refusal == "conflict" and self._spans.may_refuse(now()):
            self.refused[number] = text
        else:
            self._say_refused("type", number, refusal)

    async def remove(self) -> None:
        """Remove one of the last lines for good."""
        there = [n for n in list(self.typed)[-REMOVED_OF:] if n not in self._taken_out]
        if not there:
            return
        number = self._chance.choice(there)
        self._taken_out.add(number)
        removes = {"type": "lines", "segments": [f"{self.name}-{number}"]}
        refusal = await self._done("remove", number, "remove", {"removes": removes})
        if refusal is None:
            self.removed.append(own_word(self.typed[number]))
        elif refusal == "unknown" and self._spans.take_lines:
            self.gone.add(number)
        else:
            self._say_refused("remove", number, refusal)

    async def close(self) -> None:
        """Close the desk's connection."""
        await self._desk.close()

    def _say_refused(self, what: str, number: int, code: str) -> None:
        self.wrong.say("other", f"{self.name}:{what}:{number} was refused as {code}")

    async def _done(self, what: str, number: int, event: str, body: dict[str, Any]) -> str | None:
        """Do an act; returns the code of a refusal, or None."""
        name = f"{self.name}:{what}:{number}"
        answer = await self._desk.send(self._session, event, {"id": name, **body})
        self._heard()
        self.answers += 1
        if "refusal" in answer:
            return str(answer["refusal"]["code"])
        self._number += 1
        receipt = answer["receipt"]
        self.answered.append(
            Answered(
                author=f"{self.name} ({what})",
                number=self._number,
                id=name,
                first=receipt["first"],
                last=receipt["last"],
            )
        )
        if self._chance.random() < TWICE:
            again = await self._desk.send(self._session, event, {"id": name, **body})
            if again.get("receipt") != receipt:
                self.wrong.say("other", f"{name} was answered {receipt} first, and then {again}")
        return None


class Asker(Person):
    """A person who asks by the form, each time from a new browser."""

    def __init__(self, addresses: Sequence[str], session: SessionId, *, every_s: float, chance: random.Random) -> None:
        super().__init__(every_s, chance)
        self.asked: list[str] = []
        """Texts of the accepted questions."""
        self._addresses = cycle(addresses)
        self._session = session
        self._number = 0

    async def once(self) -> None:
        """Ask a question."""
        self._number += 1
        text = f"Question {self._number}: what of {secrets.token_hex(4)}?"
        form = {"id": secrets.token_hex(8), "kind": "question", "text": text, "language": "en"}
        source = (f"127.9.0.{1 + self._number % ADDRESSES}", 0)
        connector = aiohttp.TCPConnector(local_addr=source, force_close=True)
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(connector=connector, cookie_jar=jar, timeout=timeout) as http:
            while (status := await self._sent(http, form)) in (0, 429, 503):  # noqa: ASYNC110  # of a server
                await asyncio.sleep(AGAIN_S)
        if status == 303:
            self.asked.append(text)
        else:
            self.wrong.say("other", f"a question was answered with status {status}")

    async def _sent(self, http: aiohttp.ClientSession, form: dict[str, str]) -> int:
        address = next(self._addresses)
        page = f"{address}/s/{self._session}/ask"
        try:
            async with http.get(page) as answer:
                await answer.read()
            async with http.post(page, data=form, headers={"Origin": address}, allow_redirects=False) as answer:
                return answer.status
        except (aiohttp.ClientError, OSError):
            return 0


class Reader:
    """A reader over SSE that begins at one node; after each break it resumes from its position at a random node."""

    def __init__(self, addresses: Sequence[str], session: SessionId, chance: random.Random) -> None:
        self.shown: dict[int, bytes] = {}
        """Bodies of shown events, by offset."""
        self.whole = Wholeness()
        self.connections = 0
        self.wrong = Wrong()
        self._addresses = addresses
        self._session = session
        self._chance = chance
        self._events = 0

    async def run(self) -> None:
        """Read until cancelled."""
        at = self._addresses[0]
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=PATIENCE_S, sock_read=SILENCE_S)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            while True:
                try:
                    await self._read(http, at)
                except (aiohttp.ClientError, OSError):
                    pass
                except ProtocolError as error:
                    self.wrong.say("other", f"a frame can't be read: {error}")
                at = self._chance.choice(self._addresses)
                await asyncio.sleep(AGAIN_S)

    async def until(self, offset: int, within_s: float) -> bool:
        """Wait until the reader has everything up to `offset`; returns False after `within_s` seconds."""
        for _ in range(int(within_s / AGAIN_S)):
            if self.whole.position is not None and self.whole.position.offset >= offset:
                return True
            await asyncio.sleep(AGAIN_S)
        return False

    async def _read(self, http: aiohttp.ClientSession, address: str) -> None:
        position = self.whole.position
        headers = {} if position is None else {"Last-Event-ID": str(position)}
        async with http.get(f"{address}/s/{self._session}/events", headers=headers) as answer:
            if answer.status != 200:
                return
            self.connections += 1
            self.whole.come_back()
            stream = EventStream()
            async for data in answer.content.iter_any():
                for event in stream.feed(data):
                    self._take(event.data)

    def _take(self, data: bytes) -> None:
        frame = decode(data)
        self.whole.take(frame)
        for event in frame.events:
            if event.original is not None and self.shown.setdefault(event.offset, event.original) != event.original:
                self.wrong.say("other", f"event {event.offset} was shown twice, and differs")
