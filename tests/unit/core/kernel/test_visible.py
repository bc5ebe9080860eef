from __future__ import annotations

import pytest

from moothall.core import commands as do
from moothall.core.events.types import Access
from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId
from moothall.core.kernel.visible import all_visible, visible


@pytest.mark.parametrize(
    "hidden", ["\u202a", "\u202e", "\u2066", "\u2069", "\u2060", "\ufeff", "\ufff9", "\x00", "\x1b", "\x7f", "\x9b"]
)
def test_what_nobody_sees_is_not_kept(hidden: str) -> None:
    assert visible(f"a{hidden}b") == "ab"


@pytest.mark.parametrize("text", ["می\u200cروم", "क्\u200dष", "a\u200eb\u200f\u061c", "a\tb\nc", "👩\u200d🏫", "é"])
def test_what_languages_write_with_stays(text: str) -> None:
    assert visible(text) == text


def test_line_breaks_are_one_sign() -> None:
    assert visible("a\r\nb\rc") == "a\nb\nc"


def test_every_text_of_a_command_is_cleaned_and_nothing_else_is_touched() -> None:
    named = do.IntroduceSpeaker(speaker=SpeakerId("amina"), name="Ami\u202ena")
    assert all_visible(named) == do.IntroduceSpeaker(speaker=SpeakerId("amina"), name="Amina")
    typed = do.TypeSegment(channel=ChannelId("floor"), segment=SegmentId("s"), text="Good day.", language="en")
    assert all_visible(typed) is typed
    nested = ({"a": ("x\u202e", 1, None)}, Access.STAFF, 2.5)
    assert all_visible(nested) == ({"a": ("x", 1, None)}, Access.STAFF, 2.5)
