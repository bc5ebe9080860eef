"""Rooms of the soak: one session follows another, lines are typed or heard, questions are asked and moved on.

All traffic uses the public doors: a technician's desk over Socket.IO, and the form *Ask or comment* of servers and
hubs. An act without an acknowledgement is sent again with the same id, as the pages do, until it has one; each
acknowledgement is noted in `Acknowledged`, with which the log is compared.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import aiohttp

from moothall.core.kernel.ids import SessionId
from support.desks.persistent import PersistentDesk
from support.hubs.processes import HubProcess

AGAIN_S = 0.5
HURRY_S = 0.06
"""The pause between acts in a hurry, in s: a desk may send 20 messages a second for a long time."""
ASK_EACH, MOVE_EACH = 6, 3
"""The number of turns after which somebody asks, and after which the questions are moved on."""
ADDRESSES = 40
"""The number of addresses from which people ask."""
NEXT_STATUS = {"called": "answered", "queued": "called", "being-checked": "queued"}
"""The next status of a question under a moderator; questions furthest on come first."""


class Acknowledged:
    """Everything acknowledged in one session, in order."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        """Ids of acts, and the lines' texts."""
        self.questions: list[str] = []
        """Texts of questions asked at the server."""
        self.at_hubs: list[str] = []
        """Texts of questions asked at a hub, which reach the server when the hub's link is up."""
        self.acts: list[str] = []
        """Ids of all other acts."""


class Asker:
    """A person who fills in the form *Ask or comment*, each time in a new browser."""

    def __init__(self, address: str, chance: random.Random, again: frozenset[int] = frozenset()) -> None:
        """`again`: statuses after which the form is sent again, besides 429 and 503."""
        self._address = address
        self._chance = chance
        self._again = again | {429, 503}

    async def ask(self, session: SessionId, text: str) -> bool:
        """Send a question until it is answered; returns whether it was accepted."""
        source = (f"127.9.0.{1 + self._chance.randrange(ADDRESSES)}", 0)
        page = f"{self._address}/s/{quote(session)}/ask"
        form = {"id": f"{self._chance.getrandbits(64):x}", "kind": "question", "text": text, "language": "en"}
        connector = aiohttp.TCPConnector(local_addr=source, force_close=True)
        jar = aiohttp.CookieJar(unsafe=True)
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(connector=connector, cookie_jar=jar, timeout=timeout) as http:
            while True:
                try:
                    async with http.get(page) as answer:
                        await answer.read()
                    async with http.post(
                        page, data=form, headers={"Origin": self._address}, allow_redirects=False
                    ) as answer:
                        if answer.status not in self._again:
                            return answer.status == 303
                except (aiohttp.ClientError, OSError, TimeoutError):
                    pass
                await asyncio.sleep(AGAIN_S)


class AskerAtHub:
    """A person who asks at a hub, and its coordinator, who lets questions through unread."""

    def __init__(self, hub: HubProcess, chance: random.Random) -> None:
        self._hub = hub
        self._asker = Asker(hub.address, chance, again=frozenset({404}))
        self._opened = SessionId("")

    async def ask(self, session: SessionId, text: str) -> bool:
        """Ask as `Asker.ask` does; the hub's link may be down."""
        while self._opened != session:
            try:
                async with self._hub.coordinator() as desk:
                    await desk.press("/desk", session=session, act="mode:open")
                self._opened = session
            except (AssertionError, aiohttp.ClientError, OSError):  # The hub is starting, or has no copy yet.
                await asyncio.sleep(AGAIN_S)
        return await self._asker.ask(session, text)


