from __future__ import annotations

import pytest

from moothall.record.times import stamp


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "00:00:00.000"), (61_042, "00:01:01.042"), (3_600_000, "01:00:00.000"), (400_000_001, "111:06:40.001")],
)
def test_stamps(ms: int, text: str) -> None:
    assert stamp(ms, ".") == text
    assert stamp(ms, ",") == text.replace(".", ",")
