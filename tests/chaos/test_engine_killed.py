"""The engine is killed every 30 s of a ten-minute meeting, which is compared with an undisturbed run: `make chaos`.

Each kill prints a line of figures, and the end prints the results of both runs. `CHAOS_MINUTES=20` plays for longer,
`CHAOS_MODEL=whisper-base` uses another model, `CHAOS_SPEECH=FOLDER` plays another folder of pairs than
`../shared/speech`; if that is missing, the sample session is played. As `test_many_kills`, it needs a machine that
keeps up.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from support.halls.killing import kill_engine_every
from support.halls.process import (
    HallProcess,
    free_port,
    logged,
    require_intact,
    require_nothing_lost,
    watched,
    write_wave,
)
from support.sound.hearing import changes, heard, only_in, require_as_good, require_whole_seams
from support.sound.long_meeting import long_meeting

MINUTES = float(os.environ.get("CHAOS_MINUTES", "10"))
MODEL = os.environ.get("CHAOS_MODEL", "whisper-tiny.en")
SPEECH = Path(os.environ.get("CHAOS_SPEECH", Path(__file__).parents[3] / "shared" / "speech"))
EVERY_MS = 30_000
"""Between two kills, wall time."""
MOST_CHANGED = 0.01
"""Of the words, between the run with the kills and the one without."""

pytestmark = [pytest.mark.chaos, pytest.mark.model, pytest.mark.timeout(300 + 120 * MINUTES)]


async def test_killed_every_thirty_seconds_it_says_what_it_says_undisturbed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def line(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    meeting = long_meeting(SPEECH, round(MINUTES * 60_000), english=MODEL.endswith(".en"))
    write_wave(tmp_path / "sound.wav", meeting.pcm)
    spoken = ("--language", ",".join(meeting.languages))
    hall, other = (
        HallProcess(tmp_path / name, tmp_path / "sound.wav", MODEL, free_port(number), *spoken)
        for number, name in enumerate(("killed", "undisturbed"), 10)
    )
    line(f"\n{', '.join(meeting.names)}, again and again: {meeting.ms / 60_000:.1f} minutes, {MODEL}")
    async with watched(hall) as witness, watched(other) as calm:
        await witness.until(lambda: witness.attached)
        kills = await kill_engine_every(
            hall,
            witness,
            EVERY_MS,
            tell=lambda kill, words, next_ms: line(
                f"kill {kill:2}: {words:4} words stood, {len(calm.words):4} undisturbed; the next after {next_ms:5} ms"
            ),
        )
        await calm.until(lambda: calm.closed)
    log, undisturbed = logged(hall.data), logged(other.data)
    got, expected = heard(log.words), heard(undisturbed.words)
    differ = changes(expected, got)
    line(
        f"{kills} kills; {len(meeting.said)} words said; wrong {len(changes(meeting.said, got))}, undisturbed "
        f"{len(changes(meeting.said, expected))}; the two differ in {len(differ)} "
        f"({100 * len(differ) / len(expected):.2f} %); {log.gaps} gaps"
    )
    for title, one, two in (("wrong here", got, expected), ("wrong undisturbed", expected, got)):
        found = only_in(meeting.said, one, two)
        line(f"only {title}: " + ", ".join(f"{each.kind} '{each.text}' at {each.t} ms" for each in found))
    assert kills >= MINUTES * 60_000 // EVERY_MS - 1
    assert (log.gaps, undisturbed.gaps) == (0, 0)
    require_nothing_lost(witness, log)
    require_nothing_lost(calm, undisturbed)
    assert len(differ) <= MOST_CHANGED * len(expected)
    require_as_good(meeting.said, expected, got)
    require_whole_seams(meeting.said, expected, got, log.seams)
    require_intact(hall.data)
