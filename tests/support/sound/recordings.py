"""Recordings of loud sound, and functions that measure what is audible in them."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

from moothall.adapters.sound.sound_folder import SoundFolder
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.services.sound.recording import RecordingPart

SESSION, MIC = SessionId("plenary"), SourceId("mic")
RATE = 16_000


def tone(seconds: float) -> bytes:
    """Return loud sound as PCM16."""
    return array("h", (int(12_000 * math.sin(n / 6)) for n in range(int(seconds * RATE)))).tobytes()


def loudness(pcm: bytes) -> list[int]:
    """Return the loudest sample of each half second."""
    samples = array("h", pcm)
    return [max(map(abs, samples[at : at + RATE // 2])) for at in range(0, len(samples), RATE // 2)]


def pattern(loud: Sequence[int]) -> str:
    """Return `#` for each loud half second, `.` for each silent one, `?` for others."""
    return "".join("#" if each > 6_000 else "." if each < 200 else "?" for each in loud)


async def record(folder: SoundFolder, pcm: bytes, first: int = 0, session: SessionId = SESSION) -> RecordingPart:
    """Write a recording's part with this sound; returns the part."""
    writer = await folder.begin(session, MIC, first)
    for at in range(0, len(pcm), 2 * RATE):
        await writer.write(pcm[at : at + 2 * RATE])
    await writer.close()
    return next(part for part in await folder.parts(session) if part.first == first)
