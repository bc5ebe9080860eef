#!/usr/bin/env python3
"""Make the sample session: speech with an exact reference, from the text in sample_script.toml.

    python make_sample.py --model KOKORO.onnx --voices FOLDER [--out config/sample]

Run by hand when the text changes; nothing in the build, the tests or the demo calls it. tools/README.md says what it
needs and where that comes from. It writes `session.opus` and `session.jsonl`.

The times in the reference are not recognised but known. A line's start and end are where its audible samples were
put. Word times come from the synthesiser's own durations: its network first decides how many 25 ms frames each
phoneme gets, then renders just that, and here those counts are made an output of the network.
"""

from __future__ import annotations

import argparse
import json
import logging
import tomllib
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import onnx
import onnxruntime
from kokoro_onnx.tokenizer import Tokenizer
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATE = 24_000
"""The sample rate of the network's output, in Hz."""
OUT_RATE = 48_000
DURATIONS = "/encoder/Clip_output_0"
"""The tensor inside the network that holds the frames of each phoneme (after rounding and the minimum of one)."""
FRAME = RATE // 100
"""Samples in 10 ms, the step in which levels are measured."""
AUDIBLE = 10 ** (-40 / 20)
"""A frame is audible if its level is at most 40 dB below the line's loudest."""
NOISE_DBFS = -62.0
"""RMS level of the room noise: below speech by nearly 40 dB, above digital silence."""
PAUSE = RATE * 15 // 100
"""Samples of silence that are longer than any silence inside a word (150 ms)."""
SEED = 20261124

log = logging.getLogger("make_sample")


class Line(NamedTuple):
    """One synthesised utterance: its samples at RATE and [word, start, end] in seconds from its first sample."""

    samples: Samples
    words: list[tuple[str, float, float]]


