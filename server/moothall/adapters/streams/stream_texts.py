"""How streams stand and what came of trying one, in sentences and as JSON: for pages, programs and the command line."""

from __future__ import annotations

import msgspec

from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.streams.watching import StreamFault
from moothall.services.capture.pulling import PullState
from moothall.services.capture.streams import PullStatus, TriedStream

SOFT = -40
"""dBFS: speech whose peak level is below this is recognised badly."""


class StreamAnswer(msgspec.Struct, frozen=True):
    """The streams of a session as they stand, without their addresses."""

    streams: tuple[PullStatus, ...]


class TriedAnswer(msgspec.Struct, frozen=True):
    """What came of trying a stream."""

    tried: TriedStream
    says: tuple[str, ...]
    """The result in sentences."""


def said_of(status: PullStatus, ui: Catalogue) -> list[str]:
    """The state of a stream, in sentences."""
    because = [] if status.trouble is None else [trouble_said(status.trouble, status.number, ui)]
    if status.state is PullState.OVER and because:
        return because  # The stream broke off before its end.
    said = [ui.named(f"stream/state.{status.state}", n=status.lost)]
    return said + because if status.state is PullState.LOST else said


def trouble_said(trouble: StreamFault, number: int, ui: Catalogue) -> str:
    """A sentence that says what is wrong and what to do."""
    return ui.named(f"stream/trouble.{trouble}", n=number)


def tried_said(tried: TriedStream, ui: Catalogue) -> list[str]:
    """The result of testing a stream: what was found, or what is wrong and what to do."""
    if tried.found is None:
        return [trouble_said(tried.trouble or StreamFault.ENDED, tried.number, ui)]
    found = tried.found
    if tried.level is None:
        return [
            ui.text(
                "A stream was found, and only silence came. Format: {codec}. Channels: {channels}. Check whether "
                "something is said there, and whether it is muted.",
                codec=found.codec,
                channels=found.channels,
            )
        ]
    said = ui.text(
        "Sound was found. Format: {codec}. Channels: {channels}. Samples a second: {rate}. Loudest: {level} dB.",
        codec=found.codec,
        channels=found.channels,
        rate=found.rate,
        # The isolate keeps the minus sign in front of the number in Arabic.
        level=f"\u2066\N{MINUS SIGN}{-tried.level}\u2069",
    )
    soft = ui.text("It is very soft. Have it made louder where it is sent.")
    return [said, soft] if tried.level < SOFT else [said]
