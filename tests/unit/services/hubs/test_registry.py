from __future__ import annotations

import asyncio

import pytest

from moothall.core.commands import CloseSession, OpenSession
from moothall.core.events.types import Access
from moothall.core.hubs.entry import MOST_PEOPLE, Details
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.services.hubs.keys import NAMESPACE
from moothall.services.hubs.ports import Fenced, Identity
from moothall.services.hubs.registry import KEEP_MS, LOOK_MS, Paired
from moothall.services.sessions.staff import HALL, hub_of
from support.hubs.registry import Registry, with_registry
from support.memory.hall import SESSION

NODE = "0123456789abcdef"


@with_registry
async def test_a_hub_is_made_with_its_link_and_stays(registry: Registry) -> None:
    made = await registry.hubs.add("  Kisumu \n Library ", Details(city="Kisumu", expected=23))
    assert isinstance(made, tuple)
    hub, token = made
    assert (hub.name, hub.title, hub.details.expected) == ("kisumu-library", "Kisumu Library", 23)
    staff = registry.links.of_token(token)
    assert staff is not None
    assert (staff.role, staff.scope, staff.link, hub_of(staff)) == (Role.HUB, HALL, hub.link, hub.name)
    await registry.open()
    assert registry.hubs.list() == (hub,)
    assert registry.hubs.get("kisumu-library") == hub
    assert registry.hubs.get("") is None


@with_registry
async def test_a_name_is_taken_once_and_some_never(registry: Registry) -> None:
    await registry.kisumu()
    for title, code in {
        "KISUMU library": RefusalCode.CONFLICT, "Pair": RefusalCode.CONFLICT, " ": RefusalCode.INVALID,
        "x" * 101: RefusalCode.INVALID,
    }.items():  # fmt: skip
        refused = await registry.hubs.add(title, Details())
        assert isinstance(refused, Refusal)
        assert refused.code is code
    assert len(registry.links.list()) == 1


@with_registry
async def test_a_title_without_latin_letters_has_a_name_that_its_new_link_keeps(registry: Registry) -> None:
    made = await registry.hubs.add("基苏木", Details())
    assert isinstance(made, tuple)
    name = made[0].name
    assert name == made[0].link
    await registry.links.revoke(made[0].link)
    again = await registry.hubs.link_of(name)
    assert again is not None
    assert hub_of(again) == name
    assert [hub.name for hub in registry.hubs.list()] == [name]
    same = await registry.hubs.link_of(name)
    assert same == again


@with_registry
async def test_a_hub_may_be_called_otherwise_and_keeps_its_name(registry: Registry) -> None:
    hub = await registry.kisumu()
    await registry.hubs.add("Lima", Details())
    paired = await registry.hubs.pair(hub.name, node=NODE, machine="")
    assert isinstance(paired, Paired)
    changed = await registry.hubs.change(hub.name, Details(), " Town  library ")
    assert (changed, registry.hubs.title_of(hub.name)) == (registry.hubs.get(hub.name), "Town library")
    assert registry.told[-1] == ("retitled", hub.name, "Town library")
    assert registry.hubs.of_key(paired.key) == Identity(hub=hub.name, title="Town library", generation=1)
    for title, code in (("LIMA", RefusalCode.CONFLICT), ("x" * 101, RefusalCode.INVALID)):
        refused = await registry.hubs.change(hub.name, Details(), title)
        assert isinstance(refused, Refusal)
        assert refused.code is code
    await registry.links.revoke(hub.link)
    again = await registry.hubs.link_of(hub.name)
    assert again is not None
    assert hub_of(again) == hub.name
    assert await registry.hubs.change("nobody", Details(), "Nobody") is None
    assert registry.hubs.title_of("nobody") is None


@with_registry
async def test_a_link_alone_is_a_hub_as_well(registry: Registry) -> None:
    await registry.links.create(Role.HUB, "session:a", "Lima")
    staff, _ = await registry.links.create(Role.HUB, HALL, "Lima")
    await registry.links.create(Role.CHAIR, HALL, "Quito")
    assert [(hub.name, hub.title) for hub in registry.hubs.list()] == [("lima", "Lima")]
    changed = await registry.hubs.change("lima", Details(city="Lima"))
    assert changed is not None
    await registry.open()
    assert [hub.details.city for hub in registry.hubs.list()] == ["Lima"]
    assert await registry.hubs.remove("lima")
    assert registry.links.get(staff.link) is None
    assert registry.hubs.list() == ()
    assert not await registry.hubs.remove("lima")
    assert registry.told == [("fenced", "lima", 1), ("removed", "lima")]