class Room:
    """A room, in which one session follows another."""

    def __init__(
        self,
        name: str,
        desk: PersistentDesk,
        asker: Asker,
        sessions: Sequence[SessionId],
        texts: Sequence[str],
        *,
        at_hubs: Sequence[AskerAtHub],
        fault: Callable[[str], None],
        chance: random.Random,
    ) -> None:
        """`texts`: lines that are typed, again and again; nobody types if it is empty."""
        self.name = name
        self.acknowledged: dict[SessionId, Acknowledged] = {}
        """Acknowledgements by session; a session that was checked after its close is deleted."""
        self.count: Counter[str] = Counter()
        """sessions, lines, questions, acts, refused."""
        self._desk = desk
        self._asker = asker
        self._at_hubs = at_hubs
        self._sessions = sessions
        self._texts = texts
        self._fault = fault
        self._chance = chance
        self._on: SessionId | None = None
        self._sent = 0
        self._still = asyncio.Event()
        self._still.set()
        self._roused = asyncio.Event()
        self._resting = asyncio.Event()
        self.hurries = False
        """Whether the room does one act right after the other."""

    @property
    def session(self) -> SessionId | None:
        """The session that is on; None before the first."""
        return self._on

    def rest(self) -> asyncio.Event:
        """Do nothing from now on; the returned event is set once no act is under way."""
        self._still.clear()
        self._roused.set()
        return self._resting

    def go_on(self) -> None:
        """End a rest."""
        self._resting.clear()
        self._roused.clear()
        self._still.set()

    def hurry(self) -> None:
        """Do one act right after the other from now on, so that one is under way at any moment."""
        self.hurries = True
        self._roused.set()

    def take_time(self) -> None:
        """End a hurry."""
        self.hurries = False
        self._roused.clear()

    async def begin(self) -> None:
        """Open the first session."""
        self._on = self._sessions[0]
        await self._act("open", [{"do": "open"}])
        self._begun(self._on)

    async def run(self, every_s: float, length_s: float) -> None:
        """Type, ask, moderate, and begin the next session when its time comes, until cancelled."""
        loop = asyncio.get_running_loop()
        until, turn = loop.time() + length_s * self._chance.uniform(0.5, 1), 0
        while True:
            await self._pause(every_s * self._chance.uniform(0.5, 1.5))
            if not self._still.is_set():
                self._resting.set()
                await self._still.wait()
            turn += 1
            if loop.time() > until:
                await self._next()
                until = loop.time() + length_s
            if self._texts:
                await self._type()
            if turn % ASK_EACH == 0:
                await self._ask(turn)
            if turn % MOVE_EACH == 0:
                await self._move()

    async def _pause(self, seconds: float) -> None:
        """Wait for `seconds`, or until the room is asked to rest or to hurry."""
        if self.hurries:
            await asyncio.sleep(HURRY_S)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._roused.wait()

    async def close(self) -> None:
        """Close the desk's connection."""
        await self._desk.close()

    def _begun(self, session: SessionId) -> None:
        self._on = session
        self.acknowledged[session] = Acknowledged()
        self.count["sessions"] += 1

    async def _next(self) -> None:
        assert self._on is not None
        answer = await self._desk.send(self._on, "next", {"id": self._id("next")})
        if "refusal" in answer:
            self._fault(f"{self._on} was not followed by the next session: {answer['refusal']['message']}")
            return
        self._begun(SessionId(answer["session"]))

    async def _type(self) -> None:
        assert self._on is not None
        said = self.acknowledged[self._on]
        number = len(said.lines) + 1
        text = f"{self._texts[number % len(self._texts)]} ({self.name}, {self._sent + 1})"
        act = self._id("type")
        line = {"do": "type", "channel": "floor", "segment": f"typed-{self._sent}", "text": text, "language": "en"}
        if await self._act(act, [line]):
            said.lines.append((act, text))
            self.count["lines"] += 1

    async def _ask(self, turn: int) -> None:
        assert self._on is not None
        text = f"May I ask no. {self.count['questions'] + 1} of {self.name}?"
        said = self.acknowledged[self._on]
        if turn % (2 * ASK_EACH) or not self._at_hubs:
            taken, kept = await self._asker.ask(self._on, text), said.questions
        else:
            taken, kept = await self._chance.choice(self._at_hubs).ask(self._on, text), said.at_hubs
        if taken:
            kept.append(text)
            self.count["questions"] += 1
        else:
            self._fault(f"A question in {self._on} was not taken.")

    async def _move(self) -> None:
        assert self._on is not None
        questions = await self._desk.standing(self._on)
        for status, then in NEXT_STATUS.items():
            found = next((name for name, at in questions.items() if at == status), None)
            if found is not None:
                act = self._id("move")
                command = {"do": "set-status", "interventions": [found], "status": then}
                if await self._act(act, [command], anyway=True):
                    self.acknowledged[self._on].acts.append(act)
                    self.count["acts"] += 1
                    questions[found] = then
                return

    async def _act(self, name: str, commands: Sequence[dict[str, Any]], **more: Any) -> bool:
        assert self._on is not None
        answer = await self._desk.send(self._on, "act", {"id": name, "commands": list(commands), **more})
        if "refusal" in answer and not (answer["refusal"]["code"] == "unknown" and "anyway" in more):
            # A refusal is right for a question of the session before: its message was under way when the desk joined
            # this session.
            self.count["refused"] += 1
            self._fault(f"An act in {self._on} was refused: {answer['refusal']['message']}")
        return "refusal" not in answer

    def _id(self, what: str) -> str:
        self._sent += 1
        return f"soak:{self.name}:{what}:{self._sent}"
