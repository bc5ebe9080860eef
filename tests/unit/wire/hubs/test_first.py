from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.errors import ProtocolError
from moothall.wire.hubs.first import MOST_SIGNS, first_fields, first_frames


@given(st.lists(st.binary(max_size=2_000), max_size=9))
def test_the_first_messages_come_as_they_were_as_far_as_there_is_room(frames: list[bytes]) -> None:
    fields = first_fields(frames)
    assert first_frames(fields) == frames[: len(fields)]
    assert all(field.isascii() for field in fields)
    rest = frames[len(fields) :]
    assert not rest or sum(map(len, fields)) + 4 * -(-len(rest[0]) // 3) > MOST_SIGNS


@pytest.mark.parametrize("fields", [["a"], ["\u00e4bc="], ["a b="], ["A" * 2_052, "A" * 2_048]])
def test_what_cant_be_read_or_is_too_long_is_refused(fields: list[str]) -> None:
    with pytest.raises(ProtocolError, match="base64url, and 4096 signs at most"):
        first_frames(fields)


def test_what_has_no_room_comes_later_and_so_does_all_behind_it() -> None:
    short, long = b"a", bytes(MOST_SIGNS)
    assert first_frames(first_fields([short, long, short])) == [short]
