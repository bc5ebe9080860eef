from __future__ import annotations

from moothall.core.hubs.entry import Hub, paired
from moothall.services.hubs.keys import Fenced, HubKeys, Identity, digest, new_key
from moothall.testing.seeded import SeededRandomness


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
