from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio
from yarl import URL

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, InterventionId, Lane, SegmentId, SessionId
from moothall.core.sessions.state import Status
from moothall.services.questions.author_view import OwnAct
from moothall.services.sessions.reports import ReportKind, ReportOutcome
from moothall.services.sessions.role_links import Entered
from moothall.services.sessions.staff import HALL
from moothall.wire.hubs.acts import AskAct, HeadCountAct, NoteAct, NoteReadAct
from moothall.wire.hubs.messages import Offered, OfferedText
from moothall_hub.mirror.offers import SessionChoice
from moothall_hub.room.local_questions import Local, Mode
from moothall_hub.room.ports import HubFacts, Saving, Stuck, UplinkHealth, UplinkHealthState
from moothall_hub.room.presence import MOST_NOTES
from support.hubs.desk import Browser, OpenRoom, S, a_note, open_room

CAPTIONER = Actor(Role.CAPTIONER, "c1")


@pytest_asyncio.fixture
async def house() -> AsyncIterator[OpenRoom]:
    async with open_room() as made:
        yield made


@pytest_asyncio.fixture
async def desk(house: OpenRoom) -> Browser:
    return await house.coordinator()


async def asked(house: OpenRoom, *texts: str) -> list[InterventionId]:
    for n, text in enumerate(texts):
        await house.browser("abcdefgh"[n]).ask(text)
    return list(house.room.local.of(S).by_id)


async def done(browser: Browser, act: str, **fields: str) -> str:
    status, where, page = await browser.act(act, **fields)
    assert status == 303, page
    return where


async def test_it_is_the_coordinators_alone(house: OpenRoom, desk: Browser) -> None:
    status, text = await desk.get("/desk")
    assert status == 200
    assert "<bdi>Kisumu</bdi>" in text
    assert text.count("The connection is good.") + text.count("The connection to the meeting is good.") == 1
    assert "hub/status_bar.js" not in text
    assert "hub/status_bar.js" in (await desk.get("/s/s/ask"))[1]
    assert 'href="/microphone/s">Speaking by microphone' in text
    assert 'computers here: <strong><bdi dir="ltr">10.0.0.7:8090</bdi>' in text
    stranger = house.browser("a")
    assert (await stranger.get("/desk"))[0] == 403
    assert (await stranger.post("/desk", {"act": "best"}))[0] == 403
    _, token = await house.room.links.create(Role.MODERATOR, HALL, "Ana")
    entered = await house.room.links.enter(token, "")
    assert isinstance(entered, Entered)
    assert (await Browser(house.client, {"moothall_staff": entered.key}).get("/desk"))[0] == 403
    status, _, text = await desk.post("/desk", {"act": "best", "form": "made up"})
    assert status == 403
    assert "too old or came from elsewhere" in text


async def test_the_conferences_addresses_lead_to_it(desk: Browser) -> None:
    for path, where in (("/staff", "/desk"), ("/hub/kisumu?session=s", "/desk?session=s")):
        async with desk.client.get(path, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, where)


