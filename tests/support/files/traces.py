"""Searches everything that a hall leaves on a disk for a word, for the tests of "not recorded"."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from moothall.adapters.sound.audio_file import AudioFile
from moothall_models.ports import Window
from moothall_models.recognizers.whisper.drafting_whisper import DraftingWhisper
from moothall_models.store import open_store
from support.halls.process import write_wave
from support.sound.hearing import sample_sound

MODEL = "whisper-tiny.en"
BEFORE, SPAN, AFTER = (11_000, 16_700), (31_100, 40_400), (58_500, 63_900)
"""Spans of the sample session, in ms. The word is spoken in the second span, and nowhere else."""
PAUSE_MS = 1_500
"""Ms of silence between the spans, so that a tenth of a second makes no difference."""
BEGIN_MS = BEFORE[1] - BEFORE[0] + PAUSE_MS // 2
END_MS = BEGIN_MS + SPAN[1] - SPAN[0] + PAUSE_MS
WORD = "lisbon"
"""A name that the model spells right, and that no other file of a hall contains."""
RATE = 16_000
SNIPPET = 64
"""Samples that are searched for at once: 4 ms."""


def silence(ms: int) -> bytes:
    """Return `ms` of silence as PCM16."""
    return bytes(2 * ms * RATE // 1000)


async def make_sound(path: Path, *, wait_ms: int = 0) -> bytes:
    """Write a sound of three spans of the sample session, with `wait_ms` of silence more behind the second; returns the
    samples of the second.
    """
    pieces = [await sample_sound(*piece) for piece in (BEFORE, SPAN, AFTER)]
    write_wave(path, silence(PAUSE_MS).join([pieces[0], pieces[1] + silence(wait_ms), pieces[2], b""]))
    return pieces[1]


def found_in(folder: Path, pcm: bytes) -> set[str]:
    """Return the traces of the secret below a folder: names of files with the word, and `sound` for its samples."""
    found: set[str] = set()
    snippets = list(_snippets(pcm))
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        for spelling in (WORD, WORD.capitalize(), WORD.upper()):
            if any(spelling.encode(encoding) in content for encoding in ("utf-8", "utf-16-le", "utf-16-be")):
                found.add(path.name)
        if any(snippet in content for snippet in snippets):
            found.add("sound")
    return found


def _snippets(pcm: bytes) -> Iterator[bytes]:
    """Yield a snippet of each tenth of a second that is loud enough to be unique."""
    for begin in range(0, len(pcm) - 2 * RATE // 10, 2 * RATE // 10):
        piece = pcm[begin + 200 : begin + 200 + 2 * SNIPPET]
        if max(abs(sample) for sample in memoryview(piece).cast("h")) > 500:
            yield piece


def _files(folder: Path, ending: str) -> list[Path]:
    return sorted(folder.rglob(f"*.{ending}"))


async def heard_in_sounds(folder: Path) -> str:
    """Return what the model hears in every sound below: the spool as it is, and the recordings, decoded."""
    texts = []
    spools: dict[Path, bytes] = {}
    for path in _files(folder, "pcm"):
        spools[path.parent] = spools.get(path.parent, b"") + path.read_bytes()
    sounds = list(spools.values())
    for path in _files(folder, "opus"):
        async with AudioFile(path) as sound:
            pcm = b""
            while piece := await sound.read(RATE):
                pcm += piece
            sounds.append(pcm)
    recognizer = DraftingWhisper(open_store().path(MODEL), model=MODEL, threads=2)
    for pcm in sounds:
        samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(32_768)
        for begin in range(0, len(samples), 10 * RATE):
            window = Window(audio=samples[begin : begin + 12 * RATE], languages=("en",))
            hypothesis = await asyncio.to_thread(recognizer.recognise, window)
            texts.append("".join(word.text for word in hypothesis.words))
    return " ".join(texts).casefold()


def open_for_writing(pid: int | None) -> set[Path]:
    """Return the files that a process has open for writing."""
    found: set[Path] = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        target = Path(link.readlink())
        flags = int((Path(f"/proc/{pid}/fdinfo") / link.name).read_text().split("flags:")[1].split()[0], 8)
        if flags & 3 and target.is_file():
            found.add(target)
    return found