@with_registry
async def test_a_new_link_kills_the_old_one(registry: Registry) -> None:
    made = await registry.hubs.add("Kisumu", Details())
    assert isinstance(made, tuple)
    new = await registry.hubs.new_link("kisumu")
    assert new is not None
    assert registry.links.of_token(made[1]) is None
    assert registry.links.of_token(new[1]) == new[0]
    assert await registry.hubs.new_link("nobody") is None
    assert await registry.hubs.link_of("nobody") is None
    assert await registry.hubs.change("nobody", Details()) is None


@with_registry
async def test_a_key_speaks_for_a_hub_until_another_machine_does(registry: Registry) -> None:
    await registry.kisumu()
    first = await registry.hubs.pair("kisumu-library", node=NODE, machine="laptop")
    assert isinstance(first, Paired)
    assert (registry.hubs.has_machine("kisumu-library"), registry.hubs.has_machine("nobody")) == (True, False)
    assert registry.hubs.of_key(first.key) == Identity(hub="kisumu-library", title="Kisumu Library", generation=1)
    second = await registry.hubs.pair("kisumu-library", node=NODE[::-1], machine="")
    assert isinstance(second, Paired)
    await registry.open()
    assert registry.hubs.of_key(first.key) == Fenced(hub="kisumu-library")
    found = registry.hubs.of_key(second.key)
    assert isinstance(found, Identity)
    assert found.generation == 2
    for wrong in ("", first.key[:-1], "x" * 10_000, "\ud800"):
        assert registry.hubs.of_key(wrong) is None
    kept = b"".join((await registry.book.read(NAMESPACE)).values())
    assert first.key.encode() not in kept
    assert second.key.encode() not in kept
    await registry.hubs.remove("kisumu-library")
    assert registry.hubs.of_key(second.key) is None
    assert registry.told[-2:] == [("fenced", "kisumu-library", 3), ("removed", "kisumu-library")]
    assert await registry.hubs.pair("kisumu-library", node=NODE, machine="") is None
    await registry.kisumu()  # Made anew under its name, it isn't taken for the one that was taken out.
    await registry.hubs.pair("kisumu-library", node=NODE, machine="")
    assert registry.told[-1] == ("fenced", "kisumu-library", 4)


@with_registry
async def test_who_listens_is_told_of_a_new_machine_once_it_is_on_the_disk(registry: Registry) -> None:
    await registry.kisumu()
    registry.book.full = True
    with pytest.raises(StorageUnavailable):
        await registry.hubs.pair("kisumu-library", node=NODE, machine="")
    assert registry.told == []
    registry.book.full = False
    await registry.hubs.pair("kisumu-library", node=NODE, machine="")
    assert registry.told == [("fenced", "kisumu-library", 1)]


@with_registry
async def test_a_hub_comes_and_goes(registry: Registry) -> None:
    await registry.kisumu()
    registry.hubs.seen("kisumu-library", NODE, True, 1_000)
    registry.hubs.seen("kisumu-library", NODE, True, 2_000)
    assert registry.hubs.here("kisumu-library")
    registry.hubs.seen("kisumu-library", NODE, False, 3_000)
    registry.hubs.seen("nobody", NODE, True, 3_000)
    registry.hubs.visited("nobody", renews=True)
    name, title = "kisumu-library", "Kisumu Library"
    assert registry.told == [("seen", name, title, True, 1_000), ("seen", name, title, False, 3_000)]
    hub = registry.hubs.get(name)
    assert hub is not None
    assert hub.seen == 3_000


