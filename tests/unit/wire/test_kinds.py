from __future__ import annotations

import msgspec
import pytest

from moothall.core.kernel.decoding import Unreadable
from moothall.wire import engine, translation
from moothall.wire.close_codes import MAX_REASON_BYTES, CloseCode
from moothall.wire.hubs import messages as hub
from moothall.wire.kinds import OTHER_VERSION, Kinds, LinkVersions, OtherVersion, UnknownKind, passed_over


class _Word(msgspec.Struct, tag_field="m", tag="word"):
    text: str


READ = Kinds(msgspec.msgpack.Decoder(_Word), [_Word])


def test_a_kind_that_nobody_knows_is_told_from_what_is_no_message() -> None:
    assert READ.read(msgspec.msgpack.encode({"m": "word", "text": "Good", "more": [1]})) == _Word("Good")
    with pytest.raises(UnknownKind, match=r"A message of 22 bytes is of a kind"):
        READ.read(msgspec.msgpack.encode({"m": "sentence", "text": "Good"}))
    for frame in (b"", b"\x90", *map(msgspec.msgpack.encode, ({"m": "word"}, {"m": 5}, {"t": "Good"}, "word"))):
        with pytest.raises(Unreadable):
            READ.read(frame)


def test_what_is_nested_deep_is_no_message_whatever_its_kind() -> None:
    nested = b"\x82\xa1m\xa5later\xa1x" + b"\x91" * 100_000 + b"\xc0"
    with pytest.raises(Unreadable):
        READ.read(nested)


def test_a_link_takes_its_own_version_and_the_one_before_and_says_which_releases_fit() -> None:
    versions = LinkVersions(link="hub link", own=3, first={1: "0.1.0", 2: "0.4.0", 3: "0.9.0"})
    versions.require(3)
    versions.require(2)
    for other in (1, 4, 0, -1, 10**18):
        with pytest.raises(OtherVersion) as refused:
            versions.require(other)
        assert str(refused.value) == (
            f"Not version {other} of the hub link but 2 or 3 fits: releases from 0.4.0 up to one after this server's."
        )
        assert len(str(refused.value).encode()) <= MAX_REASON_BYTES


@pytest.mark.parametrize("versions", [engine.VERSIONS, translation.VERSIONS, hub.VERSIONS])
def test_each_link_knows_the_release_that_first_spoke_its_version(versions: LinkVersions) -> None:
    assert versions.own in versions.first
    versions.require(versions.own)
    with pytest.raises(OtherVersion, match=r"releases from \d+\.\d+\.\d+ up to"):
        versions.require(versions.own + 1)


def test_what_a_log_says_holds_a_number_and_nothing_of_the_peers() -> None:
    assert passed_over(3).startswith("passed over 3 messages of kinds")
    assert OTHER_VERSION == CloseCode.BAD_REQUEST
