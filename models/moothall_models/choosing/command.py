"""The commands `moothall models suggest` and `moothall models describe`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from moothall.core.kernel.errors import MoothallError
from moothall.core.kernel.ids import is_name
from moothall.core.kernel.languages import is_language
from moothall.wire.engine import workers_for
from moothall_models.choosing.advice import Candidate, absent, advise, said_of
from moothall_models.choosing.measuring import MEASURED_S, Hearing, Judge, MeasuringClocks, RoomsCarried, measure
from moothall_models.choosing.own_folders import describe
from moothall_models.choosing.sample import decode, find_sample
from moothall_models.cli import Computing, load_model
from moothall_models.manifest import FORMAT, Model, Task
from moothall_models.ports import Recognizer, Samples
from moothall_models.store import ModelStatus, ModelStore, open_store

FAULTS = (MoothallError, ValueError, RuntimeError, OSError, ImportError, MemoryError)
"""The exceptions that models and their libraries raise."""
BUSY = "Something else used this machine meanwhile. The rooms are counted as if it did not; ask again when it is quiet."
LoadForMeasuring = Callable[[str, int], tuple[Recognizer, Callable[[], Judge]]]
"""Loads a model of the store, by its name and the number of workers."""


def main(argv: Sequence[str]) -> int:
    """Run one of the commands; `argv` are the arguments after `moothall models`. Returns the exit status."""
    asked = parser().parse_args(argv)
    try:
        if asked.act == "describe":
            return _describe(asked, sys.stdout)
        clocks = MeasuringClocks(time.perf_counter, time.process_time)
        machine = MeasuredMachine(open_store(), clocks, _load, _sound, workers_for(os.cpu_count() or 1, 1))
        return suggest(machine, asked, sys.stdout, sys.stderr)
    except MoothallError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error.filename} can't be read: {error.strerror or type(error).__name__}.\n")
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Build the parser of both commands."""
    commands = argparse.ArgumentParser(prog="moothall models")
    acts = commands.add_subparsers(dest="act", required=True, metavar="ACT")
    suggesting = acts.add_parser(
        "suggest",
        help="measure this machine, and say which model and how many rooms it carries",
        description="Let each recogniser that is here hear speech for some seconds, and say how many rooms this "
        "machine carries with it and which to take for a language. Nothing is fetched. No meeting should be on then.",
    )
    suggesting.add_argument("name", nargs="*", metavar="NAME", help="a model; without any, all that are here")
    suggesting.add_argument(
        "--language",
        action="append",
        type=_language,
        metavar="TAG",
        help="a language of meetings, such as ar; or several",
    )
    suggesting.add_argument(
        "--rooms", type=int, default=1, metavar="N", help="how many rooms are to be heard at a time"
    )
    suggesting.add_argument("--seconds", type=float, default=MEASURED_S, metavar="S", help="how long each model hears")
    suggesting.add_argument("--file", type=Path, metavar="FILE", help="a recording of your own instead of the sample")
    describing = acts.add_parser(
        "describe",
        help="write the entry of a model of your own for a manifest.toml",
        description="Say what kind of model a folder holds, hash its files, and write its entry for a manifest.toml.",
    )
    describing.add_argument("folder", type=Path, metavar="FOLDER")
    describing.add_argument("--name", help="the model's name; without it, the folder's")
    describing.add_argument(
        "--language", action="append", type=_language, required=True, metavar="TAG", help="a language that it knows"
    )
    describing.add_argument("--licence", required=True, metavar="SPDX", help="the licence of its weights")
    describing.add_argument("--first", action="store_true", help="begin a manifest.toml, which has no entry yet")
    return commands


def _language(text: str) -> str:
    if not is_language(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no language tag such as en or pt-BR")
    return text


def _describe(asked: argparse.Namespace, out: TextIO) -> int:
    name = asked.name or asked.folder.absolute().name.lower()
    if not is_name(name):
        sys.stderr.write(f"{name!r} can't be a model's name: give one with --name, in small letters.\n")
        return 2
    entry = describe(asked.folder, name, asked.language, asked.licence)
    out.write((f"format = {FORMAT}\n" if asked.first else "") + "\n" + entry)
    return 0


@dataclass(frozen=True)
class MeasuredMachine:
    """What `suggest` needs of this machine."""

    store: ModelStore
    clocks: MeasuringClocks
    load: LoadForMeasuring
    sound: Callable[[Path | None], Samples]
    """Returns the speech that is heard, of the sample or of a recording."""
    workers: int


def suggest(machine: MeasuredMachine, asked: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Measure the models, and write what to take; returns the exit status: 1 when no model is here."""
    store = machine.store
    models = [model for model in store.manifest.models if model.task is Task.RECOGNISE]
    for name in asked.name:
        store.manifest.model(name)  # raises for a wrong name
    here = {model.name for model in models if store.status_of(model) is ModelStatus.HERE}
    wanted = [model for model in models if model.name in here and (not asked.name or model.name in asked.name)]
    if not wanted:
        out.write("No model that could be measured is here. `moothall models fetch` gets the default.\n")
        return 1
    speech = machine.sound(asked.file)
    measured: dict[str, tuple[RoomsCarried | None, str]] = {}
    for model in wanted:
        err.write(f"{model.name} hears for {asked.seconds:.0f} s …\n")
        measured[model.name] = _measured(model, speech, machine, asked.seconds)
    candidates = [_candidate(model, here, measured) for model in models]
    for each in candidates:
        if each.model.name in measured:
            out.write(f"{said_of(each, machine.workers)}\n")
    if any(carried is not None and carried.busy for carried, _ in measured.values()):
        out.write(f"{BUSY}\n")
    languages = asked.language or []
    if left := absent(candidates, languages):
        out.write(f"{left}\n")
    for language in languages or _known(wanted):
        out.write(f"{advise(candidates, language, asked.rooms)}\n")
    return 0


def _candidate(model: Model, here: set[str], measured: dict[str, tuple[RoomsCarried | None, str]]) -> Candidate:
    carried, trouble = measured.get(model.name, (None, ""))
    return Candidate(model=model, here=model.name in here, carried=carried, trouble=trouble)


def _known(models: Sequence[Model]) -> list[str]:
    """The languages of which errors are known."""
    return sorted({language for model in models for language in model.errors})


def _measured(
    model: Model, speech: Samples, machine: MeasuredMachine, longest_s: float
) -> tuple[RoomsCarried | None, str]:
    """What the machine carries with a model, or why that could not be measured."""
    language = "en" if "en" in model.languages else model.languages[0]
    try:
        recognizer, new_judge = machine.load(model.name, machine.workers)
        hearing = Hearing(recognizer, new_judge, speech, language)
        return measure(hearing, machine.clocks, workers=machine.workers, longest_s=longest_s), ""
    except FAULTS as error:
        return None, str(error) if isinstance(error, MoothallError) else f"{type(error).__name__}: {error}"


def _load(name: str, workers: int) -> tuple[Recognizer, Callable[[], Judge]]:
    recognizer, voice = load_model(name, None, Computing(workers=workers))
    return recognizer, lambda: voice().probabilities


def _sound(file: Path | None) -> Samples:
    return decode(file or find_sample())
