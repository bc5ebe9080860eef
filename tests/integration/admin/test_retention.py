"""The pages on which the secretariat says what is kept for how long, and removes one person's words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import CookieJar

from integration.search.test_search import done, settings
from integration.search.test_speakers import ANA, TOKEN, spoken
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId, SessionId, SpeakerId
from moothall.core.retention.periods import DAY_MS, KeptKind
from moothall.services.log.act_queue import Receipt
from moothall.services.proposals import own_words
from moothall.services.retention.retention import KEPT
from support.backup.houses import holding
from support.desks.own_words import with_old_lines
from support.halls.due import days_pass

BO = SpeakerId("bo")


class Office:
    """A secretary's browser."""

    def __init__(self, running: RunningServer, http: aiohttp.ClientSession) -> None:
        self.running = running
        self.http = http

    async def get(self, path: str, status: int = 200) -> str:
        async with self.http.get(f"{self.running.address}{path}") as answer:
            assert answer.status == status
            return await answer.text()

    async def post(self, path: str, fields: dict[str, str], status: int = 200) -> str:
        token = TOKEN.search(await self.get("/admin/retention"))
        assert token is not None
        data = aiohttp.FormData([(token["field"], token["value"]), *fields.items()])
        headers = {"Origin": self.running.address}
        async with self.http.post(f"{self.running.address}{path}", data=data, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return text


async def entered(running: RunningServer, http: aiohttp.ClientSession) -> Office:
    _, token = await running.backend.links.create(Role.SECRETARIAT, "hall", "Front office")
    async with http.get(f"{running.address}/enter/{token}", allow_redirects=False):
        return Office(running, http)


async def counts(running: RunningServer) -> dict[str, Any]:
    async with aiohttp.ClientSession() as http, http.get(f"{running.address}/removed.json") as answer:
        found: dict[str, Any] = await answer.json()
        return found


async def proposed(running: RunningServer, session: str, speaker: SpeakerId, line: str, word: bytes) -> None:
    """A speaker proposes a word for a line of their own."""
    own, live = with_old_lines(running.backend.own_words), await running.backend.sessions.open(SessionId(session))
    assert isinstance(await own.make(live.state, speaker, own.clock.wall() + 7 * DAY_MS), str)
    assert await own.propose(own.of(live.id)[0], SegmentId(line), 0, f"It is a {word.decode()}.") is None
    assert await proposals(running, session, word)


async def proposals(running: RunningServer, session: str, word: bytes) -> bool:
    """Whether what is proposed in a session has a word."""
    kept = await running.backend.book.read(own_words.NAMESPACE)
    return any(word in body for key, body in kept.items() if key.startswith(f"{session}/"))


async def test_periods_what_is_due_and_what_one_person_said(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running, aiohttp.ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        for session in ("one", "two"):
            await spoken(running, session)
            live = await running.backend.sessions.find(SessionId(session))
            assert live is not None
            note = do.LeaveNote(text="Ask her <b>again</b>.")
            assert isinstance(await live.writer.send(Actor(Role.CHAIR, "c"), CommandId("note"), note), Receipt)
            await done(running, session, "close", do.CloseSession())
        # What the speakers themselves propose holds their words too.
        await done(running, "two", "bo", do.IntroduceSpeaker(speaker=BO, name="Bo"))
        await done(running, "two", "his", do.AssignSpeaker(segments=(SegmentId("l1"),), speaker=BO))
        await proposed(running, "one", ANA, "l0", b"quokka")
        await running.backend.retention.look()  # As it does each hour.
        office = await entered(running, http)
        page = await office.get("/admin/retention")
        assert page.count("Now: days: 3650") == page.count("Now: days: 90") == 2
        assert "Nothing is due soon." in page
        # Periods
        periods = {kind.value: "default" for kind in KeptKind}
        await office.post("/admin/retention/periods", periods | {"text": "days", "text_days": "soon"}, 400)
        await office.post("/admin/retention/periods", {"text": "ever"}, 400)
        page = await office.post(
            "/admin/retention/periods", periods | {"text": "ever", "staff": "days", "staff_days": "9"}
        )
        assert "Now: for ever" in page
        assert "Front office" in page
        # What is due, and putting it off
        assert "Notes and marks of those who work here" in page
        assert "Nothing is due soon." not in page
        off = {"session": "one", "kind": "staff"}
        await office.post("/admin/retention/put-off", off | {"days": "30", "reason": " "}, 400)
        await office.post("/admin/retention/put-off", off | {"days": "many", "reason": "A case."}, 400)
        await office.post(
            "/admin/retention/put-off", {"session": "two", "kind": "text", "days": "30", "reason": "A case."}, 400
        )
        await office.post(
            "/admin/retention/put-off", {"session": "one", "kind": "all", "days": "30", "reason": "A case."}, 400
        )
        page = await office.post("/admin/retention/put-off", off | {"days": "500", "reason": "A <case> at court."})
        assert "A &lt;case&gt; at court." in page, "it stays in the list with the reason"
        kept = (await running.backend.book.read(KEPT))["one"]
        assert b"A <case> at court." in kept
        # A person's words
        wrong = await office.post(
            "/admin/retention/person", {"act": "count", "person": "", "addresses": "Ana Souza"}, 400
        )
        assert "A name alone is not enough." in wrong
        joined = await running.backend.people.join(
            "Ana Souza", [(each) for group in running.backend.people.unjoined for each in group.speakers]
        )
        assert joined is not None
        person, secret = joined
        own = f"{running.address}/speakers/{person.id}/own/{secret}"
        async with http.post(own, data={"removal": "yes"}, headers={"Origin": running.address}) as answer:
            assert "You have asked for your words" in await answer.text()
        assert "has asked for this on" in await office.get("/admin/retention")
        shown = await office.post("/admin/retention/person", {"act": "count", "person": person.id, "addresses": ""})
        assert re.search(r"Together</dt><dd>Lines 2 · Words \d+ · Questions asked 0</dd>", shown)
        assert (await counts(running)) == {"counts": []}
        await office.post("/admin/retention/person", {"act": "remove", "person": person.id, "addresses": ""})
        for _ in range(500):
            if not running.backend.people.all:
                break
            await running.backend.clock.sleep(10)
        assert running.backend.people.all == []
        live = await running.backend.sessions.find(SessionId("one"))
        assert live is not None
        assert "ana" not in {speaker for speaker, _ in live.state.speakers.items()}
        assert await proposals(running, "one", b"quokka") is False
        await proposed(running, "two", BO, "l1", b"wombat")
        # The report
        report = json.loads(await office.get("/admin/removed.json"))["removals"]
        assert [(each["session"], each["reason"]) for each in sorted(report, key=lambda each: each["session"])] == [
            ("one", "request"),
            ("two", "request"),
        ]
        assert (await office.get("/admin/removed.csv")).splitlines()[0] == "when,session,reason,events"
        page = await office.get("/admin/removed")
        assert page.count("On request") == 2
        assert "Ana" not in page
        assert [(each["reason"], each["removals"]) for each in (await counts(running))["counts"]] == [("request", 2)]
        # What is due is in no file of the server any more, the search's included.
        word = b"foss"
        assert holding(tmp_path, [word]) != []
        await office.post("/admin/retention/periods", periods | {"text": "days", "text_days": "1"})
        await days_pass(running, running.backend.retention.notice_days - 1)
        assert holding(tmp_path, [word]) != []
        await days_pass(running, 1)
        assert holding(tmp_path, [word]) == []
        assert await proposals(running, "two", b"wombat") is False
        assert {each["reason"] for each in (await counts(running))["counts"]} == {"request", "due"}
