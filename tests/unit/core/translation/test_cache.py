from __future__ import annotations

import msgspec

from moothall.core.translation.cache import HopCache, HopKey
from moothall.core.translation.routes import Direction

DIRECTION = Direction(engine="echo", version="1", source="en", target="pt", cost=1.0)


def key(text: str, wording: str = "") -> HopKey:
    return HopKey.of(DIRECTION, wording, text)


def test_another_engine_model_pair_or_glossary_is_another_translation() -> None:
    cache = HopCache()
    cache.put(key("Good"), "Bom")
    assert cache.get(key("Good")) == "Bom"
    others = [
        HopKey.of(msgspec.structs.replace(DIRECTION, **{field: "x"}), "", "Good")
        for field in ("engine", "version", "source", "target")
    ]
    assert [cache.get(other) for other in (*others, key("Good", "g2"), key("Goods"))] == [None] * 6


def test_it_is_bounded_by_entries_and_by_characters() -> None:
    cache = HopCache(entries=2, characters=20)
    for text in ("a", "b"):
        cache.put(key(text), text)
    cache.get(key("a"))
    cache.put(key("c"), "c")
    assert [cache.get(key(text)) for text in "abc"] == ["a", None, "c"], "what was asked for longest ago goes"
    cache.put(key("a"), "aa")
    assert (len(cache), cache.get(key("a"))) == (2, "aa")
    cache.put(key("d" * 9), "d" * 9)
    assert len(cache) == 1
    cache.put(key("e" * 30), "e")
    assert len(cache) == 0


def test_what_is_removed_from_a_log_is_forgotten_here() -> None:
    cache = HopCache(characters=10)
    cache.put(key("Good"), "Bom")
    cache.clear()
    assert cache.get(key("Good")) is None
    cache.put(key("Good"), "Bom")
    assert len(cache) == 1
