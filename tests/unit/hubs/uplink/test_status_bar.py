from __future__ import annotations

import pytest

from moothall.adapters.pages.texts import HUB_LINE
from moothall.core.kernel.ids import ChannelId
from moothall_hub.uplink.status_bar import CopyNow, Missed, StatusBar, UplinkNow, UplinkStatus, status_bar

GOOD = UplinkNow(state=UplinkStatus.GOOD)
MISSED = Missed(begin=60_000, end=480_000)


def test_it_says_how_the_link_is_where_no_session_is_read() -> None:
    assert status_bar(GOOD, None) == StatusBar(kind="good")
    assert status_bar(UplinkNow(state=UplinkStatus.DOWN, since=7), None) == StatusBar(kind="down", since=7)
    assert all(state in HUB_LINE for state in UplinkStatus)


@pytest.mark.parametrize(
    ("uplink", "copy", "kind"),
    [
        (GOOD, CopyNow(), "good"),
        (GOOD, CopyNow(filling=True, checking=True), "filling"),
        (GOOD, CopyNow(checking=True), "checking"),
        (GOOD, CopyNow(stopped=True), "stopped"),
        (UplinkNow(state=UplinkStatus.GOOD, storing=False), CopyNow(filling=True), "full"),
        (UplinkNow(state=UplinkStatus.DOWN, since=1), CopyNow(filling=True), "down"),
        (UplinkNow(state=UplinkStatus.FENCED), CopyNow(), "fenced"),
        (UplinkNow(state=UplinkStatus.REFUSED), CopyNow(stopped=True), "stopped"),
    ],
)
def test_what_matters_most_is_said(uplink: UplinkNow, copy: CopyNow, kind: str) -> None:
    assert status_bar(uplink, copy).kind == kind


def test_what_was_missed_is_offered_once_it_is_there() -> None:
    assert status_bar(GOOD, CopyNow(missed=MISSED)).missed == MISSED
    assert status_bar(GOOD, CopyNow(missed=MISSED, filling=True)).missed is None
    assert status_bar(UplinkNow(state=UplinkStatus.DOWN, since=1), CopyNow(missed=MISSED)).missed == MISSED


def test_a_span_is_minutes() -> None:
    assert MISSED.minutes == 7
    assert Missed(begin=0, end=2_000).minutes == 1


def test_a_text_that_does_not_come_is_told_of_where_it_is_read() -> None:
    floor, other = ChannelId("floor"), ChannelId("mt-pt")
    copy = CopyNow(texts=frozenset({floor}), missed=MISSED)
    assert status_bar(GOOD, copy, other) == StatusBar(kind="absent")
    assert status_bar(GOOD, copy, floor) == status_bar(GOOD, copy) == StatusBar(kind="good", missed=MISSED)
    assert status_bar(GOOD, CopyNow(), other).kind == "good"  # It isn't known yet what comes.
    assert status_bar(UplinkNow(state=UplinkStatus.DOWN, since=1), copy, other).kind == "down"
    assert "absent" in HUB_LINE
