from __future__ import annotations

from hub_registry import Registry, with_registry
from moothall.core.hubs.entry import Details


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
