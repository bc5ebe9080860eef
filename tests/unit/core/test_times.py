from __future__ import annotations

import pytest

from moothall.core.times import media_time


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (-1, "0:00"),
        (999, "0:00"),
        (61_000, "1:01"),
        (3_599_999, "59:59"),
        (3_600_000, "1:00:00"),
        (36_061_000, "10:01:01"),
    ],
)
def test_media_time(ms: int, text: str) -> None:
    assert media_time(ms) == text
