from __future__ import annotations

import pytest

from moothall.adapters.hubs.admin_door import number_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0), (" 20 ", 20), ("٢٠", 20), ("100000", 100_000), ("100001", None), ("0000020", None), ("-1", None),
        ("2.5", None), ("many", None), ("", None),
    ],
)  # fmt: skip
def test_a_number_of_people_is_written_in_whichever_figures(text: str, number: int | None) -> None:
    assert number_of(text) == number