def with_durations(path: Path) -> onnxruntime.InferenceSession:
    """Open the network with its phoneme durations as a second output."""
    model = onnx.load(str(path))
    if not any(DURATIONS in node.output for node in model.graph.node):
        raise SystemExit(f"{path} has no tensor named {DURATIONS}: this needs the export kokoro-v1.0.int8.onnx.")
    model.graph.output.append(onnx.ValueInfoProto(name=DURATIONS))
    onnxruntime.set_seed(SEED)
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def word_positions(spoken: str, alone: list[str]) -> list[int]:
    """Return where each word begins in the phonemes of the whole line, by minimum edit alignment.

    `spoken` is the line's phonemes, `alone` the phonemes of each word by itself. The two differ: in running speech
    words are weakened, and some are written together ("of the" has no space in it).
    """
    flat = " ".join(alone)
    n, m = len(flat), len(spoken)
    differs = np.array([[0 if a == b else 2 for b in spoken] for a in flat], dtype=np.int32)
    cost = np.zeros((n + 1, m + 1), dtype=np.int32)
    cost[:, 0], cost[0, :] = np.arange(n + 1), np.arange(m + 1)
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            change = cost[i - 1, j - 1] + differs[i - 1, j - 1]
            cost[i, j] = min(change, cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    at = [0] * (n + 1)
    i, j = n, m
    while i and j:
        if cost[i, j] == cost[i - 1, j - 1] + differs[i - 1, j - 1]:
            i, j = i - 1, j - 1
            at[i] = j
        elif cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
            at[i] = j
        else:
            j -= 1
    return [at[start] for start in accumulate((len(word) + 1 for word in alone[:-1]), initial=0)]


def speak(
    network: onnxruntime.InferenceSession, tokenizer: Tokenizer, style: Samples, accent: str, speed: float, text: str
) -> Line:
    """Synthesise one line and time its words."""
    spoken = tokenizer.known(tokenizer.phonemize(text, accent))
    tokens = tokenizer.tokenize(spoken)
    rendered, frames = network.run(
        ["audio", DURATIONS],
        {
            "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
            "style": style[min(len(tokens), len(style)) - 1].reshape(1, 256),
            "speed": np.array([speed], dtype=np.float32),
        },
    )
    audio = np.asarray(rendered, dtype=np.float32).ravel()
    edges = np.concatenate([[0.0], np.cumsum(np.asarray(frames, dtype=np.float64).ravel())])
    edges *= len(audio) / edges[-1]  # edges[k + 1] is where phoneme k begins; the first token is padding

    heard = audible(audio)
    first, last = int(heard[0]), int(heard[-1]) + FRAME
    texts = text.split()
    begins = word_positions(spoken, [tokenizer.known(tokenizer.phonemize(word, accent)) for word in texts])
    starts = [float(first), *(float(edges[k + 1]) for k in begins[1:]), float(last)]
    words = []
    for word, start, following in zip(texts, starts, starts[1:], strict=False):
        # Words in running speech touch. The network counts a pause as part of the sounds around it; so before a pause
        # the word ends where it falls silent.
        inside = heard[(heard >= start) & (heard < following)]
        pauses = np.flatnonzero(np.diff([*inside, following]) > PAUSE)
        end = float(inside[pauses[0]]) + FRAME if len(pauses) else following
        words.append((word, (start - first) / RATE, (end - first) / RATE))
    return Line(audio[first:last], words)


def audible(audio: Samples) -> NDArray[np.int64]:
    """Return the first sample of each audible frame."""
    levels = np.sqrt(np.mean(audio[: len(audio) // FRAME * FRAME].reshape(-1, FRAME) ** 2, axis=1))
    return np.flatnonzero(levels > AUDIBLE * levels.max()) * FRAME


def levelled(audio: Samples, dbfs: float) -> Samples:
    """Return the line with its root mean square at `dbfs`, its edges faded over 4 ms."""
    out: Samples = audio * np.float32(10 ** (dbfs / 20) / np.sqrt(np.mean(audio**2)))
    peak = float(np.abs(out).max())
    if peak > 0.89:
        out *= 0.89 / peak
    fade = np.linspace(0.0, 1.0, RATE // 250, dtype=np.float32)
    out[: len(fade)] *= fade
    out[-len(fade) :] *= fade[::-1]
    return out


def room_noise(count: int) -> Samples:
    """Return `count` samples of seeded noise that falls by 3 dB an octave above 100 Hz, at NOISE_DBFS."""
    white = np.random.default_rng(SEED).standard_normal(count)
    spectrum = np.fft.rfft(white)
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(hertz, 100.0)), count)
    level = 10 ** (NOISE_DBFS / 20) / np.sqrt(np.mean(noise**2))
    return np.asarray(noise * level, dtype=np.float32)


def assemble(script: dict[str, Any], network: onnxruntime.InferenceSession, voices: Path) -> tuple[Samples, list[Any]]:
    """Put all lines on one time line; returns the samples of the session and its reference."""
    tokenizer = Tokenizer()
    styles = {
        who: np.fromfile(voices / f"{voice['voice']}.bin", dtype=np.float32).reshape(-1, 256)
        for who, voice in script["voices"].items()
    }
    pieces: list[tuple[int, Samples]] = []
    reference: list[Any] = []
    at = round(script["lead_in"] * RATE)
    for turn in script["turns"]:
        who = turn["speaker"]
        voice = script["voices"][who]
        at += round(turn["pause"] * RATE)
        for number, entry in enumerate(turn["lines"]):
            text = entry if isinstance(entry, str) else entry["text"]
            if number:
                at += round((script["line_pause"] if isinstance(entry, str) else entry["pause"]) * RATE)
            line = speak(network, tokenizer, styles[who], voice["accent"], voice["speed"], text)
            pieces.append((at, levelled(line.samples, voice["level"])))
            start, end = at / RATE, (at + len(line.samples)) / RATE
            reference.append(
                {
                    "start": round(start, 3),
                    "end": round(end, 3),
                    "speaker": who,
                    "lang": script["language"],
                    "text": text,
                    "words": [[word, round(start + a, 3), round(start + b, 3)] for word, a, b in line.words],
                }
            )
            log.info("%7.2f - %7.2f  %-9s  %d words", start, end, who, len(line.words))
            at += len(line.samples)
    total = at + round(script["lead_out"] * RATE)
    mixed = room_noise(total)
    for begin, samples in pieces:
        mixed[begin : begin + len(samples)] += samples
    return mixed, reference


def write_opus(path: Path, samples: Samples, title: str) -> None:
    """Encode mono Opus in Ogg at OUT_RATE, about 32 kbit/s."""
    with av.open(str(path), "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        container.metadata.update(
            {"title": title, "copyright": "CC0-1.0", "comment": "Synthetic speech; people and figures are invented."}
        )
        stream = container.add_stream("libopus", rate=OUT_RATE, layout="mono")
        stream.bit_rate = 32_000
        stream.options = {"application": "audio", "vbr": "on"}
        resampler = av.AudioResampler(format="s16", layout="mono", rate=OUT_RATE)
        pcm = (np.clip(samples, -1.0, 1.0) * 32767.0).round().astype(np.int16)
        block = RATE  # one second at a time
        for begin in range(0, len(pcm), block):
            frame = av.AudioFrame.from_ndarray(pcm[begin : begin + block].reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, begin, Fraction(1, RATE)
            for ready in resampler.resample(frame):
                container.mux(stream.encode(ready))
        for ready in resampler.resample(None):
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))


def main() -> None:
    """Read the script, speak it, write the two files."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--model", type=Path, required=True, help="kokoro-v1.0.int8.onnx")
    parser.add_argument("--voices", type=Path, required=True, help="folder with bf_emma.bin and the other voices")
    parser.add_argument("--script", type=Path, default=here / "sample_script.toml")
    parser.add_argument("--out", type=Path, default=here.parent / "config" / "sample")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    script = tomllib.loads(args.script.read_text(encoding="utf-8"))
    samples, reference = assemble(script, with_durations(args.model), args.voices)
    args.out.mkdir(parents=True, exist_ok=True)
    write_opus(args.out / "session.opus", samples, script["title"])
    lines = [json.dumps(entry, ensure_ascii=False) for entry in reference]
    (args.out / "session.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    words = sum(len(entry["words"]) for entry in reference)
    size = (args.out / "session.opus").stat().st_size
    log.info("%.1f s, %d lines, %d words, %d bytes of Opus", len(samples) / RATE, len(reference), words, size)


if __name__ == "__main__":
    main()
