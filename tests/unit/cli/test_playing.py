from __future__ import annotations

import asyncio
import os
import signal

import pytest

from moothall.cli.playing import FLOOR, Mapped, mapping_of, stop_signal
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.errors import ConfigurationError, MoothallError
from moothall.core.kernel.ids import ChannelId


def test_channels_are_counted_as_on_a_mixing_desk_and_named_by_their_texts() -> None:
    floor, french, chinese = mapping_of("1=floor, 2=FR,12=zh-hant")
    assert (floor, french, chinese) == (
        Mapped(0, FLOOR),
        Mapped(1, ChannelId("fr")),
        Mapped(11, ChannelId("zh-hant")),
    )
    assert (floor.kind, french.kind) == (ChannelKind.FLOOR, ChannelKind.INTERPRETATION)
    assert (floor.languages(("en", "de")), french.languages(("en", "de"))) == (("en", "de"), ("fr",))


@pytest.mark.parametrize(
    "text", ["", "1", "0=floor", "1=", "x=fr", "1=floor,", "65=fr", "1=../fr", "1=floor,1=fr", "1=fr,2=fr", "1=a"]
)
def test_what_maps_nothing_is_said(text: str) -> None:
    with pytest.raises(ConfigurationError):
        mapping_of(text)


def test_a_second_signal_breaks_the_orderly_end_off_with_a_sentence() -> None:
    async def run(second: signal.Signals | None) -> None:
        async with stop_signal() as stop:
            os.kill(os.getpid(), signal.SIGTERM)
            await stop.wait()
            if second is not None:
                os.kill(os.getpid(), second)
                await asyncio.Event().wait()  # as if closing took long

    asyncio.run(run(None))
    for second in (signal.SIGTERM, signal.SIGINT):
        with pytest.raises(MoothallError, match=r"^A second signal came"):
            asyncio.run(run(second))


async def test_whoever_else_cancels_what_waits_for_the_stop_is_told_so() -> None:
    async def run() -> None:
        async with stop_signal() as stop:
            await stop.wait()

    running = asyncio.ensure_future(run())
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
