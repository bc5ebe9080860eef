"""`moothall transcribe` run to its end, stopped, killed and run again."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from moothall.cli.main import main
from moothall.testing.scripted import Script, make_script, render, write_script
from support.halls.process import write_wave


class Bench:
    """A recording, and a recogniser that takes `burn_ms` for each pass."""

    def __init__(self, folder: Path, words: int, burn_ms: int) -> None:
        self.folder = folder
        self.script: Script = make_script(5, words, pause_ms=2_400, burn_ms=burn_ms)
        self.talk = folder / "talk.wav"
        self.journal = folder / "talk.wav.transcribing"
        self.text = folder / "talk.txt"
        write_wave(self.talk, render(self.script))
        (folder / "script.json").write_bytes(write_script(self.script))

    @property
    def options(self) -> list[str]:
        return ["--model", f"scripted:{self.folder / 'script.json'}", "--format", "txt,json", "--threads", "1"]

    def run(self, *options: str) -> int:
        return main(["transcribe", str(self.talk), *self.options, *options])

    async def start(self) -> asyncio.subprocess.Process:
        """The command as a process of its own."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "moothall", "transcribe", str(self.talk), *self.options),
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONWARNINGS": ""},
        )

    async def started(self) -> asyncio.subprocess.Process:
        """The same, once it has said how far it is, well before its end."""
        process = await self.start()
        assert process.stderr is not None
        line = await process.stderr.readline()
        assert int(line.split(b" %")[0].rpartition(b" ")[2]) < 70, line
        return process

    def said(self) -> list[str]:
        document = json.loads((self.folder / "talk.json").read_text(encoding="utf-8"))
        return [word for line in document["lines"] for word in line["text"].split()]

    def kept(self) -> int:
        return self.journal.read_bytes().count(b'"is":"heard"')


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, 60, 0)


@pytest.fixture
def long_bench(tmp_path: Path) -> Bench:
    """Some thirty sentences that take long enough to be stopped among them."""
    return Bench(tmp_path, 260, 45)


def test_all_words_come_and_nothing_but_the_texts_stays(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run() == 0
    assert bench.said() == [word.text.strip() for word in bench.script.words]
    assert {path.name for path in bench.folder.iterdir()} == {"script.json", "talk.wav", "talk.txt", "talk.json"}
    errors = capsys.readouterr().err
    assert "100 %" in errors
    assert "times real time" in errors


def test_given_again_it_leaves_the_texts_alone_unless_told(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (bench.text, bench.folder / "talk.json"):
        path.write_text("mended by hand", encoding="utf-8")
    assert bench.run() == 0
    assert "is there already" in capsys.readouterr().err
    assert bench.text.read_text(encoding="utf-8") == "mended by hand"
    assert bench.run("--again", "--out", str(bench.folder / "new" / "folder")) == 0
    assert bench.text.read_text(encoding="utf-8") == "mended by hand"
    assert (bench.folder / "new" / "folder" / "talk.txt").stat().st_size > 300


def test_another_format_leaves_the_text_that_is_there(bench: Bench) -> None:
    bench.text.write_text("mended by hand", encoding="utf-8")
    assert bench.run() == 0
    assert bench.text.read_text(encoding="utf-8") == "mended by hand"
    assert (bench.folder / "talk.json").stat().st_size > 300


# The test below kills it as well.
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGKILL, -9, marks=pytest.mark.slow)]
)
async def test_stopped_in_the_middle_it_goes_on_where_it_was(
    long_bench: Bench, number: signal.Signals, code: int
) -> None:
    process = await long_bench.started()
    process.send_signal(number)
    assert process.stderr is not None
    said = await process.stderr.read()
    assert await process.wait() == code
    assert (b"goes on from here" in said) == (number is signal.SIGINT)
    assert not long_bench.text.exists()
    assert long_bench.kept() >= 1
    process = await long_bench.start()
    said = await process.stderr.read() if process.stderr is not None else b""
    assert await process.wait() == 0
    assert b"goes on from" in said
    assert long_bench.said() == [word.text.strip() for word in long_bench.script.words]
    assert not long_bench.journal.exists()


async def test_what_was_heard_is_not_heard_again(long_bench: Bench) -> None:
    process = await long_bench.started()
    process.kill()
    await process.wait()
    # The words of what was heard are the journal's: one of them is changed there, and comes out so.
    lines = long_bench.journal.read_bytes().splitlines(keepends=True)
    assert b'"W0"' in lines[1] or b'" W0"' in lines[1]
    lines[1] = lines[1].replace(b"W0", b"Kept")
    long_bench.journal.write_bytes(b"".join(lines))
    assert await asyncio.to_thread(long_bench.run) == 0
    assert long_bench.said() == ["Kept", *(word.text.strip() for word in long_bench.script.words[1:])]


