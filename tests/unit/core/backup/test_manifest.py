from __future__ import annotations

import msgspec
import pytest

from moothall.core.backup.manifest import (
    BlockPart,
    Manifest,
    NamedPart,
    SessionPart,
    SoundPart,
    Stored,
    decode_manifest,
    encode_manifest,
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
MANIFEST = Manifest(
    release="1",
    at=7,
    sessions=(PART,),
    sound=(SOUND,),
    book=Stored("c", 3),
    settings=(NamedPart(name="settings.toml", stored=Stored("d", 4)),),
)


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert decode_manifest(encode_manifest(MANIFEST), "now") == MANIFEST


def test_it_names_all_objects_that_it_needs() -> None:
    assert [stored.sha256 for stored in MANIFEST.objects()] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"{", "its manifest can't be read"),
        (encode_manifest(MANIFEST).replace(b'"at":7', b'"at":8'), "not what was written"),
        (encode_manifest(msgspec.structs.replace(MANIFEST, format=2)), "newer release"),
    ],
)
def test_a_manifest_that_is_damaged_or_newer_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=f"The snapshot now .*{sentence}"):
        decode_manifest(data, "now")


def test_it_knows_what_it_holds_of_one_life_of_a_log() -> None:
    assert heads_at(MANIFEST, SESSION, EPOCH) == PART
    assert heads_at(MANIFEST, SESSION, Epoch("later")) is None
    assert heads_at(MANIFEST, SessionId("other"), EPOCH) is None
    assert heads_at(None, SESSION, EPOCH) is None
