from __future__ import annotations

import zlib
from datetime import UTC

import pytest

from moothall.core.events.types import OriginalKept
from moothall.core.kernel.errors import ImportRefused
from moothall.core.kernel.ids import ChannelId
from moothall.record.imports.about import AboutMeeting
from moothall.record.imports.whole_file import original_in, read_file
from support.record.imported import FILE, imported

VTT = b"WEBVTT\n\n00:01.000 --> 00:02.000\nHi.\n"
FLOOR = ChannelId("floor")


def test_what_is_stated_comes_first_and_a_language_last() -> None:
    file = read_file(
        VTT, "2019-11-25 Talk.vtt", stated=AboutMeeting(title="Stated"), language="pt", zone=UTC, unnamed=(),
        young_people=False,
    )  # fmt: skip
    assert (file.meeting.title, file.meeting.languages, file.name) == ("Stated", ("pt",), "2019-11-25 Talk.vtt")
    assert zlib.decompress(file.packed) == VTT


def test_a_file_that_does_not_shrink_is_too_large_to_keep() -> None:
    noise = "".join(chr(0x4E00 + n * n * 7919 % 20_947) for n in range(2_000_000))
    data = f"{VTT.decode()}\nNOTE\n{noise}\n".encode()
    with pytest.raises(ImportRefused, match="too large to be kept"):
        read_file(data, FILE, zone=UTC, unnamed=(), young_people=False)


def test_the_file_comes_back_from_its_parts_and_from_no_fewer() -> None:
    events = imported(VTT).events
    assert original_in(events, FLOOR) == (FILE, VTT)
    assert original_in(events, ChannelId("fr")) is None
    kept = next(event for event in events if isinstance(event, OriginalKept))
    one = OriginalKept(channel=FLOOR, name=kept.name, part=1, parts=2, content=kept.content)
    assert original_in([one], FLOOR) is None