def encoded(path: Path, pcm: bytes, codec: str) -> None:
    """Sound of 16 kHz as a stereo file of 44.1 kHz."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=44_100, layout="stereo")
        assert isinstance(stream, av.AudioStream)
        mono = av.AudioFrame.from_ndarray(np.frombuffer(pcm, dtype="<i2").reshape(1, -1), format="s16", layout="mono")
        mono.sample_rate = 16_000
        size = stream.codec_context.frame_size or 1_152
        resampler = av.AudioResampler(stream.format.name, "stereo", 44_100, frame_size=size)
        for frame in (*resampler.resample(mono), *resampler.resample(None)):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


async def test_a_folder_of_odd_files_ends_in_a_clear_line_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "week", tmp_path / "texts"
    folder.mkdir()
    script = make_script(5, 20)
    (tmp_path / "script.json").write_bytes(write_script(script))
    talk, quiet = render(script), bytes(2 * 16_000 * 3)
    write_wave(folder / "a talk.wav", talk)
    encoded(folder / "b.mp3", quiet, "mp3")
    encoded(folder / "c.flac", quiet, "flac")
    (folder / "cut.wav").write_bytes((folder / "a talk.wav").read_bytes()[:200_000])
    (folder / "empty.wav").touch()
    write_wave(folder / "none.wav", b"")
    write_wave(folder / "silent.wav", quiet)
    (folder / "torn.mp3").write_bytes(bytes(range(256)) * 40)
    write_wave(folder / "b.wav", talk)
    (folder / ".hidden.wav").touch()
    (folder / "c.vtt").write_text("an earlier text")
    (folder / "more").mkdir()
    options = [
        "--model",
        f"scripted:{tmp_path / 'script.json'}",
        "--format",
        "txt",
        "--threads",
        "1",
        "--out",
        str(out),
    ]
    assert await asyncio.to_thread(main, ["transcribe", str(folder), *options]) == 1
    said = [line for line in capsys.readouterr().err.splitlines() if "× real time" not in line]
    expected = [
        "b.mp3 and .*b.wav would both become .*b.txt: the second is left out.",
        "a talk.txt: [1-9].* lines of 0:.* times real time.$",
        "b.txt: 0 lines of 0:03, .* Nobody",
        "c.txt: 0 lines of 0:03, .* Nobody",
        "cut.txt: [1-9].* lines",
        "cut.wav ends at 0:00:06, before its own end: it was cut off.",
        "empty.wav is empty. Copy or record it again.",
        "none.wav can't be played: no audio was found in it",
        "silent.txt: 0 lines of 0:03, .* Nobody is heard to speak in it.",
        "torn.mp3 can't be played: no audio was found in it",
        "Texts made: 5. There already: 0. Not made: 4.",
    ]
    assert [re.search(pattern, line) is not None for pattern, line in zip(expected, said, strict=True)] == [
        True
    ] * 11, said
    assert {path.name for path in out.iterdir()} == {f"{name}.txt" for name in ("a talk", "b", "c", "cut", "silent")}
    assert await asyncio.to_thread(main, ["transcribe", str(folder), *options]) == 1
    assert capsys.readouterr().err.endswith("Texts made: 0. There already: 5. Not made: 4.\n")


def test_a_folder_without_recordings_is_said(tmp_path: Path, bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "none").mkdir()
    assert main(["transcribe", str(tmp_path / "none"), *bench.options]) == 1
    assert "holds no recordings" in capsys.readouterr().err


def test_one_bad_file_does_not_keep_the_others(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bad = bench.folder / "bad.wav"
    bad.write_bytes(b"no sound at all")
    assert main(["transcribe", str(bad), str(bench.talk), *bench.options]) == 1
    assert "bad.wav can't be played" in capsys.readouterr().err
    assert bench.text.exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--format", "doc"], "names no format"),
        (["--language", ","], "names no languages"),
        (["--beam", "0"], "--beam takes 1 to 10"),
        (["--model", "no-such-model"], "There is no model 'no-such-model'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_made(
    bench: Bench, capsys: pytest.CaptureFixture[str], options: list[str], sentence: str
) -> None:
    assert bench.run(*options) == 1
    assert sentence in capsys.readouterr().err
    assert not bench.journal.exists()


def test_of_two_recordings_of_one_name_the_first_is_done(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    other = bench.folder / "b" / "talk.flac"
    assert main(["transcribe", str(bench.talk), str(other), "--out", str(bench.folder), *bench.options]) == 1
    assert "would both become" in capsys.readouterr().err


def test_a_recogniser_that_breaks_down_is_said_and_goes_on(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    (bench.folder / "script.json").write_bytes(b"{}")
    assert bench.run() == 1
    assert "The script can't be read" in capsys.readouterr().err
    (bench.folder / "script.json").write_bytes(write_script(bench.script))
    assert bench.run() == 0
    assert bench.said() == [word.text.strip() for word in bench.script.words]
