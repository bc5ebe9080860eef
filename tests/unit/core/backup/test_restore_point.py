from __future__ import annotations

import msgspec
import pytest

from moothall.core.backup.restore_point import (
    BlockPart,
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


def test_it_knows_what_it_holds_of_one_life_of_a_log() -> None:
    assert heads_at(POINT, SESSION, EPOCH) == PART
    assert heads_at(POINT, SESSION, Epoch("later")) is None
    assert heads_at(POINT, SessionId("other"), EPOCH) is None
    assert heads_at(None, SESSION, EPOCH) is None
