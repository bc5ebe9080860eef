"""The server is killed (SIGKILL) amid supports and shows of hands: no acknowledged ballot is lost or doubled.

Slow: `test_ballot_box.py` (acknowledged once written) and `test_ballots.py` (counted after a crash) test the rules, and
`test_log_crash.py` kills a process that writes into the book.
"""

from __future__ import annotations

import asyncio
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp
import msgspec
import pytest

from moothall.adapters.pages.visitor_request import COOKIE
from moothall.adapters.store.book_sqlite import FILE_NAME, SqliteBook
from moothall.adapters.system.clock import SystemClock
from moothall.app.backend import quiet_backend
from moothall.cli.verifying import SOUND, verify_command
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import CommandId, InterventionId, PollId
from moothall.services.questions.ballot_box import NAMESPACE, BallotState, Box
from moothall.settings.sections import Server, Settings
from support.desks.process import DeskHall
from support.halls.process import CLOCK, SESSION, free_port

QUESTIONS = tuple(InterventionId(name) for name in ("who", "when", "why"))
KILLS, VISITORS, AT_ONCE = 4, 240, 24
POLL, OPTIONS = PollId("p"), ("Yes", "No", "Not sure")


class Hall:
    """People who say what they would ask too and raise their hands, until each of them was told that it is kept."""

    def __init__(self, hall: DeskHall, tokens: Sequence[str]) -> None:
        """`tokens`: of each browser, as it stands in its cookie."""
        self.hall = hall
        self.tokens = tokens
        self.kept: set[tuple[int, int]] = set()
        """(visitor, question from 0) that were acknowledged."""
        self.voted: dict[int, int] = {}
        """What visitors have chosen, as it was acknowledged last."""
        self.news = asyncio.Event()

    async def say(self, visitors: range) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
            for visitor in visitors:
                question = visitor % len(QUESTIONS)
                await self._send(http, visitor, f"asked/{question + 1}/support")
                self.kept.add((visitor, question))
                for choice in (visitor % 2, visitor % 3):
                    await self._send(http, visitor, "hands/1", option=str(choice))
                self.voted[visitor] = choice
                self.news.set()

    async def _send(self, http: aiohttp.ClientSession, visitor: int, path: str, **form: str) -> None:
        """Send it until it is acknowledged: the server may be away."""
        headers = {
            "Origin": self.hall.address,
            "Cookie": f"{COOKIE}={self.tokens[visitor]}",
            "X-Forwarded-For": f"198.51.{visitor // 250}.{visitor % 250 + 1}",
        }
        address = f"{self.hall.address}/s/{SESSION}/{path}"
        while True:
            try:
                async with http.post(address, headers=headers, data=form, allow_redirects=False) as answer:
                    if answer.status == 303:
                        return
                    assert answer.status in (404, 503), await answer.text()
            except (aiohttp.ClientError, TimeoutError):
                pass
            await CLOCK.sleep(50)

    async def until(self, many: int) -> None:
        while len(self.kept) < many:
            self.news.clear()
            await self.news.wait()


async def in_the_book(data: Path) -> tuple[Box, Mapping[str, bytes]]:
    """What the book has: the session's key, and its ballots."""
    book = await SqliteBook.open(data / FILE_NAME)
    try:
        body = (await book.read(NAMESPACE))[SESSION]
        return Box(msgspec.msgpack.decode(body, type=BallotState)), await book.read(f"{NAMESPACE}:{SESSION}")
    finally:
        await book.close()


async def prepared(data: Path) -> tuple[DeskHall, Sequence[str]]:
    """A server that has not started, with three questions in the queue and a show of hands; and browsers' tokens."""
    hall = DeskHall(data, free_port(61))
    config = data.with_suffix(".toml")
    config.write_text('[engine]\ncount = 0\n[server]\ntrusted_proxies = ["127.0.0.1"]\n', encoding="utf-8")
    await hall.prepare(begin_other=False)
    async with quiet_backend(Settings(server=Server(data=str(data))), SystemClock()) as house:
        live = await house.sessions.open(SESSION)
        commands: list[do.AnyCommand] = [
            do.Ask(intervention=name, kind=InterventionKind.QUESTION, text=f"{name}?", language="en", asker=name)
            for name in QUESTIONS
        ]
        commands.append(do.SetStatus(interventions=QUESTIONS, status=InterventionStatus.QUEUED))
        commands.append(do.OpenPoll(poll=POLL, question="Shall we?", language="en", options=OPTIONS))
        answer = await live.writer.send(Actor(Role.MODERATOR, "m1"), CommandId("ask"), commands)
        assert not isinstance(answer, Refusal), answer
        tokens = [house.visitors.new(SESSION) for _ in range(VISITORS)]
    return hall, tokens


@pytest.mark.slow
async def test_every_acknowledged_ballot_is_there_once(tmp_path: Path) -> None:
    hall, tokens = await prepared(tmp_path / "data")
    await hall.start()
    people = Hall(hall, tokens)
    try:
        async with asyncio.TaskGroup() as group:
            each = VISITORS // AT_ONCE
            for first in range(AT_ONCE):
                group.create_task(people.say(range(first * each, (first + 1) * each)))
            for kill in range(KILLS):
                await people.until((kill + 1) * VISITORS // (KILLS + 1))
                await hall.kill()
                kept, voted = set(people.kept), dict(people.voted)
                box, there = await in_the_book(hall.data)
                lost = [
                    (visitor, question)
                    for visitor, question in kept
                    if f"{QUESTIONS[question]}/{box.voter(tokens[visitor])}" not in there
                ]
                assert not lost, f"acknowledged, and not in the book: {lost}"
                changed = {
                    visitor: choice
                    for visitor, choice in voted.items()
                    if there[f":poll:{POLL}/{box.voter(tokens[visitor])}"] != str(choice).encode()
                }
                assert not changed, f"chosen and acknowledged, and otherwise in the book: {changed}"
                await hall.start()
        await hall.kill()  # What was acknowledged last is not counted yet.
        await hall.start()
        async with aiohttp.ClientSession() as http, http.get(f"{hall.address}/s/{SESSION}/questions") as answer:
            assert answer.status == 200
        expected = [sum(question == number for _, question in people.kept) for number in range(len(QUESTIONS))]
        chosen = Counter(people.voted.values())
        hands = tuple(chosen[option] for option in range(len(OPTIONS)))
        while supported(hall) != expected or hall.state().questions.polls[0].remote != hands:
            await CLOCK.sleep(100)
        box, there = await in_the_book(hall.data)
        assert len(people.kept) == VISITORS
        assert {key for key in there if not key.startswith(":")} == {
            f"{QUESTIONS[question]}/{box.voter(tokens[visitor])}" for visitor, question in people.kept
        }
    finally:
        await hall.stop()
    assert verify_command(hall.data, None, io.StringIO()) == SOUND
    assert supported(hall) == expected
    assert sum(hall.state().questions.polls[0].remote) == VISITORS


def supported(hall: DeskHall) -> list[int]:
    """How many would ask each question, as the log has it."""
    questions = hall.state().questions
    return [0 if (each := questions.get(name)) is None else each.support for name in QUESTIONS]