@with_registry
async def test_hours_are_of_meetings_that_are_on_and_survive_a_restart(registry: Registry) -> None:
    await registry.kisumu()
    await registry.hall.session()
    hidden = SessionId("hidden")
    await registry.hall.session(hidden, Access.STAFF)
    await registry.do(hidden, "open", OpenSession())
    running = asyncio.ensure_future(registry.hubs.run())
    name = "kisumu-library"
    followed = {name: (hidden,)}
    registry.hubs.hear_followed(lambda: followed)
    registry.hubs.seen(name, NODE, True, registry.clock.wall())
    assert await registry.hubs.count(name, SESSION, 23, registry.clock.wall()) is None
    await registry.clock.sleep(10 * LOOK_MS)  # Nothing public is on.
    assert registry.hubs.people(name) is None
    await registry.do(SESSION, "open", OpenSession())
    await registry.clock.sleep(4 * KEEP_MS)  # It doesn't follow what is on.
    followed[name] = (SESSION,)
    await registry.clock.sleep(KEEP_MS)
    assert registry.hubs.people(name) == 23
    registry.hubs.seen(name, NODE, False, registry.clock.wall())
    await registry.clock.sleep(2 * KEEP_MS)
    await registry.do(SESSION, "close", CloseSession())
    await registry.clock.sleep(2 * KEEP_MS)
    running.cancel()
    await registry.open()
    hub = registry.hubs.get(name)
    assert hub is not None
    assert KEEP_MS - LOOK_MS <= hub.here_ms <= KEEP_MS + LOOK_MS
    assert 23 * (7 * KEEP_MS - LOOK_MS) <= hub.people_ms <= 23 * (7 * KEEP_MS + LOOK_MS)
    assert hub.most == 23


@with_registry
async def test_a_page_that_falls_silent_is_noticed(registry: Registry) -> None:
    await registry.kisumu()
    running = asyncio.ensure_future(registry.hubs.run())
    registry.hubs.visited("kisumu-library", renews=True)
    await registry.clock.sleep(10 * LOOK_MS)
    assert [each[3] for each in registry.told] == [True, False]
    running.cancel()


@with_registry
async def test_what_could_not_be_written_is_written_later(registry: Registry) -> None:
    await registry.kisumu()
    registry.hubs.seen("kisumu-library", NODE, True, 5)
    registry.book.full = True
    with pytest.raises(StorageUnavailable):
        await registry.hubs.keep()
    registry.book.full = False
    await registry.hubs.keep()
    await registry.open()
    hub = registry.hubs.get("kisumu-library")
    assert hub is not None
    assert hub.seen == 5


@with_registry
async def test_head_counts_are_taken_once_and_the_newest_holds(registry: Registry) -> None:
    await registry.kisumu()
    name = "kisumu-library"
    for path, people, at in (
        (name, 23, 10), (name, 23, 10), (name, 9, 5), (f"{name}.ward", 4, 10),
    ):  # fmt: skip
        assert await registry.hubs.count(path, SESSION, people, at) is None
    assert registry.told == [
        ("counted", SESSION, name, "Kisumu Library", 23, 10),
        ("counted", SESSION, name, "Kisumu Library", 23, 10),
        ("counted", SESSION, f"{name}.ward", f"{name}.ward", 4, 10),
    ]
    for path, people in ((name, -1), (name, MOST_PEOPLE + 1), ("nobody", 1), ("", 1), ("../x", 1)):
        refused = await registry.hubs.count(path, SESSION, people, 11)
        assert isinstance(refused, Refusal)
    registry.refuses = Refusal(code=RefusalCode.BUSY, message="Later.")
    assert await registry.hubs.count(name, SESSION, 23, 10) == registry.refuses
    assert registry.hubs.people("nobody") is None
    await registry.hubs.forget(SESSION)
    await registry.open()
    hub = registry.hubs.get(name)
    assert hub is not None
    assert hub.counts == {}


@with_registry
async def test_all_who_listen_are_told(registry: Registry) -> None:
    more: list[tuple[object, ...]] = []
    hub = await registry.kisumu()
    registry.hubs.when_seen(lambda *told: more.append(("seen", *told)))
    registry.hubs.when_fenced(lambda *told: more.append(("fenced", *told)))
    registry.hubs.when_removed(lambda name: more.append(("removed", name)))
    registry.hubs.when_retitled(lambda *told: more.append(("retitled", *told)))
    registry.hubs.seen(hub.name, "0a1b", True, 5)
    await registry.hubs.change(hub.name, Details(), "Town library")
    await registry.hubs.remove(hub.name)
    assert more == registry.told
    assert [each[0] for each in more] == ["seen", "retitled", "fenced", "removed"]
