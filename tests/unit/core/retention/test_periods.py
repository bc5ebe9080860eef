from __future__ import annotations

import re

import pytest

from moothall.core.retention.periods import DEFAULTS, FOR_EVER, PATTERN, KeptKind, days_of


def test_each_kind_has_a_default_and_none_is_for_ever() -> None:
    assert DEFAULTS.keys() == set(KeptKind)
    assert [days_of(DEFAULTS[kind]) for kind in KeptKind] == [3650, 3650, 90, 90]


@pytest.mark.parametrize("period", ["1 days", "90 days", "99999 days", FOR_EVER])
def test_the_settings_take_what_is_a_period(period: str) -> None:
    assert re.search(PATTERN, period)
    assert days_of(period) == (None if period == FOR_EVER else int(period.split(maxsplit=1)[0]))


@pytest.mark.parametrize("period", ["", "90", "0 days", "-1 days", "ever", "for  ever", "100000 days", "90 days\n"])
def test_and_nothing_else(period: str) -> None:
    with pytest.raises(ValueError, match="is no period"):
        days_of(period)
