"""The desks over real sockets, with the stock client of Socket.IO."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
import socketio

from moothall.adapters.desks.staff_socket import MAX_EACH, PING_S, WAITING, StaffConnection
from moothall.core.commands import (
    AddChannel,
    CloseSession,
    CorrectSegment,
    IntroduceSpeaker,
    LeaveNote,
    MovedSegment,
    MoveSegmentsHere,
    SetSpeaker,
    TypeSegment,
)
from moothall.core.events.lines import Origin
from moothall.core.events.types import Access, ChannelKind
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import RecordBroken, Refusal
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, SpeakerId
from moothall.services.desks.requests import DeskRequest
from moothall.services.desks.session_desks import DeskConnection
from moothall.testing.clock import ManualClock
from moothall.wire.frames import PULSE_MS
from support.desks.socket import ANSWER_S, Desk, House, desk, desk_house, plain
from support.memory.hall import FLOOR

AMINA = SpeakerId("amina")
GO = "1"
"""How the server tells a page that its line is over."""


def act(name: str, *commands: Any) -> dict[str, Any]:
    return {"id": name, "commands": plain(commands)}


def text_of(house: House, segment: str) -> str:
    line = house.live.state.segments.get(SegmentId(segment))
    return "" if line is None else line.whole


def snapshots(on: Desk) -> list[dict[str, Any]]:
    return [frame["snapshot"] for kind, frame in on.told if kind == "frame" and "snapshot" in frame]


@pytest.mark.parametrize("transports", [("websocket",), ("polling",), ("polling", "websocket")], ids="-".join)
async def test_a_desk_joins_acts_and_sees_what_came_of_it(transports: tuple[str, ...]) -> None:
    async with desk_house() as house:
        await house.open()
        await house.say("s1", "Good", " morning.")
        async with desk(house, "tech", *transports, join=False) as one:
            state = await one.ask("join", {"session": "s", "name": "  Ann  "})
            assert (state["role"], state["label"], state["channel"]) == ("technician", "Ann's laptop", "floor")
            assert "close" in state["may"]
            assert state["presence"] == [
                {
                    "desk": state["desk"],
                    "role": "technician",
                    "label": "Ann's laptop",
                    "name": "Ann",
                    "correcting": None,
                    "link": "link-t",
                }
            ]
            assert state["words"]["s1"] == [["Good", 0.9], [" morning.", 0.4]]
            first = await one.until("frame", lambda frame: "snapshot" in frame)
            assert [line["text"] for line in first["snapshot"]["lines"]] == ["Good morning."]

            answer = await one.ask("act", act("a1", IntroduceSpeaker(speaker=AMINA, name="Amina")))
            assert answer["receipt"]["first"] == house.live.writer.offset
            await one.until("frame", lambda frame: frame.get("events", [{}])[-1].get("body", {}).get("name") == "Amina")


async def test_a_page_that_comes_again_by_another_connection_sits_at_one_desk() -> None:
    async with desk_house() as house:
        await house.open()
        async with (
            desk(house, "tech", join=False) as frozen,
            desk(house, "tech", join=False) as again,
            desk(house, "cap", join=False) as other,
        ):
            await frozen.ask("join", {"session": "s", "page": "p1"})
            await other.ask("join", {"session": "s", "page": "p1"})
            state = await again.ask("join", {"session": "s", "page": "p1"})
            seats = [each["label"] for each in state["presence"]]
            assert seats == ["Captioner 1", "Ann's laptop"], "that of another link is another page's"
            await frozen.client.wait()


async def test_a_desk_has_a_pulse_at_once_and_where_nothing_happens() -> None:
    async with desk_house() as house:
        await house.open()
        async with desk(house, "tech", join=False) as one:
            assert await one.until("pulse") == {"every": PULSE_MS}
            await one.ask("join", {"session": "s"})
            head = house.live.writer.offset
            assert await one.until("pulse", lambda pulse: "head" in pulse) == {
                "head": head,
                "age": 0,
                "every": PULSE_MS,
            }


async def test_strangers_and_foreign_pages_are_refused() -> None:
    async with desk_house() as house:
        for who, origin in (("nobody", None), ("tech", "https://elsewhere.example"), ("tech", house.url + ".evil")):
            for transport in ("websocket", "polling"):
                stranger = Desk(house, who)
                with pytest.raises(socketio.exceptions.ConnectionError):
                    await stranger.connect(transport, origin=origin)
                await stranger.close()
        own = Desk(house, "tech")
        await own.connect("websocket", origin=house.url)
        await own.close()
        async with aiohttp.ClientSession(headers={"Cookie": "who=tech"}) as http:
            async with http.get(house.url + "/socket.io/?EIO=4&transport=polling&j=1") as answer:
                assert answer.status == 400
            async with http.get(house.url + "/socket.io/?EIO=4&transport=polling", headers={"Cookie": ""}) as answer:
                assert (answer.status, "link" in await answer.text()) == (401, True)


async def test_a_link_that_does_not_reach_the_session_gets_nothing_of_it() -> None:
    async with desk_house() as house:
        async with desk(house, "chair", join=False) as stranger:
            answer = await stranger.ask("join", {"session": "s"})
            assert answer["refusal"]["code"] == "unknown"
            assert (await stranger.ask("act", act("a", LeaveNote(text="hello"))))["refusal"]["code"] == "conflict"
            assert (await stranger.ask("join", {"session": "../s"}))["refusal"]["code"] == "unknown"
            assert (await stranger.ask("join", {"sessions": "s"}))["refusal"]["code"] == "invalid"
            assert (await stranger.ask("open-sesame"))["refusal"]["code"] == "unknown"
        assert house.live.state.status == "created"


async def test_the_role_decides_what_may_be_done() -> None:
    async with desk_house() as house:
        await house.open()
        async with desk(house, "cap") as captioner:
            answer = await captioner.ask("act", act("a", CloseSession()))
            assert answer["refusal"]["code"] == "forbidden"
            line = TypeSegment(channel=FLOOR, segment=SegmentId("t1"), text="By hand.", language="en")
            assert "receipt" in await captioner.ask("act", act("b", line))
            assert text_of(house, "t1") == "By hand."
            for made_up in ({"accepted": True}, {"proposed": True}):
                mended = CorrectSegment(
                    channel=FLOOR, segment=line.segment, base_revision=0, base_words=0, text="Made up.", **made_up
                )
                answer = await captioner.ask("act", act(f"d-{next(iter(made_up))}", mended))
                assert answer["refusal"]["code"] == "invalid", "it says whose wording it is"
        async with desk(house, "tech") as technician:
            said = MovedSegment(
                segment=SegmentId("m"), t0=0, t1=9, language="en", origin=Origin.MACHINE, text="Made up."
            )
            moved = MoveSegmentsHere(channel=FLOOR, session=SessionId("other"), lines=(said,))
            answer = await technician.ask("act", act("c", moved))
            assert answer["refusal"]["code"] == "invalid"


async def test_each_event_of_a_desk_says_by_which_role_and_link() -> None:
    async with desk_house() as house:
        await house.open()
        line = TypeSegment(channel=FLOOR, segment=SegmentId("t1"), text="By hand.", language="en")
        for who, what in (("cap", line), ("tech", CloseSession())):
            before = house.live.writer.offset
            async with desk(house, who) as page:
                assert "receipt" in await page.ask("act", act(who, what))
            records = await house.hall.log.read(house.live.id, before, 100)
            staff = house.staff[who]
            assert {(each.header.role, each.header.actor) for each in records} >= {(staff.role, staff.link)}
            assert all(each.header.actor in (staff.link, SYSTEM.id) for each in records)


async def test_a_page_with_two_links_chooses_the_role() -> None:
    async with desk_house() as house, desk(house, "cap+tech", join=False) as both:
        assert (await both.ask("join", {"session": "s"}))["role"] == "captioner"
        assert (await both.ask("join", {"session": "s", "role": "technician"}))["role"] == "technician"
        assert (await both.ask("join", {"session": "s", "role": "engine"}))["refusal"]["code"] == "unknown"


async def test_two_desks_see_each_other_and_each_others_acts() -> None:
    async with desk_house() as house:
        await house.open()
        async with desk(house, "tech") as one:
            async with desk(house, "cap") as two:
                both = await one.until("presence", lambda who: len(who) == 2)
                assert {who["label"] for who in both} == {"Ann's laptop", "Captioner 1"}
                await two.ask("name", {"name": "Ben"})
                await one.until("presence", lambda who: any(each["name"] == "Ben" for each in who))
                await two.ask("act", act("n1", LeaveNote(text="Water, please.")))
                acted = await one.until("acted")
                assert (acted["id"], acted["by"]["name"]) == ("n1", "Ben")
                await one.until("frame", lambda _: any(body["type"] == "note.left" for body in one.bodies()))
            await one.until("presence", lambda who: len(who) == 1)
            assert (await one.ask("join", {"session": "s"}))["notes"][0]["text"] == "Water, please."


async def test_an_act_is_undone_by_another_desk_and_once() -> None:
    async with desk_house() as house:
        await house.open()
        await house.do(IntroduceSpeaker(speaker=AMINA, name="Amina"))
        await house.say("s1", "Good", " mourning.")
        async with desk(house, "tech") as one, desk(house, "cap") as two:
            correct = CorrectSegment(
                channel=FLOOR, segment=SegmentId("s1"), base_revision=0, base_words=2, text="Good morning."
            )
            answer = await two.ask("act", act("c1", SetSpeaker(channel=FLOOR, speaker=AMINA), correct))
            assert [command["do"] for command in answer["undo"]] == ["correct", "set-speaker"]
            assert house.live.state.channels[FLOOR].speaker == AMINA
            undone = await one.ask("undo", {"id": "c1"})
            assert "receipt" in undone
            assert text_of(house, "s1") == "Good mourning."
            assert house.live.state.channels[FLOOR].speaker is None
            await two.until("acted", lambda acted: acted["undone"])
            assert await one.ask("undo", {"id": "c1"}) == undone
            assert (await one.ask("undo", {"id": "c9"}))["refusal"]["code"] == "unknown"


async def test_a_stale_correction_says_how_the_line_stands() -> None:
    async with desk_house() as house:
        await house.open()
        await house.say("s1", "Good", " mourning.")
        async with desk(house, "tech") as one, desk(house, "cap") as two:
            line = CorrectSegment(
                channel=FLOOR, segment=SegmentId("s1"), base_revision=0, base_words=2, text="Good evening."
            )
            await one.ask("act", act("a", line))
            answer = await two.ask("act", act("b", line))
            assert answer["refusal"]["code"] == "stale"
            assert answer["refusal"]["segment"]["text"] == "Good evening."


async def test_after_a_cut_it_goes_on_where_it_was_and_an_act_sent_twice_counts_once() -> None:
    async with desk_house() as house:
        await house.open()
        first = Desk(house, "tech")
        await first.connect("websocket")
        await first.ask("join", {"session": "s"})
        snapshot = (await first.until("frame"))["snapshot"]
        position = f"{snapshot['epoch']}:{snapshot['offset']}"
        note = act("n1", LeaveNote(text="Once."))
        answer = await first.ask("act", note)
        await first.close()
        await house.say("s1", "Missed", " words.")
        async with desk(house, "tech", join=False) as again:
            await again.ask("join", {"session": "s", "after": position})
            assert await again.ask("act", note) == answer
            await again.until("frame", lambda frame: frame.get("events"))
            types = [body["type"] for body in again.bodies()]
            assert types.count("note.left") == 1
            assert types[-3:] == ["segment.opened", "words.committed", "segment.ended"]
            assert snapshots(again) == []


async def test_news_comes_when_it_changes() -> None:
    async with desk_house() as house:
        house.news["reports"] = {"readers": 3, "kinds": {}}
        async with desk(house) as one, desk(house, "cap", join=False) as two:
            assert (await two.ask("join", {"session": "s"}))["news"]["reports"] == {"readers": 3, "kinds": {}}
            house.news["alarm"] = [{"kind": "no-sound"}]
            await one.until("alarm", lambda body: body == [{"kind": "no-sound"}])
            assert all(kind != "reports" for kind, _ in two.told)


async def test_a_link_that_is_taken_back_ends_the_desk() -> None:
    async with desk_house() as house, desk(house) as one:
        await one.ask("act", act("a", LeaveNote(text="Still here.")))
        del house.staff["tech"]
        answer = await one.ask("act", act("b", LeaveNote(text="Not any more.")))
        assert answer["refusal"]["code"] == "forbidden"
        async with asyncio.timeout(60):
            await one.client.wait()
        assert not one.client.connected
        assert house.desks.presence(house.live.id) == []


async def test_a_desk_whose_own_link_is_taken_back_ends_though_its_browser_has_another() -> None:
    async with desk_house() as house, desk(house, "tech+chair") as one:
        house.socket.recheck()
        assert (await one.ask("act", act("a", LeaveNote(text="Still here."))))["receipt"]
        del house.staff["tech"]
        house.socket.recheck()
        async with asyncio.timeout(60):
            await one.client.wait()
        assert house.desks.presence(house.live.id) == []


async def test_too_much_at_once_is_refused_as_busy() -> None:
    # However long they take: no time passes in which more would be granted.
    async with desk_house(clock=ManualClock()) as house, desk(house) as one:
        answers = await asyncio.gather(*(one.ask("name", {"name": str(n)}) for n in range(140)))
        assert 90 <= sum("refusal" not in answer for answer in answers) < 140
        assert {answer["refusal"]["code"] for answer in answers if "refusal" in answer} == {"busy"}


async def test_a_channel_is_chosen_and_its_text_alone_comes() -> None:
    async with desk_house() as house:
        await house.do(AddChannel(channel=ChannelId("fr"), kind=ChannelKind.INTERPRETATION, languages=("fr",)))
        async with desk(house, join=False) as one:
            assert (await one.ask("join", {"session": "s", "channel": "fr"}))["channel"] == "fr"
            assert (await one.ask("join", {"session": "s", "channel": "de"}))["refusal"]["code"] == "unknown"
            assert house.live.fanout.readers == {"floor": 0, "fr": 0}


async def test_a_session_for_staff_alone_is_open_to_its_desk() -> None:
    async with desk_house() as house:
        await house.hall.session(SessionId("closed-door"), access=Access.STAFF)
        async with desk(house, join=False) as one:
            assert (await one.ask("join", {"session": "closed-door"}))["session"] == "closed-door"


@asynccontextmanager
async def raw_line(house: House) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A line to the desk of a page that heeds nothing: it answers no ping and doesn't go when it is told to."""
    async with (
        aiohttp.ClientSession(headers={"Cookie": "who=tech", "Origin": house.url}) as http,
        http.ws_connect(f"{house.url}/socket.io/?EIO=4&transport=websocket") as page,
    ):
        await page.receive()
        await page.send_str("40/desk,")
        await page.receive()
        yield page


