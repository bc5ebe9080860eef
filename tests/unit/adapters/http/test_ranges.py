from __future__ import annotations

import pytest

from moothall.adapters.http.ranges import NotSatisfiable, wanted_range

TAG = '"a"'


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-", (0, 10)),
        ("bytes=3-5", (3, 6)),
        ("bytes=3-500", (3, 10)),
        ("bytes= 9-9", (9, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-30", (0, 10)),
        ("bytes=-", None),
        ("bytes=5-3", None),
        ("bytes=0-1,3-4", None),
        ("lines=0-1", None),
        ("bytes=0-1000000000000000000", None),
        ("", None),
    ],
)
def test_a_range_of_bytes_is_found(header: str, span: tuple[int, int] | None) -> None:
    assert wanted_range({"Range": header}, TAG, 10) == span


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-11", "bytes=-0"])
def test_a_range_behind_the_end_can_not_be_had(header: str) -> None:
    with pytest.raises(NotSatisfiable):
        wanted_range({"Range": header}, TAG, 10)


@pytest.mark.parametrize(("seen", "span"), [('"a"', (3, 10)), ('"b"', None), ('W/"a"', None), ("a", None)])
def test_a_range_of_another_state_gives_all_of_it(seen: str, span: tuple[int, int] | None) -> None:
    assert wanted_range({"Range": "bytes=3-", "If-Range": seen}, TAG, 10) == span
