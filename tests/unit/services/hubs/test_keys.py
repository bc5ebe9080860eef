from __future__ import annotations

import msgspec
import pytest

from moothall.core.hubs.entry import Hub, paired
from moothall.core.kernel.actors import Role
from moothall.services.hubs.keys import NAMESPACE, HubKeys, digest, entry, label_for, new_key, unwritten
from moothall.services.hubs.ports import Fenced, Identity
from moothall.services.sessions.staff import HALL, LONGEST_LABEL, Staff, hub_of
from moothall.testing.clock import SeededRandomness


def test_a_key_is_known_by_its_digest_until_it_is_fenced_off() -> None:
    randomness = SeededRandomness()
    first, second = new_key(randomness), new_key(randomness)
    assert len(first) == 52
    assert first.isalnum()
    keys = HubKeys()
    assert keys.of(first) is None
    hub = paired(Hub(name="kisumu", title="Kisumu", link="l"), digest(first), node="n", machine="", at=1)
    keys.learn([hub])
    assert keys.of(first) == Identity(hub="kisumu", title="Kisumu", generation=1)
    keys.learn([paired(hub, digest(second), node="n", machine="", at=2)])
    assert keys.of(first) == Fenced(hub="kisumu")
    assert keys.of(second) == Identity(hub="kisumu", title="Kisumu", generation=2)
    for wrong in ("", first[:-1], first + "a", "x" * 10_000, "\ud800"):
        assert keys.of(wrong) is None


def staff(label: str) -> Staff:
    return Staff(link="0a1b2c3d4e", role=Role.HUB, scope=HALL, label=label)


def test_a_link_alone_is_a_hub() -> None:
    assert unwritten(staff("Kisumu Library")) == Hub(name="kisumu-library", title="Kisumu Library", link="0a1b2c3d4e")
    assert unwritten(staff("")).title == "0a1b2c3d4e"


@pytest.mark.parametrize("title", ["Kisumu", "Kisumú", "基苏木", "Town library", "基" * LONGEST_LABEL])
def test_a_link_that_is_made_again_is_for_the_same_hub(title: str) -> None:
    label = label_for(Hub(name="kisumu", title=title, link="x"))
    assert hub_of(staff(label)) == "kisumu"
    assert len(label) <= LONGEST_LABEL


def test_the_book_has_all_of_it() -> None:
    hub = unwritten(staff("Kisumu"))
    kept = entry(hub)
    assert (kept.namespace, kept.key) == (NAMESPACE, "kisumu")
    assert kept.body is not None
    assert msgspec.json.decode(kept.body, type=Hub) == hub
