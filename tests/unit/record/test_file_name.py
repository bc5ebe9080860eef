from __future__ import annotations

import pytest

from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId
from moothall.record.file_name import file_name
from record_maker import Telling


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Opening ceremony", "2025-11-24 Opening ceremony (en).vtt"),
        ('a/b\\c: d? <e>|*"', "2025-11-24 a b c d e (en).vtt"),
        ("../../etc/passwd", "2025-11-24 etc passwd (en).vtt"),
        ("\u202egpj.exe\n\0x. .", "2025-11-24 gpj.exe x (en).vtt"),
        ("  \u2028 ", "2025-11-24 plenary (en).vtt"),
        ("会议" * 100, f"2025-11-24 {'会议' * 20} (en).vtt"),
        ("می\u200cخواهم", "2025-11-24 می\u200cخواهم (en).vtt"),  # noqa: RUF001  # as it is written
    ],
)
def test_names(title: str, name: str) -> None:
    assert file_name(Telling(title).record(), "vtt") == name
    assert len(name.encode()) < 180


def test_a_translation_is_named_after_its_language() -> None:
    told = Telling("Opening ceremony")
    spanish = ChannelId("mt-es")
    told.tell(ev.ChannelAdded(channel=spanish, kind=ev.ChannelKind.TRANSLATION, languages=("es",)))
    assert file_name(told.record(spanish), "srt") == "2025-11-24 Opening ceremony (es).srt"


def test_before_it_began_and_without_a_language_that_is_one() -> None:
    assert file_name(Telling("A", ("x/y",), opened=False).record(), "srt") == "A.srt"
