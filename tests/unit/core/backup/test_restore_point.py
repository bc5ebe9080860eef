from __future__ import annotations

import msgspec
import pytest

from moothall.core.backup.restore_point import (
    BlockPart,
    FileStamp,
    NamedPart,
    RestorePoint,
    SessionPart,
    SoundPart,
    Stored,
    decode_point,
    encode_point,
    heads_at,
)
from moothall.core.events.types import LaneHead
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import Epoch, Lane, SessionId, SourceId
from support.sessions.recorder import EPOCH, SESSION

PART = SessionPart(
    session=SESSION,
    epoch=EPOCH,
    offset=3,
    heads={Lane("session"): LaneHead(3, "ab")},
    blocks=(BlockPart(first=1, last=3, stored=Stored("a", 1)),),
)
SOUND = SoundPart(session=SESSION, source=SourceId("mic"), first=0, written=5, stored=Stored("b", 2))
POINT = RestorePoint(
    release="1",
    at=7,
    sessions=(PART,),
    sound=(SOUND,),
    book=Stored("c", 3),
    settings=(NamedPart(name="settings.toml", stored=Stored("d", 4)),),
)


def test_a_restore_point_is_read_as_it_was_written() -> None:
    assert decode_point(encode_point(POINT), "now") == POINT


def test_it_names_all_objects_that_it_needs() -> None:
    assert [stored.sha256 for stored in POINT.objects()] == ["a", "b", "c", "d"]


def test_an_object_is_named_by_its_bytes() -> None:
    assert Stored.of(b"abc") == Stored("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 3)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"{", "its description can't be read"),
        (encode_point(POINT).replace(b'"at":7', b'"at":8'), "not what was written"),
        (encode_point(msgspec.structs.replace(POINT, format=2)), "newer release"),
    ],
)
def test_a_restore_point_that_is_damaged_or_newer_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=f"The restore point now .*{sentence}"):
        decode_point(data, "now")


def test_a_recording_of_an_older_release_has_no_stamp() -> None:
    assert decode_point(encode_point(POINT), "now").sound[0].stamp is None
    stamp = FileStamp(inode=2**64 - 1, size=2, written=1_764_000_000_000_000_001, changed=-1)
    stamped = msgspec.structs.replace(POINT, sound=(msgspec.structs.replace(SOUND, stamp=stamp),))
    read = decode_point(encode_point(stamped), "now")
    assert read == stamped
    assert read.sound[0].key == (SESSION, SourceId("mic"), 0)


@pytest.mark.parametrize(("written", "changed"), [(5_000_000_000, 0), (0, 5_000_000_000)])
def test_a_file_is_settled_when_its_times_are_older_than_the_coarsest_step(written: int, changed: int) -> None:
    stamp = FileStamp(inode=1, size=2, written=written, changed=changed)
    assert not stamp.settled(6_999)
    assert stamp.settled(7_000)


def test_it_knows_what_it_holds_of_one_life_of_a_log() -> None:
    assert heads_at(POINT, SESSION, EPOCH) == PART
    assert heads_at(POINT, SESSION, Epoch("later")) is None
    assert heads_at(POINT, SessionId("other"), EPOCH) is None
    assert heads_at(None, SESSION, EPOCH) is None
