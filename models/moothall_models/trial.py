"""Tries the models of this machine: `python -m moothall_models.trial`, for `moothall doctor`.

It reads one `TrialOrder` (`moothall.wire.trial`) from standard input and writes one `TrialResult` to standard output:
the engine's model is loaded and hears ten seconds of noise, and each translator translates a sentence in each
direction. It is a process of its own, so that a crash of a model affects nothing else.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from moothall.core.kernel.errors import MoothallError
from moothall.wire.trial import ModelTrial, TranslatorTrial, TrialOrder, TrialResult
from moothall_models.cli import KEY_VARIABLE, SCRIPTED, Computing, load_model
from moothall_models.engine.own_process import secret
from moothall_models.ports import RATE, Recognizer, Window
from moothall_models.store.translators import find_translators
from moothall_models.translators.port import Translator

SOUND_S = 10
FAULTS = (MoothallError, ValueError, RuntimeError, OSError, ImportError, MemoryError)
"""The exceptions that models and their libraries raise."""


LoadModel = Callable[[str, Path | None, Computing, Callable[[], str]], tuple[Recognizer, object]]


def try_model(order: TrialOrder, seconds: Callable[[], float], load: LoadModel = load_model) -> ModelTrial:
    """Load the model and run a pass over noise: it finds no words, but takes as long as any pass."""
    computing = Computing(threads=order.threads, device=order.device, compute_type=order.compute_type)
    began = seconds()
    key_file = Path(order.key_file) if order.key_file else None
    try:
        recognizer, _ = load(
            order.model, None, computing, lambda: secret(key_file, "key", os.environ.get(KEY_VARIABLE, ""))
        )
        loaded = seconds()
        noise = np.random.default_rng(1).normal(0.0, 0.05, SOUND_S * RATE).astype(np.float32)
        recognizer.recognise(Window(audio=noise, languages=recognizer.languages[:1] or ("en",)))
    except FAULTS as error:
        return ModelTrial(model=order.model, trouble=_sentence(error))
    return ModelTrial(
        model=order.model,
        load_ms=round(1000 * (loaded - began)),
        sound_ms=1000 * SOUND_S,
        pass_ms=round(1000 * (seconds() - loaded)),
    )


def try_translators(
    names: Sequence[str], find: Callable[[Sequence[str]], Sequence[Translator]] = find_translators
) -> tuple[TranslatorTrial, ...]:
    """Try the translators of these names, one after the other."""
    return tuple(_try_translator(name, find) for name in names)


def _try_translator(name: str, find: Callable[[Sequence[str]], Sequence[Translator]]) -> TranslatorTrial:
    try:
        (translator,) = find((name,))
    except FAULTS as error:
        return TranslatorTrial(name=name, trouble=_sentence(error))
    directions = tuple(f"{each.source}>{each.target}" for each in translator.directions)
    try:
        translator.check()
    except FAULTS as error:
        return TranslatorTrial(name=name, directions=directions, trouble=_sentence(error))
    finally:
        translator.close()
    return TranslatorTrial(name=name, directions=directions, missing=translator.missing or "")


def _sentence(error: BaseException) -> str:
    return str(error) if isinstance(error, MoothallError) else f"It can't be loaded: {type(error).__name__}: {error}"


def main(source: BinaryIO, answer: BinaryIO) -> int:
    """Carry out one order; returns the exit status."""
    order = msgspec.json.decode(source.read(), type=TrialOrder)
    heard = try_model(order, time.perf_counter) if order.model and not order.model.startswith(SCRIPTED) else None
    answer.write(msgspec.json.encode(TrialResult(model=heard, translators=try_translators(order.translators))) + b"\n")
    answer.flush()
    return 0


if __name__ == "__main__":
    ended = main(sys.stdin.buffer, sys.stdout.buffer)
    sys.stdout.flush()
    # Exit at once: a call that hangs in a thread would keep the process alive forever.
    os._exit(ended)