@pytest.mark.parametrize(
    "packet",
    ['42/desk,["act",' + "[" * 9_000, '42/desk,0["act",' + '{"a":' * 9_000, '42/desk,["act"', "42/desk,", "49"],
)
async def test_what_is_no_packet_ends_the_link_without_a_traceback(
    packet: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk_house() as house, raw_line(house) as page, asyncio.timeout(PING_S / 2):  # before any ping
        await page.send_str(packet)
        while await page.receive_str() != GO:
            pass
        assert house.socket.connected("/desk") == []
    assert "an unreadable packet" in caplog.text
    assert "Traceback" not in caplog.text


async def test_who_does_not_go_after_what_is_no_packet_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    async with desk_house(ping_s=1) as house, raw_line(house) as page:
        await page.send_str("49")
        while (await page.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
        assert page.closed
    assert "an unreadable packet" in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_message_that_is_too_long_ends_the_connection() -> None:
    async with desk_house() as house, desk(house) as one:
        await one.client.emit("name", {"name": "x" * 100_000}, namespace="/desk")
        async with asyncio.timeout(60):
            await one.client.wait()
        assert house.desks.presence(house.live.id) == []


async def test_a_page_that_takes_nothing_in_is_cut_before_it_fills_the_memory() -> None:
    here: list[StaffConnection] = []
    on_close = asyncio.Event()
    jar = aiohttp.CookieJar(unsafe=True)
    async with desk_house() as house, aiohttp.ClientSession(cookies={"who": "tech"}, cookie_jar=jar) as http:
        house.socket.serve("/control", {}, on_open=here.append, on_close=lambda _: on_close.set())
        address = house.url + "/socket.io/?EIO=4&transport=polling"
        async with http.get(address) as answer:
            sid = json.loads((await answer.text())[1:])["sid"]
        async with http.post(f"{address}&sid={sid}", data="40/control,") as answer:
            assert answer.status == 200
        (page,) = here
        # It never asks for what waits for it.
        async with asyncio.timeout(60):
            for _ in range(2 * WAITING):
                house.socket.push(page, "cards", {})
                for _ in range(20):  # The sender's turns.
                    await asyncio.sleep(0)
            await on_close.wait()


async def test_one_link_does_not_shut_the_others_out_nor_keep_what_it_does_not_use() -> None:
    async with desk_house() as house, desk(house) as used:
        address = house.url + "/socket.io/?EIO=4&transport=polling"
        async with aiohttp.ClientSession(headers={"Cookie": "who=cap"}) as http:
            statuses = []
            for _ in range(MAX_EACH + 1):
                async with http.get(address) as answer:
                    statuses.append(answer.status)
            assert statuses == [200] * MAX_EACH + [503]
            async with http.get(address, headers={"Cookie": "who=tech+cap"}) as answer:
                assert "your link" in await answer.text()
            async with http.get(address, headers={"Cookie": "who=tech"}) as answer:
                assert answer.status == 200
            for _ in range(2):
                await house.socket.look()
            async with http.get(address) as answer:
                assert answer.status == 200
        assert "seats" not in await used.ask("name", {"name": "Ann"})  # It is still there.


async def test_a_poll_whose_page_went_away_does_not_hold_up_the_servers_end() -> None:
    async with AsyncExitStack() as ending:
        house = await ending.enter_async_context(desk_house(end_s=2 * ANSWER_S))
        one = await ending.enter_async_context(desk(house, "tech", "polling"))
        await one.until("presence")
        # Until its next poll is there, of which the server tells nobody.
        while not any("_handle_request" in repr(task.get_coro()) for task in asyncio.all_tasks()):  # noqa: ASYNC110
            await asyncio.sleep(0)
        async with asyncio.timeout(ANSWER_S):
            await ending.aclose()


@pytest.mark.parametrize("error", [RecordBroken("It says: rhubarb."), ValueError("rhubarb")])
async def test_what_fails_is_noted_without_what_was_said(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(desk: DeskConnection, wish: DeskRequest) -> dict[str, object] | Refusal:
        raise error

    async with desk_house(extras=lambda _: {"redo": fail}) as house, desk(house) as one:
        answer = await one.ask("redo", {"id": "r"})
        assert answer["refusal"]["code"] == "unavailable"
    assert f"{type(error).__name__} in fail" in caplog.text
    assert "rhubarb" not in caplog.text
