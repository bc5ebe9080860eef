"""Questions at the desks with the stock client of Socket.IO, over WebSocket and over polling alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus, QueueOrder
from moothall.core.kernel.actors import Role
from moothall.services.sessions.staff import Staff
from support.browser.node import SCRIPTS, module, node
from support.desks.socket import Desk, House, desk, desk_house, plain
from support.sessions.questions import SOMEBODY, ask, name, stand

MODERATOR = Staff(link="link-m", role=Role.MODERATOR, scope="hall", label="Moderator 1")
BOTH = pytest.mark.parametrize("transports", [("websocket",), ("polling",)], ids="-".join)


class Seen:
    """What a desk knows of the questions: what it was told when it came, and what it was told since."""

    def __init__(self, on: Desk, first: dict[str, Any]) -> None:
        self.on = on
        self.items: dict[str, dict[str, Any]] = {}
        self.around: dict[str, Any] = {}
        self._read = 0
        self._take(first)

    def _take(self, body: dict[str, Any]) -> None:
        self.items = ({} if body["whole"] else self.items) | {item["id"]: item for item in body["items"]}
        for gone in body["gone"]:
            del self.items[gone]
        self.around = body

    async def until(self, holds: Callable[[Seen], object]) -> None:
        """Take in what is told until it is so."""

        def fits(_: object) -> bool:
            told = [body for kind, body in self.on.told if kind == "interventions"]
            for body in told[self._read :]:
                self._take(body)
            self._read = len(told)
            return bool(holds(self))

        if not fits(None):
            await self.on.until("interventions", fits)

    def status(self, what: str) -> str:
        return str(self.items[what]["status"])


async def sit(on: Desk, role: str | None = None) -> Seen:
    answer = await on.ask("join", {"session": "s", "role": role})
    return Seen(on, answer["news"]["interventions"])


def act(act_id: str, *commands: Any) -> dict[str, Any]:
    return {"id": act_id, "commands": plain(commands)}


async def opened(house: House) -> None:
    house.staff["mod"] = MODERATOR
    await house.open()
    await house.say("s1", "Water", " is life.")
    await house.do(ask("a", "Who pays?", name="Ana"), by=SOMEBODY)


@BOTH
async def test_two_moderators_see_the_same_at_once(transports: tuple[str, ...]) -> None:
    async with desk_house() as house:
        await opened(house)
        async with (
            desk(house, "mod", *transports, join=False) as one,
            desk(house, "tech", *transports, join=False) as two,
        ):
            first, second = await sit(one), await sit(two)
            assert first.items == second.items
            assert (first.status("a"), first.items["a"]["said"]["segment"]) == ("being-checked", "s1")
            await house.do(ask("b", "who pays", origin="hub:nairobi"), by=SOMEBODY)
            for seen in (first, second):
                await seen.until(lambda on: "b" in on.items and on.around["alike"] == [["a", "b"]])
            assert "receipt" in await one.ask("act", act("q", stand(InterventionStatus.QUEUED, "a", "b")))
            assert "receipt" in await two.ask("act", act("r", do.ArrangeQueue(first=(name("b"),))))
            for seen in (first, second):
                await seen.until(lambda on: on.around["arranged"] == ["b"])
                assert [each["why"] for each in seen.around["queue"]] == ["arranged", "arrival"]
            assert "receipt" in await one.ask("undo", {"id": "r"})
            assert "receipt" in await two.ask("act", act("o", do.OrderQueue(order=QueueOrder.ALTERNATE)))
            assert "receipt" in await one.ask("act", act("c", stand(InterventionStatus.CALLED, "a")))
            for seen in (first, second):
                await seen.until(lambda on: on.around["called"] == "a" and on.around["order"] == "alternate")
            assert "receipt" in await two.ask("act", act("d", stand(InterventionStatus.ANSWERED, "a", segment="s1")))
            assert "receipt" in await one.ask("undo", {"id": "d"})
            assert "receipt" in await one.ask("act", act("back", stand(InterventionStatus.QUEUED, "a")))
            assert "receipt" in await two.ask("act", act("next", stand(InterventionStatus.CALLED, "b")))
            assert (await one.ask("undo", {"id": "back"}))["refusal"]["code"] == "stale", "it is b's turn now"
            for seen in (first, second):
                await seen.until(lambda on: (on.status("a"), on.status("b")) == ("queued", "called"))
            assert first.items == second.items


@BOTH
async def test_every_act_on_a_question_goes_as_a_command_and_comes_back(transports: tuple[str, ...]) -> None:
    async with desk_house() as house:
        await opened(house)
        async with desk(house, "mod", *transports, join=False) as one:
            seen = await sit(one)
            commands = [
                do.Reword(intervention=name("a"), text="Who pays for it?"),
                do.Flag(intervention=name("a"), flags=("abuse",)),
                ask("r", "From the hall.", origin="room"),
                do.WriteAnswer(intervention=name("a"), text="We all do.", language="en"),
                stand(InterventionStatus.DECLINED, "r", reason="Asked already."),
            ]
            for n, command in enumerate(commands):
                sent = act(f"n{n}", command)
                answer = await one.ask("act", sent)
                assert "receipt" in answer, answer
                assert await one.ask("act", sent) == answer, "sent twice, done once"
            await seen.until(lambda on: on.status("r") == "declined" if "r" in on.items else False)
            item = seen.items["a"]
            assert (item["received"], item["text"], item["flags"]) == ("Who pays?", "Who pays for it?", ["abuse"])
            assert (item["answer"], item["status"]) == ("We all do.", "written")
            assert len(house.live.state.questions.interventions) == 2
            stale = await one.ask("act", act("again", stand(InterventionStatus.DECLINED, "r", reason="Twice.")))
            assert stale["refusal"]["code"] == "stale"


async def test_a_captioner_is_told_no_list_of_questions_and_may_not_answer_them() -> None:
    async with desk_house() as house:
        await opened(house)
        async with desk(house, "cap", join=False) as captioner, desk(house, "mod") as moderator:
            answer = await captioner.ask("join", {"session": "s"})
            assert "interventions" not in answer["news"]
            assert (await captioner.ask("act", act("q", stand(InterventionStatus.QUEUED, "a"))))["refusal"][
                "code"
            ] == "forbidden"
            await moderator.ask("act", act("q2", stand(InterventionStatus.QUEUED, "a")))
            await moderator.until("interventions")
            await captioner.until("acted")
            assert [kind for kind, _ in captioner.told if kind == "interventions"] == []


async def test_who_comes_back_after_a_cut_finds_all_of_it_and_an_act_sent_again_counts_once() -> None:
    async with desk_house() as house:
        await opened(house)
        queued = act("q", stand(InterventionStatus.QUEUED, "a"))
        async with desk(house, "mod", join=False) as one:
            await sit(one)
            answer = await one.ask("act", queued)
        await house.do(ask("b", "When?"), by=SOMEBODY)
        async with desk(house, "mod", "polling", join=False) as again:
            seen = await sit(again)
            assert (seen.status("a"), seen.status("b")) == ("queued", "being-checked")
            assert await again.ask("act", queued) == answer


@BOTH
async def test_the_stock_client_of_npm_does_the_same(transports: tuple[str, ...]) -> None:
    program, client = node(), module("socket.io-client")
    async with desk_house() as house:
        await opened(house)
        acts = [
            act("q", stand(InterventionStatus.QUEUED, "a")),
            act("c", stand(InterventionStatus.CALLED, "a")),
            act("d", stand(InterventionStatus.ANSWERED, "a", segment="s1")),
        ]
        wish = {"url": house.url, "cookie": "who=mod", "transports": transports, "session": "s", "acts": acts}
        process = await asyncio.create_subprocess_exec(
            program,
            str(SCRIPTS / "lead_a_discussion.js"),
            str(client),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            said, _ = await process.communicate(json.dumps(wish).encode())
        found = json.loads(said)
        assert found["transport"] == transports[0]
        assert [(item["id"], item["status"]) for item in found["first"]["items"]] == [("a", "being-checked")]
        assert all("receipt" in first and first == again for first, again in found["answers"])
        told = [item["status"] for body in found["told"] for item in body["items"]]
        assert told[:3] == ["queued", "called", "answered"]
        assert [frame for frame in found["missed"] if "snapshot" in frame] == []
        missed = [event["body"] for frame in found["missed"] for event in frame.get("events", ())]
        stood = [body["status"] for body in missed if body["type"] == "intervention.status-changed"]
        assert stood == ["queued", "called", "answered"], "all since the first snapshot, once"
