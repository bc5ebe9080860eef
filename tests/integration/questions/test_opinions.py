"""Votes on comments on a real server: a moderator puts comments to the vote, people vote, all read what they share."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.events.types import Access, ChannelKind, SoundKept
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, InterventionId, SessionId
from moothall.core.opinions.counting import counted
from moothall.core.removal.selection import Interventions
from moothall.services.log.act_queue import Receipt
from support.desks.admin import AdminHouse, Browser, admin_house
from support.opinions import SHARED, camps

PLENARY = SessionId("plenary")
PATH, DESK = "/s/plenary/opinions", "/moderate/plenary/opinions"
LEADS = Actor(Role.MODERATOR, "m")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[AdminHouse]:
    async with admin_house(tmp_path) as opened:
        await send(
            opened,
            do.CreateSession(title="Plenary", languages=("en",)),
            do.AddChannel(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en",)),
            do.OpenSession(),
        )
        yield opened


async def send(house: AdminHouse, *commands: do.AnyCommand, by: Actor = SYSTEM, session: SessionId = PLENARY) -> None:
    live = await house.running.backend.sessions.open(session)
    answer = await live.writer.send(by, CommandId(f"c{live.writer.offset}"), commands)
    assert isinstance(answer, Receipt), answer


async def commented(house: AdminHouse, *names: InterventionId) -> None:
    """Let people make comments, and a moderator publish them."""
    for name in names:
        asked = do.Ask(
            intervention=name, kind=InterventionKind.COMMENT, text=f"Say {name}", language="en", asker=f"by-{name}"
        )
        await send(house, asked, by=Actor(Role.PARTICIPANT, name))
    await send(house, do.SetStatus(interventions=names, status=InterventionStatus.QUEUED), by=LEADS)


async def moderator(house: AdminHouse) -> Browser:
    browser = await house.browser()
    _, token = await house.running.backend.links.create(Role.MODERATOR, "hall", "Mo")
    assert await browser.get(f"/enter/{token}") == 200
    return browser


async def test_a_moderator_puts_comments_to_the_vote_and_people_vote(house: AdminHouse) -> None:
    one, other, held = (InterventionId(each) for each in ("one", "other", "held"))
    await commented(house, one, other)
    asked = do.Ask(intervention=held, kind=InterventionKind.COMMENT, text="Held", language="en", asker="h")
    await send(house, asked, by=Actor(Role.PARTICIPANT, "h"))
    leads, reader = await moderator(house), await house.browser()
    assert await reader.get(DESK) == 403
    assert await reader.get(PATH) == 200
    assert "Votes are not taken now." in reader.text
    assert await leads.get(DESK) == 200
    assert "Say one" in leads.text
    assert "Held" not in leads.text
    assert await leads.send(DESK, act="on") == 200
    assert "Votes are taken now." in leads.text
    chosen = [*leads.hidden(DESK).items(), ("act", "put"), ("comment", other), ("comment", one)]
    assert await leads.post(DESK, chosen) == 200
    assert leads.text.count(" checked>") == 2
    for act in ("on", "nothing"):  # What is on already stays so; what is not known is refused.
        assert await leads.send(DESK, act=act) == (200 if act == "on" else 400)
        await leads.get(DESK)
    assert await leads.post(DESK, {"act": "off"}) == 403

    opinions = house.running.backend.opinions
    assert await reader.get(PATH) == 200
    assert "Comments left to vote on: 2" in reader.text
    assert reader.text.count('name="vote"') == 6
    assert await reader.post(f"{PATH}/1", {"vote": "agree"}) == 200
    assert reader.url == PATH
    assert "Comments left to vote on: 1" in reader.text
    assert reader.text.index("Say other") < reader.text.index("Say one")
    assert "Your choice</strong> <span>I agree" in reader.text
    assert await reader.post(f"{PATH}/1", {"vote": "pass"}) == 200
    assert "Your choice</strong> <span>I pass" in reader.text
    for path, fields, status in ((f"{PATH}/3", "agree", 404), (f"{PATH}/1", "yes", 400), (f"{PATH}/x", "agree", 404)):
        assert await reader.post(path, {"vote": fields}) == status
    assert await reader.post(f"{PATH}/1", {"vote": "agree"}, origin="https://elsewhere.example") == 403
    stranger = await house.browser()
    assert await stranger.post(f"{PATH}/1", {"vote": "agree"}) == 200  # It gets its cookie with the page.
    assert "Comments left to vote on: 2" in stranger.text
    assert opinions.set_aside(PLENARY) == 0
    await leads.get(DESK)
    assert await leads.send(DESK, act="off") == 200
    assert await reader.get(PATH) == 200
    assert 'name="vote"' not in reader.text

    # Too few have voted, so that after the close nothing leads to a page without a result.
    await send(house, do.SwitchVoting(on=True), by=LEADS)
    for closing, leading in (((), True), ((do.CloseSession(),), False)):
        for command in closing:
            await send(house, command)
        for path in ("/s/plenary", "/s/plenary/questions"):
            assert await reader.get(path) == 200
            assert (f'href="{PATH}"' in reader.text) is leading
    # Of a meeting for the staff alone nobody else reads or sends anything.
    await send(house, do.ReopenSession(), do.ArrangeSession(access=Access.STAFF, sound=SoundKept.NONE))
    for path in (PATH, f"{PATH}/sums.json", f"{PATH}/sums.csv"):
        assert await reader.get(path) == 404
    assert await reader.post(f"{PATH}/1", {"vote": "agree"}) == 404

    young = do.CreateSession(title="Young", languages=("en",), young_people=True)
    await send(house, young, session=SessionId("young"))
    assert await leads.get("/moderate/young/opinions") == 200
    assert "Where young people take part nobody votes on comments." in leads.text
    assert '<form method="post" action="/moderate' not in leads.text

    later = SessionId("later")
    made = do.CreateSession(title="Later", languages=("en",))
    floor = do.AddChannel(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en",))
    await send(house, made, floor, session=later)
    await send(house, do.SwitchVoting(on=True), by=LEADS, session=later)
    await send(house, do.CancelSession(reason="Storm"), session=later)
    for browser, path in ((reader, "/s/later/opinions"), (leads, "/moderate/later/opinions")):
        assert await browser.get(path) == 200
        assert "The meeting is cancelled: nobody can vote on comments." in browser.text
        assert '<form method="post" action="/moderate' not in browser.text


async def test_what_all_groups_share_is_read_first_and_taken_home(house: AdminHouse) -> None:
    votes = camps(13, 12, comments=6, answered=1.0)
    names = tuple(sorted({name for given in votes.values() for name in given}))
    await commented(house, *names)
    await send(house, do.SwitchVoting(on=True), do.PutToVote(comments=names), by=LEADS)
    found = counted(votes, names)
    assert len(found.groups) == 2
    await send(house, do.CountOpinions(voters=found.voters, sums=found.sums, groups=found.groups))
    reader = await house.browser()
    assert await reader.get(PATH) == 200
    assert "People who have voted: 25." in reader.text
    first = sorted((reader.text.index(f"Say {name}", reader.text.index("<table>")), name) for name in names)
    assert {name for _, name in first[:2]} == set(SHARED)
    assert "All groups agree" in reader.text
    assert "All groups disagree" in reader.text
    assert "Group 1, people: 13" in reader.text
    assert "Agree: 25. Disagree: 0. Pass: 0." in reader.text
    assert "Views differ" in reader.text
    assert await reader.get(f"{PATH}/sums.json") == 200
    told = json.loads(reader.text)
    assert (told["voters"], [group["people"] for group in told["groups"]]) == (25, [13, 12])
    assert [each["shared"] for each in told["comments"]][:3] == [True, True, False]
    assert await reader.get(f"{PATH}/sums.csv") == 200
    rows = list(csv.reader(io.StringIO(reader.text.lstrip("\ufeff"))))
    assert rows[0][4:8] == ["all agree", "all disagree", "all pass", "group 1 agree"]
    assert len(rows[0]) == 4 + 3 * 3
    assert len(rows) == 1 + len(names)
    assert await reader.get(f"{PATH}/sums.txt") == 404
    assert await reader.get("/s/nothing/opinions") == await reader.get("/s/nothing/opinions/sums.csv") == 404
    assert await reader.get("/s/plenary") == 200
    assert f"Say {SHARED[0]}" in reader.text
    assert f'href="{PATH}"' in reader.text
    # A comment whose words are removed is in none of these.
    live = await house.running.backend.sessions.open(PLENARY)
    office = Actor(Role.SECRETARIAT, "s")
    assert isinstance(await live.writer.remove(office, CommandId("away"), Interventions((SHARED[0],))), Receipt)
    for path in (PATH, f"{PATH}/sums.json", f"{PATH}/sums.csv", "/s/plenary"):
        assert await reader.get(path) == 200
        assert f"Say {SHARED[0]}" not in reader.text
    assert await reader.get(f"{PATH}?ui=ar") == 200
    assert 'dir="rtl"' in reader.text
    await send(house, do.CloseSession())
    assert await reader.get(PATH) == 200
    assert "What all groups share stands first." in reader.text
