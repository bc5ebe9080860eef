"""Turns decoded audio of any form into samples of one form: PCM16, 16 kHz, mono, with silence in place of missing
parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import AudioFrame
    from av.filter import Graph

RATE = 16_000
BYTES_PER_SAMPLE = 2
MAX_CHANNELS = 64
"""The limit of FFmpeg's `pan` filter."""

_ROUNDING = Fraction(1, 10)  # seconds by which time stamps and counted samples may differ
_LONGEST_GAP = 600  # seconds; more is a jump of the time stamps, not a pause


class Mixer:
    """Takes frames in order and yields their samples: one channel or the mean of all, then resampled.

    It takes the mean instead of FFmpeg's own downmix: a recorder's sixth channel is a microphone, not a subwoofer.
    """

    def __init__(self, channel: int | None = None) -> None:
        """`channel` is the number of the channel to hear, from 0; None for the mean. A frame without that channel gives
        silence.
        """
        self._channel = channel
        self._graph: Graph | None = None
        self._form: tuple[str, str, int] | None = None

    def feed(self, frame: AudioFrame) -> Iterator[bytes]:
        """Yield the samples that `frame` completes. Its format, layout and rate may differ from those of the frame
        before.
        """
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._graph is None or form != self._form:
            yield from self.flush()
            self._graph = _graph_for(frame, self._channel)
            self._form = form
        frame.pts = None  # the filters would react to a gap, which `Timeline` handles
        self._graph.push(frame)
        yield from _pull(self._graph)

    def flush(self) -> Iterator[bytes]:
        """Yield the samples that the resampler still holds."""
        if self._graph is not None:
            self._graph.push(None)
            yield from _pull(self._graph)
            self._graph = None


class Timeline:
    """Compares time stamps with the number of decoded samples, to find missing audio."""

    def __init__(self) -> None:
        self._start: Fraction | None = None
        self._heard = Fraction(0)

    def missing_before(self, frame: AudioFrame) -> int:
        """The number of samples at 16 kHz that are missing before `frame`; the frame then counts as decoded."""
        missing = 0
        if frame.pts is not None and frame.time_base is not None:
            stamp = frame.pts * frame.time_base
            if self._start is None:
                self._start = stamp
            gap = stamp - self._start - self._heard
            if _ROUNDING <= gap <= _LONGEST_GAP:
                missing = round(gap * RATE)
                self._heard += gap
            elif abs(gap) > _ROUNDING:  # the stamps have jumped: they count from this frame on
                self._start += gap
        self._heard += Fraction(frame.samples, frame.sample_rate)
        return missing


def _graph_for(frame: AudioFrame, channel: int | None) -> Graph:
    from av.filter import Graph

    channels = len(frame.layout.channels)
    if channel is None:
        heard = "+".join(f"{1 / channels:.9f}*c{each}" for each in range(channels))
    else:
        heard = f"c{channel}" if channel < channels else "0*c0"
    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=frame.sample_rate,
        format=frame.format.name,
        layout=frame.layout.name,
        time_base=Fraction(1, frame.sample_rate),
    )
    graph.link_nodes(
        source,
        graph.add("pan", f"mono|c0={heard}"),
        graph.add("aresample", f"{RATE}"),
        graph.add("aformat", f"sample_fmts=s16:sample_rates={RATE}:channel_layouts=mono"),
        graph.add("abuffersink"),
    ).configure()
    return graph


def _pull(graph: Graph) -> Iterator[bytes]:
    from av import AudioFrame, error

    while True:
        try:
            mixed = graph.pull()
        except (error.BlockingIOError, error.EOFError):
            return
        if isinstance(mixed, AudioFrame):  # always true by the graph's construction
            yield bytes(mixed.planes[0])[: mixed.samples * BYTES_PER_SAMPLE]