async def test_the_conferences_addresses_lead_to_it_with_whatever_an_address_says(desk: Browser) -> None:
    async with desk.client.get(URL("/staff?ui=en&x=%0D%0A%1f%26", encoded=True), allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/desk?ui=en&x=%0D%0A%1f%26")


async def test_an_act_about_a_meeting_that_is_not_in_the_programme_changes_nothing(
    house: OpenRoom, desk: Browser
) -> None:
    for session in ("", "s:x", "gone", "x" * 5_000):
        for act in ("mode:open", "clear-wall", "more:1", "note"):
            status, _, text = await desk.act(act, session=session, note="Hello?")
            assert status == 404
            assert "not there any more" in text
    names = ("room-floor", "room-people", "room-note")
    assert [await house.room.book.read(namespace) for namespace in names] == [{}, {}, {}]


async def test_questions_are_passed_on_one_by_one_picked_or_the_best(house: OpenRoom, desk: Browser) -> None:
    room = house.room
    a, b, c, d, e, f = await asked(house, "A?", "B?", "C?", "D?", "E?", "F?")
    for what, tokens in ((f, "xyz"), (e, "xy"), (d, "x")):
        for token in tokens:
            assert await room.local.support_one(S, what, token * 22)
    assert await done(desk, f"forward:{a}") == "/desk?session=s#Questions"
    await done(desk, "forward", **{f"pick-{b}": "on", "pick-none": "on"})
    assert [put.id for put in room.outbox.of(AskAct)] == [f"ask:{a}", f"ask:{b}"]
    _, text = await desk.get("/desk")
    assert text.index("F?") < text.index("E?") < text.index("D?") < text.index("C?")
    assert "3 here would ask this too" in text
    await done(desk, "best")
    assert [put.id for put in room.outbox.of(AskAct)][2:] == [f"ask:{f}", f"ask:{e}", f"ask:{d}"]
    assert [each.id for each in room.local.of(S).with_status(Local.HERE)] == [c]


async def test_they_are_joined_kept_and_put_on_the_wall_which_is_cleared(house: OpenRoom, desk: Browser) -> None:
    room = house.room
    a, b, c = await asked(house, "A?", "B?", "C?")
    await done(desk, "join", **{f"pick-{a}": "on", f"pick-{b}": "on"})
    await done(desk, f"keep:{c}")
    await done(desk, f"wall:{a}")
    await done(desk, f"wall:{c}")
    await done(desk, f"off-wall:{c}")
    local = room.local.of(S)
    assert [each.stands for each in local.by_id.values()] == [Local.HERE, Local.JOINED, Local.KEPT]
    assert [each.on_wall for each in local.by_id.values()] == [True, False, False]
    _, text = await desk.get("/desk")
    assert "Questions of the group on it: 1" in text
    assert "Joined with a similar question of your group (no. 1)" in text
    assert "Kept in the group" in text
    assert await done(desk, "clear-wall") == "/desk?session=s#Wall"
    assert not any(each.on_wall for each in room.local.of(S).by_id.values())


async def test_what_was_passed_on_says_where_it_stands(house: OpenRoom, desk: Browser) -> None:
    room = house.room
    a, b, c, _d = await asked(house, "A?", "B?", "C?", "D?")
    await done(desk, "forward", **{f"pick-{each}": "on" for each in (a, b, c)})
    room.uplink.now = UplinkHealth(state=UplinkHealthState.DOWN, since=room.clock.wall())
    assert "Waiting for the connection" in (await desk.get("/desk"))[1]
    room.uplink.now = UplinkHealth(state=UplinkHealthState.GOOD, since=0)
    assert "On its way to the meeting" in (await desk.get("/desk"))[1]
    room.outbox.answer(CommandId(f"ask:{b}"), RefusalCode.CONFLICT, "The <meeting> is over.")
    room.outbox.answer(CommandId(f"ask:{c}"))
    await room.meeting.take()
    await room.meeting.stand(a, InterventionStatus.QUEUED)
    await room.local.bring(S, room.local.token(S, room.local.of(S).with_status(Local.HERE)[0].id), OwnAct.BACK)
    _, text = await desk.get("/desk")
    assert "Question no. 1 · In the queue" in text
    assert "The <meeting> is over." in text
    assert "At the meeting, being checked" in text
    assert "Taken back by whoever asked it" in text


async def test_it_is_opened_to_all_and_taken_back(house: OpenRoom, desk: Browser) -> None:
    assert await done(desk, "mode:open") == "/desk?session=s#Questions"
    assert house.room.local.of(S).mode is Mode.OPEN
    assert "goes to the meeting at once." in (await desk.get("/desk"))[1]
    await done(desk, "mode:coordinator")
    assert house.room.local.of(S).mode is Mode.COORDINATOR


async def test_people_are_counted_by_one_tap_and_a_form_counts_once(house: OpenRoom, desk: Browser) -> None:
    room = house.room
    assert "Not counted yet" in (await desk.get("/desk"))[1]
    await done(desk, "people", people=" 22 ")
    assert await done(desk, "more:1") == "/desk?session=s#People"
    await done(desk, "more:-1")
    await done(desk, "more:1")
    assert room.presence.people(S).people == 23  # type: ignore[union-attr]
    assert '<p class="many">23</p>' in (await desk.get("/desk"))[1]
    _, page = await desk.get("/desk")
    token = page.partition('name="form" value="')[2].partition('"')[0]
    for _ in range(2):
        await desk.post("/desk", {"form": token, "session": "s", "act": "more:1"})
    assert room.presence.people(S).people == 24  # type: ignore[union-attr]
    status, _, text = await desk.act("people", people="many")
    assert status == 422
    assert "Write how many people are here, as a number." in text
    assert 'value="many"' in text
    assert not room.outbox.of(HeadCountAct)


async def test_notes_go_and_come_with_their_receipts(house: OpenRoom, desk: Browser) -> None:
    room = house.room
    assert await done(desk, "note", note="We hear <nothing>.") == "/desk?session=s#Notes"
    assert "Waiting for the connection" in (await desk.get("/desk"))[1]
    (put,) = room.outbox.of(NoteAct)
    room.outbox.answer(put.id, RefusalCode.INVALID, "It is <wrong>.")
    _, text = await desk.get("/desk")
    assert "The meeting did not take it." in text
    assert "It is <wrong>." in text
    note = put.id.partition(":")[2]
    room.meetings.left += [
        a_note(note, "We hear <nothing>.", by=Role.HUB, read=(Role.MODERATOR,), at=1),
        a_note("n2", "Unread", by=Role.HUB, at=2),
        a_note("n3", "Wait for us?", at=3),
    ]
    _, text = await desk.get("/desk")
    assert "Read by: Moderator" in text
    assert "Nobody has said yet that they have read it." in text
    await done(desk, "read:n3")
    assert [put.act.note for put in room.outbox.of(NoteReadAct) if isinstance(put.act, NoteReadAct)] == ["n3"]
    assert "You have read it." in (await desk.get("/desk"))[1]
    for n in range(MOST_NOTES):
        await room.presence.leave(S, str(n))
    status, _, text = await desk.act("note", note="One more")
    assert status == 422
    assert "Too many notes are waiting for the connection" in text
    assert "One more" in text


async def test_what_is_kept_here_is_chosen(house: OpenRoom, desk: Browser) -> None:
    room = house.room
    tomorrow = room.clock.wall() + 24 * 3_600_000
    texts = (OfferedText(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en", "sw")),)
    room.meetings.offered += [
        Offered(session=SessionId("later"), title="", begins=tomorrow, status=Status.CREATED, texts=texts),
        Offered(session=SessionId("soon"), title="Soon", begins=room.clock.wall() + 60_000, status=Status.CREATED),
    ]
    _, text = await desk.get("/desk")
    assert 'name="keep-s" checked' in text
    assert 'name="keep-soon" checked' in text
    assert 'name="keep-later">' in text
    assert "Meeting without a title" in text
    assert 'name="language-sw">' in text
    chosen = {"which": "chosen", "keep-later": "on", "keep-none": "on", "language-sw": "on", "language-!": "on"}
    assert await done(desk, "follow", **chosen, words="1") == "/desk?session=s#Programme"
    assert room.wanted.choice == SessionChoice(
        sessions=(SessionId("later"),), languages=("sw",), words=True, chosen=True
    )
    _, text = await desk.get("/desk")
    assert 'name="keep-later" checked' in text
    assert 'name="keep-s">' in text
    assert 'name="language-sw" checked' in text
    await done(desk, "follow", which="today")
    assert room.wanted.choice == SessionChoice(chosen=True)
    assert 'href="/desk?session=later"' in (await desk.get("/desk"))[1]
    _, text = await desk.get("/desk?session=later&ui=pt")
    assert 'href="/desk?session=s&ui=pt"' in text


async def test_the_link_is_told_in_words_and_figures(house: OpenRoom, desk: Browser) -> None:
    room, now = house.room, house.room.clock.wall()
    good = UplinkHealth(
        state=UplinkHealthState.GOOD, since=now, delay_ms=640, acts_waiting=2, events_missing=1, bytes_today=1_234_567
    )
    room.uplink.now = good
    _, text = await desk.get("/desk")
    for said in ("The connection is good.", "An answer takes 640 ms.", "2 things done here wait to be sent"):
        assert said in text
    for said in ("1 piece of text is still missing", "Today: 1.2 MB", "Ready."):
        assert said in text
    room.uplink.now = msgspec.structs.replace(
        good, budget=50_000_000, saving=Saving.WORDS, clock_difference_ms=-90 * 60_000
    )
    _, text = await desk.get("/desk")
    assert "Today: 1.2 MB of 50 MB" in text
    assert "To save data only finished lines come." in text
    assert "This computer\u2019s clock says" in text
    room.uplink.now = msgspec.structs.replace(good, state=UplinkHealthState.DOWN)
    _, text = await desk.get("/desk")
    assert "No connection since" in text
    assert "Not ready yet: see what to do." in text
    room.uplink.now = UplinkHealth(
        state=UplinkHealthState.REFUSED, since=now, reason="Another <machine> speaks for this hub now."
    )
    _, text = await desk.get("/desk")
    assert "Another <machine> speaks for this hub now." in text
    assert 'href="/setup"' in text


async def test_before_it_is_connected_it_says_what_to_do(house: OpenRoom, desk: Browser) -> None:
    room = house.room
    room.facts, room.meetings.offered = HubFacts(), []
    room.uplink.now = UplinkHealth(state=UplinkHealthState.UNPAIRED, since=0)
    status, text = await desk.get("/desk")
    assert status == 200
    assert "This computer isn\u2019t connected yet." in text
    assert "Ask those who run the meetings for six new words" in text
    assert "Nobody has told this computer of any meeting yet." in text
    assert "<h1>Coordinator of the group</h1>" in text


async def test_a_text_that_has_stopped_is_fetched_again(house: OpenRoom, desk: Browser) -> None:
    room = house.room
    room.meetings.stopped.append(Stuck(session=S, lane=Lane("ch:floor"), offset=42, reason="Its <body> is another."))
    _, text = await desk.get("/desk")
    assert "<bdi>Open hall</bdi> · Piece no. 42" in text
    assert "Its <body> is another." in text
    assert await done(desk, "fetch:s") == "/desk?session=s#Stuck"
    assert room.meetings.fetched == [S]
    room.meetings.stopped[:] = [Stuck(session=SessionId("x"), lane=None, offset=None, reason="Gone.")]
    room.meetings.whole = False
    _, text = await desk.get("/desk")
    assert "<bdi>x</bdi>" in text
    assert "What came last of the text is being checked." in text


@pytest.mark.parametrize("act", ["", "dance", "forward"])
async def test_what_isnt_known_does_nothing(house: OpenRoom, desk: Browser, act: str) -> None:
    await asked(house, "A?")
    await done(desk, act)
    assert house.room.outbox.acts == {}


async def test_a_disk_that_is_full_is_said(house: OpenRoom, desk: Browser) -> None:
    house.room.book.full = True
    assert (await desk.act("clear-wall"))[0] == 503
    house.room.meetings.away = True
    assert (await desk.get("/desk"))[0] == 503


async def test_the_text_of_the_meeting_stands_in_the_desk_in_the_coordinators_language(
    house: OpenRoom, desk: Browser
) -> None:
    room = house.room
    _, text = await desk.get("/desk")
    assert 'data-kind="live' in text or 'data-kind="waiting"' in text
    line = do.TypeSegment(channel=ChannelId("floor"), segment=SegmentId("f1"), text="It is <so>.", language="en")
    await room.meeting.do(line, actor=CAPTIONER)
    _, text = await desk.get("/desk")
    assert '<span class="sure">It is <so>. </span>' in text
    assert '"events":"/s/s/events?channel=floor' in text
    for kind, name, tag in (
        (ChannelKind.TRANSLATION, "mt-es", "es"),
        (ChannelKind.TRANSLATION, "mt-pt", "pt"),
        (ChannelKind.INTERPRETATION, "ru", "ru-RU"),
        (ChannelKind.TRANSLATION, "mt-ru", "ru"),
    ):
        await room.meeting.do(do.AddChannel(channel=ChannelId(name), kind=kind, languages=(tag,)), actor=SYSTEM)
    shown = (("es", "mt-es"), ("pt", "floor"), ("ru", "ru"), ("fr", "floor"))  # Portuguese is spoken there.
    for language, channel in shown:
        _, text = await desk.get(f"/desk?ui={language}")
        assert f'"events":"/s/s/events?channel={channel}\\u0026' in text, language
    room.meetings.offered[:] = [Offered(session=SessionId("later"), title="Later", status=Status.CREATED)]
    _, text = await desk.get("/desk")
    assert "Nothing of its text is here yet." in text
    assert 'id="Newest"' not in text


async def test_what_wants_an_act_stands_first(house: OpenRoom, desk: Browser) -> None:
    room = house.room
    assert "Nothing wants an act now." in (await desk.get("/desk"))[1]
    await asked(house, "A?", "B?")
    room.meetings.left += [a_note("n1", "How many are you?"), a_note("n2", "And now?", read=(Role.HUB,))]
    room.free = 1 << 20
    _, text = await desk.get("/desk")
    wants = text.partition('id="WantsNow"')[2].partition('id="Now"')[0]
    for said in (
        "2 questions of the group wait for you",
        "1 note from the meeting was not read yet",
        '<a href="#Ready">Ready?</a>',
    ):
        assert said in wants
    assert wants.index("#Ready") < wants.index("#Notes") < wants.index("#Questions")


async def test_translations_that_nobody_chose_are_pointed_out_until_somebody_has_decided(
    house: OpenRoom, desk: Browser
) -> None:
    room, hint = house.room, "No translation is kept here yet"
    texts = tuple(
        OfferedText(channel=ChannelId(tag), kind=kind, languages=(tag,))
        for tag, kind in (("en", ChannelKind.FLOOR), ("sw", ChannelKind.TRANSLATION))
    )
    room.meetings.offered[:] = [Offered(session=S, title="Hall", status=Status.OPEN, texts=texts[:1])]
    assert hint not in (await desk.get("/desk"))[1]
    room.meetings.offered[:] = [Offered(session=S, title="Hall", status=Status.OPEN, texts=texts)]
    _, text = await desk.get("/desk")
    assert text.count(hint) == 2  # Where an act is wanted, and where it is done.
    assert 'href="#Programme">Choose languages' in text
    await done(desk, "follow", which="today")
    assert hint not in (await desk.get("/desk"))[1]


async def test_what_the_rooms_readers_report_reaches_the_coordinator_who_answers(
    house: OpenRoom, desk: Browser
) -> None:
    reports = house.room.reports
    reports.report(S, ChannelId("floor"), ReportKind.LATE, "a")
    reports.report(S, ChannelId("floor"), ReportKind.LATE, "b")
    _, text = await desk.get("/desk")
    assert "2 of 12 readers: Too late" in text
    assert await done(desk, "seen:late") == "/desk?session=s#Now"
    assert reports.answers(S, "a") == {ReportKind.LATE: ReportOutcome.SEEN}
    assert 'id="Seen-late"' not in (await desk.get("/desk"))[1]
    await done(desk, "mended:late")
    assert reports.answers(S, "b") == {ReportKind.LATE: ReportOutcome.MENDED}
    assert "readers: Too late" not in (await desk.get("/desk"))[1]
    await done(desk, "seen:nothing")
