from __future__ import annotations

from moothall.core.kernel.ids import SegmentId
from moothall.core.signals import Partial
from moothall.services.translation.late_lines import MOST_LATE, LateLines
from moothall.testing.loop import run
from translating_hall import PT, Translated, translated_hall


def _told(on: Translated) -> list[str]:
    return [signal.text for signal in on.signals if isinstance(signal, Partial) and signal.channel == PT]


def test_the_newest_lines_stand_as_they_were_said_and_nothing_is_told_twice() -> None:
    async def story() -> None:
        async with translated_hall(of_record=("pt",)) as on:
            echo = on.connect()
            await on.comes(lambda: PT in on.live.state.channels)
            echo.silent = True
            late = LateLines(on.live, PT)
            late.show()
            assert _told(on) == []
            names = [SegmentId(f"line{number}") for number in range(MOST_LATE + 1)]
            for number, name in enumerate(names):
                await on.says(name, f"Line {number}.")
            late.show([*names, SegmentId("nowhere")])
            assert _told(on)[-1] == " ".join(f"Line {number}." for number in range(1, MOST_LATE + 1))
            told = len(_told(on))
            late.show(names)
            assert len(_told(on)) == told

    run(story())
