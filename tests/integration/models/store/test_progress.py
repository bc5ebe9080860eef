"""The progress of a download: a bar on a terminal, some lines in a log."""

from __future__ import annotations

import io

import pytest

from moothall_models.store.progress import Silent, TextProgress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_each_tenth() -> None:
    stream = io.StringIO()
    progress = TextProgress(stream)
    progress.begin("Downloading", 200_000_000)
    for done in range(0, 210_000_000, 1_000_000):
        progress.at(done)
    progress.end()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 11
    assert lines[0] == "Downloading: 0.0 MB of 200.0 MB, 0 %"
    assert lines[-1] == "Downloading: 200.0 MB of 200.0 MB, 100 %"


def test_a_terminal_gets_one_line_that_is_drawn_again() -> None:
    stream = Terminal()
    progress = TextProgress(stream)
    progress.begin("Downloading", 100)
    progress.at(50)
    progress.at(50)
    progress.end()
    drawn = stream.getvalue()
    assert drawn.count("\r") == 2
    assert "[##############..............] 0.0 MB of 0.0 MB, 50 %" in drawn
    assert drawn.endswith("\n")
    assert drawn.isascii()


def test_nothing_to_do_is_all_done() -> None:
    stream = io.StringIO()
    progress = TextProgress(stream)
    progress.begin("Checking", 0)
    progress.say("Done.")
    assert stream.getvalue() == "Checking: 0.0 MB of 0.0 MB, 0 %\nDone.\n"


def test_silence_is_possible(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Silent()
    progress.begin("Checking", 1)
    progress.at(1)
    progress.say("Done.")
    progress.end()
    assert capsys.readouterr() == ("", "")
