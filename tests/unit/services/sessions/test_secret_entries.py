from __future__ import annotations

import msgspec
import pytest

from moothall.services.sessions.browsers import digest_of
from moothall.services.sessions.secret_entries import LONGEST_SECRET, SecretEntries, short_id, typed_secret
from moothall.testing.clock import SeededRandomness


class Kept(msgspec.Struct, frozen=True):
    digest: str
    name: str = ""


def test_an_entry_is_found_by_its_secret_and_by_no_other() -> None:
    entries = SecretEntries[Kept]()
    entries["a"] = Kept(digest_of("one"))
    entries["b"] = Kept(digest_of("two"), "b")
    assert entries.opened_by("two") is entries["b"]
    for wrong in ("", "tw", "two ", "TWO", "\ud800"):
        assert entries.opened_by(wrong) is None


def test_a_replaced_and_a_deleted_entry_is_found_no_more() -> None:
    entries = SecretEntries[Kept]()
    entries["a"] = Kept(digest_of("one"))
    entries["a"] = Kept(digest_of("two"))
    assert entries.opened_by("one") is None
    assert entries.opened_by("two") is entries["a"]
    del entries["a"]
    assert entries.opened_by("two") is None
    with pytest.raises(KeyError):
        del entries["a"]
    entries.update({"b": Kept(digest_of("three"))})
    entries.clear()
    assert entries.opened_by("three") is None


def test_a_secret_that_is_too_long_opens_nothing() -> None:
    entries = SecretEntries[Kept]()
    longest = "x" * LONGEST_SECRET
    entries["a"], entries["b"] = Kept(digest_of(longest)), Kept(digest_of(longest + "x"))
    assert entries.opened_by(longest) is entries["a"]
    assert entries.opened_by(longest + "x") is None


def test_a_secret_can_be_typed_from_paper() -> None:
    made = {typed_secret(SeededRandomness(n)) for n in range(20)}
    assert len(made) == 20
    assert all(len(each) == 32 and set(each) <= set("abcdefghijklmnopqrstuvwxyz234567") for each in made)
    assert len(short_id(SeededRandomness(1))) == 10
