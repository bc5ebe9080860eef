"""Measures the CPU time of rooms in which nobody speaks: the voice detector and the speech policy, and no pass.

    .venv/bin/python bench/silent_rooms.py --rooms 10 --seconds 60

The sound is a quiet room's (pink enough: random walk, -60 dBFS) and comes in pieces of 100 ms on a virtual clock, as
from microphones. Printed: ms of CPU for a second of sound of one room, as a share of a core, and the passes that were
wanted, which should be none.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from moothall.wire import engine as wire
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.session import LinkSession
from moothall_models.recognizers.silero import SileroNetwork, SileroVoiceActivity
from moothall_models.speech.overload import Load
from simulate_speech import attach_from_start

PIECE = 100
"""The length of a piece of sound, in ms."""
LEVEL = 32.0
"""RMS of 16-bit samples: -60 dBFS."""


def quiet(seconds: int, seed: int) -> bytes:
    """The sound of a quiet room, 16-bit PCM at 16 kHz."""
    walk = np.cumsum(np.random.default_rng(seed).standard_normal(seconds * 16_000))
    smooth = walk - np.convolve(walk, np.ones(400) / 400, mode="same")
    return bytes((smooth / smooth.std() * LEVEL).clip(-32_768, 32_767).astype("<i2").tobytes())


def measured(rooms: int, seconds: int) -> tuple[float, int]:
    """CPU ms for a second of sound of one room, and passes that were wanted."""
    network = SileroNetwork()
    hello = wire.EngineHello(protocol=wire.PROTOCOL, name="e", model="m", languages=(), channels=rooms)
    link = LinkSession(
        hello,
        voice=lambda: SileroVoiceActivity(network),
        media=lambda attach: ArrivalTime(attach.audio_from),
        cpu_ms=lambda: 0.0,
        load=Load(2),
    )
    sounds = {number: quiet(seconds, number) for number in range(1, rooms + 1)}
    for number in sounds:
        link.received(attach_from_start(("en",), number), 0.0)
    passes, began = 0, time.process_time()
    for now in range(0, seconds * 1_000, PIECE):
        for number, pcm in sounds.items():
            piece = pcm[now * 32 : (now + PIECE) * 32]
            link.received(wire.Audio(attachment=number, t=now, pcm=piece), float(now + PIECE))
        while link.hear(float(now + PIECE)):
            pass
        passes += len(link.next_passes(float(now + PIECE)))
        while link.next_message() is not None:
            pass
    return (time.process_time() - began) * 1_000 / (rooms * seconds), passes


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rooms", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=60)
    args = parser.parse_args()
    ms, passes = measured(args.rooms, args.seconds)
    print(f"{args.rooms} silent rooms, {args.seconds} s: {ms:.2f} ms a second and room ({ms / 10:.2f} % of a core)")
    print(f"passes wanted: {passes}")


if __name__ == "__main__":
    main()
