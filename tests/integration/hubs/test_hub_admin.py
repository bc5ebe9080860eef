"""The registry of hubs on the secretariat's pages, and the part of it that everybody may see."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import aiohttp

from moothall.core import commands as do
from moothall.core.events.types import ChannelKind
from moothall.core.hubs.entry import Details
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, Epoch, SessionId
from moothall.services.hubs.ports import Identity
from moothall.services.hubs.registry import Paired
from moothall.services.log.act_queue import Receipt
from moothall.wire.hubs import messages as wire
from moothall.wire.hubs.pairing import secret_of
from support.desks.admin import AdminHouse, admin_house

KISUMU = {
    "title": "Kisumu & <Library>", "city": "Kisumu", "country": "Kenya", "institution": "County Library",
    "coordinator": "Ms. Achieng", "languages": "English, Kiswahili", "zone": "Africa/Nairobi", "expected": "23",
}  # fmt: skip
NAME = "kisumu-library"


async def meeting(house: AdminHouse, name: str = "plenary", *, on: bool = True) -> None:
    live = await house.running.backend.sessions.open(SessionId(name))
    commands: list[do.AnyCommand] = [
        do.CreateSession(title="Plenary", languages=("en",)),
        do.AddChannel(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en",)),
    ]
    commands += [do.OpenSession()] if on else []
    assert isinstance(await live.writer.send(SYSTEM, CommandId("made"), commands), Receipt)


def words_on(text: str) -> str:
    found = re.search(r'<ol class="six".*?</ol>', text, re.DOTALL)
    assert found is not None
    return " ".join(re.findall(r"<li>(\w+)</li>", found[0]))


async def test_a_group_is_added_changed_and_taken_out(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        public = house.running.served.public
        secretary, coordinator = await house.secretary(), await house.browser()
        await secretary.get("/admin")
        assert 'href="/admin/hubs"' in secretary.text
        assert await secretary.get("/admin/hubs") == 200
        assert await secretary.send("/admin/hubs", **KISUMU) == 200
        words = words_on(secretary.text)
        assert secret_of(words) is not None
        assert f"moothall hub pair {public} {words}" in secretary.text
        pair, link = secretary.addresses()
        assert pair == f"{public}/hub/pair"
        assert "#" not in pair
        assert await coordinator.get(link, follow=False) == 303
        assert coordinator.headers["Location"] == f"/hub/{NAME}"

        assert await secretary.get("/admin/hubs") == 200
        assert "Kisumu &amp; &lt;Library&gt;" in secretary.text
        assert "Never seen yet" in secretary.text
        assert "Ms. Achieng" in secretary.text
        assert await secretary.get(f"/admin/hubs/{NAME}") == 200
        assert 'value="English, Swahili"' in secretary.text
        assert "Ms. Achieng" in secretary.text
        changed = {**KISUMU, "title": "Another", "city": "Kisumu city", "expected": ""}
        assert await secretary.send(f"/admin/hubs/{NAME}", **changed) == 200
        hub = house.running.backend.hubs.get(NAME)
        assert hub is not None
        assert (hub.title, hub.details.city, hub.details.expected) == ("Another", "Kisumu city", None)
        assert (hub.details.languages, hub.details.zone) == (("en", "sw"), "Africa/Nairobi")

        await secretary.get("/admin/hubs")
        assert await secretary.send("/admin/hubs", title="Lima") == 200
        await secretary.get("/admin/hubs/lima")
        assert await secretary.send("/admin/hubs/lima", title="another", city="Lima") == 400
        assert "That name can't be taken" in unescape(secretary.text)
        assert 'value="Lima"' in secretary.text
        assert await secretary.send("/admin/hubs/lima/remove", sure="1") == 200

        await secretary.get(f"/admin/hubs/{NAME}")
        await secretary.send(f"/admin/hubs/{NAME}/words")
        assert words_on(secretary.text) != words
        await secretary.get(f"/admin/hubs/{NAME}")
        assert "Words have been given out" in secretary.text
        await secretary.send(f"/admin/hubs/{NAME}/link")
        assert secretary.addresses()[0] != link
        assert await coordinator.get("/staff") == 403

        await secretary.get(f"/admin/hubs/{NAME}")
        assert await secretary.send(f"/admin/hubs/{NAME}/remove") == 400
        assert "please say first" in secretary.text
        assert await secretary.send(f"/admin/hubs/{NAME}/remove", sure="1") == 200
        assert secretary.url == "/admin/hubs"
        assert await secretary.get(f"/admin/hubs/{NAME}") == 404
        assert house.running.backend.links.list()[1:] == ()


async def test_what_is_wrong_is_said_and_what_was_typed_stays(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        await secretary.get("/admin/hubs")
        for wrong, sentence in {
            ("title", " "): "That name can't be taken", ("title", "link"): "That name can't be taken",
            ("languages", "Klingon?"): "“\u2068Klingon?\u2069”.", ("zone", "Mars/Base"): "That time zone is not known",
            ("expected", "many"): "Write how many people are expected", ("expected", "1000000"): "Write how many",
        }.items():  # fmt: skip
            name, value = wrong
            assert await secretary.send("/admin/hubs", **{**KISUMU, name: value}) == 400
            assert sentence in unescape(secretary.text)
            assert 'value="County Library"' in secretary.text
        assert house.running.backend.hubs.list() == ()
        form = secretary.hidden("/admin/hubs")
        assert await secretary.post("/admin/hubs", {**form, **KISUMU}) == 200
        assert await secretary.post("/admin/hubs", {**form, **KISUMU}) == 200  # A page that was loaded again.
        assert len(house.running.backend.hubs.list()) == 1
        await secretary.get(f"/admin/hubs/{NAME}")
        assert await secretary.send(f"/admin/hubs/{NAME}", **{**KISUMU, "zone": "Mars/Base"}) == 400
        for act in ("words", "link"):
            again = secretary.hidden(f"/admin/hubs/{NAME}/{act}")
            assert await secretary.post(f"/admin/hubs/{NAME}/{act}", again) == 200
            assert await secretary.post(f"/admin/hubs/{NAME}/{act}", again, follow=False) == 303
            await secretary.get(f"/admin/hubs/{NAME}")
        assert await secretary.post("/admin/hubs/nobody/words", again) == 404


async def test_the_secretariat_sees_how_the_link_of_each_group_is(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house, aiohttp.ClientSession() as machine:
        secretary = await house.secretary()
        await secretary.get("/admin/hubs")
        await secretary.send("/admin/hubs", **KISUMU)
        await meeting(house)
        paired = await house.running.backend.hubs.pair(NAME, node="0123456789abcdef", machine="laptop")
        assert isinstance(paired, Paired)
        await secretary.get("/admin/hubs")
        assert "Linked since" not in secretary.text
        key = {"Authorization": f"Bearer {paired.key}"}
        async with machine.ws_connect(f"{house.running.address}/hub/link", headers=key) as link:

            async def until(kind: type[wire.ToHub]) -> None:
                while not isinstance(wire.decode_to_hub((await link.receive(10)).data), kind):
                    pass

            await link.send_bytes(
                wire.encode(wire.HubHello(protocol=1, node="0123456789abcdef", release="9.9", wall=0))
            )
            await until(wire.HubProgramme)
            await link.send_bytes(wire.encode(wire.Follow(session=SessionId("plenary"), channels=())))
            await until(wire.Live)
            assert await secretary.get("/admin/hubs") == 200
            assert "Linked since" in secretary.text
            assert re.search(r"\d\skB sent to it, 1\skB came from it", secretary.text) is not None
            assert await secretary.get(f"/admin/hubs/{NAME}") == 200
            assert "\u2068Plenary\u2069" in secretary.text
            assert "9.9" in secretary.text


async def test_a_group_may_take_part_without_being_named(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, reader = await house.secretary(), await house.browser()
        await secretary.get("/admin/hubs")
        await secretary.send("/admin/hubs", **KISUMU, unlisted="yes")
        await meeting(house)
        await house.running.backend.hubs.count(NAME, SessionId("plenary"), 23, 1)
        for path in ("/hubs", "/hubs/thanks"):
            assert await reader.get(path) == 200
            assert "Kisumu" not in reader.text
        assert await secretary.get("/attendance/plenary") == 200
        assert "Kisumu" not in secretary.text
        assert "Other groups: 1" in secretary.text


async def test_everybody_sees_the_groups_and_nobody_the_coordinator(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, reader = await house.secretary(), await house.browser()
        assert await reader.get("/hubs") == 200
        assert "No group is known yet." in reader.text
        await reader.get("/")
        assert "/hubs" not in reader.text
        await secretary.get("/admin/hubs")
        await secretary.send("/admin/hubs", **KISUMU)
        await meeting(house)
        await house.running.backend.hubs.count(NAME, SessionId("plenary"), 23, 1)
        for path in ("/hubs", "/hubs?ui=ar", "/hubs/thanks", "/hubs/thanks?ui=ar"):
            assert await reader.get(path) == 200
            assert "Kisumu &amp; &lt;Library&gt;" in reader.text
            assert f"County Library, Kisumu, {'كينيا' if 'ar' in path else 'Kenya'}" in reader.text
            assert "Achieng" not in reader.text
        assert await reader.get("/hubs") == 200
        assert "People now: 23" in reader.text
        assert reader.text.index("People now: 23") < reader.text.index('<svg class="picture world"'), (
            "the list is first"
        )
        assert " style=" not in reader.text
        await secretary.get("/admin/hubs")
        assert '<svg class="picture world"' in secretary.text
        await house.running.backend.hubs.count(NAME, SessionId("plenary"), 24, 2)
        await reader.get("/hubs")
        assert "People now: 24" in reader.text
        await reader.get("/hubs/thanks")
        assert "<td>24</td>" in reader.text
        assert await reader.get("/admin/hubs") == 403
        await reader.get("/?ui=es")
        assert 'href="/hubs?ui=es"' in reader.text
        await secretary.get(f"/admin/hubs/{NAME}")
        assert "People now: 24" in secretary.text


async def test_the_secretariat_sees_which_groups_have_erased_what_was_removed(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        running, secretary = house.running, await house.secretary()
        await meeting(house)
        await secretary.get("/admin/hubs")
        assert "Words that were removed" not in secretary.text
        plenary, removals, epoch = SessionId("plenary"), running.backend.hub_removals, Epoch("e1")
        for title, node in (("Kisumu", "n1"), ("North", "n2"), ("Retired & <old>", "n3"), ("Replaced", "n4")):
            added = await running.backend.hubs.add(title, Details())
            assert not isinstance(added, Refusal)
            hub = added[0].name
            await running.backend.hubs.pair(hub, node=node, machine="")
            await removals.holds(Identity(hub=hub, title=title, generation=1), node, plenary, epoch, 0)
            await running.backend.hubs.remove("retired-old")
        await running.backend.hubs.pair("replaced", node="n5", machine="")
        running.backend.hubs.seen("north", "n2", True, 1)
        removals.removed(plenary, epoch, 7, 1)
        removals.erased("kisumu", "n1", plenary, 7)

        async def stands() -> list[tuple[str, str]]:
            assert await secretary.get("/admin/hubs?ui=en") == 200
            return re.findall(r"<li><bdi>(.*?)</bdi> · (.*?)</li>", secretary.text)

        (kisumu, erased), *others = await stands()
        assert kisumu == "Kisumu"
        assert erased.startswith("erased ")
        lost = "can&#39;t be reached any more"
        assert others == [("North", "not yet, connected"), ("Replaced", lost), ("Retired &amp; &lt;old&gt;", lost)]
        assert "ask whoever has it to erase it" in secretary.text
        running.backend.hubs.seen("north", "n2", False, 1_800_000_000_000)
        assert dict(await stands())["North"].startswith("not yet, cut off since ")
        removals.erased("north", "n2", plenary, 7)
        assert "Not erased everywhere yet" in secretary.text
        await removals.gone(plenary)
        await secretary.get("/admin/hubs?ui=en")
        assert "The whole meeting was removed" in secretary.text
