"""`moothall engine`: reads the arguments, loads a model, and runs the engine until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol, get_args

import msgspec
import numpy as np

from moothall.core.kernel.errors import ConfigurationError, MoothallError
from moothall.testing.scripted import Script, read_script
from moothall.wire.engine import ComputeType, Device, workers_for
from moothall_models.engine.clock import EngineClock
from moothall_models.engine.dialling import first_of
from moothall_models.engine.engine import Engine, EngineSettings
from moothall_models.engine.own_process import (
    EXIT_FAILED,
    EXIT_WRONG,
    TOKEN_VARIABLE,
    begin,
    limit_memory,
    own_life,
    own_parser,
    own_token,
    secret,
    until_terminated,
)
from moothall_models.engine.pass_traces import pass_traces
from moothall_models.engine.progress import EngineProgress
from moothall_models.engine.pulse_thread import send_pulses
from moothall_models.manifest import Task
from moothall_models.ports import VAD_FRAME, Recognizer, Samples, VoiceActivity, VoiceEncoder
from moothall_models.recognizers.chinese import load_scripts
from moothall_models.recognizers.endpoint import SCHEME, Endpoint, read_address
from moothall_models.recognizers.transducers.kinds import ModelKind, kind_of
from moothall_models.store import ModelStatus, ModelStore, ModelUnavailable, open_store

logger = logging.getLogger(__name__)

KEY_VARIABLE = "MOOTHALL_RECOGNISER_KEY"
SCRIPTED = "scripted:"
NO_VOICES = "none"
NO_MEMORY = "The engine has no memory left, and ends: give it more, fewer workers, or a smaller model.\n"
CPU, CUDA, AUTO = "cpu", "cuda", "auto"
DEVICES: tuple[str, ...] = get_args(Device)
COMPUTE_TYPES: tuple[str, ...] = get_args(ComputeType)
PREFERRED = {CPU: ("int8", "float32"), CUDA: ("float16", "int8", "float32")}
"""Compute types for `auto` by device: the first that the device supports is used."""


def main(argv: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Run the engine; `argv` are the arguments after `moothall engine`.

    Returns the exit code: 0 it was stopped, 1 it could not continue, 2 wrong arguments.
    """
    asked = _parser().parse_args(argv)
    begin(asked)
    limit_memory(asked.memory_mb)
    try:
        workers = asked.workers or workers_for(os.cpu_count() or 1, asked.threads)
        settings = EngineSettings(
            url=asked.url,
            token=own_token(asked.token_file, environment),
            name=asked.name,
            channels=asked.channels,
            workers=workers,
            errors=known_errors(asked.model, asked.model_dir),
        )
        computing = Computing(
            threads=asked.threads, workers=workers, device=asked.device, compute_type=asked.compute_type
        )
        progress = EngineProgress(own_life(environment), time.perf_counter)
        send_pulses(settings.url, settings.token, progress, seconds=time.perf_counter)
        recognizer, voice = _loaded(asked, computing, environment)
        with pass_traces(asked.trace_endpoint, asked.trace_percent) as trace:
            engine = Engine(
                settings,
                recognizer,
                voice,
                EngineClock(),
                random.SystemRandom().random,
                progress=progress,
                encoder=load_encoder(asked.voices, asked.model),
                scripts=load_scripts(),
                trace=trace,
            )
            asyncio.run(until_terminated(engine.run))
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_WRONG
    except MoothallError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_FAILED
    except KeyboardInterrupt:
        return 0
    except MemoryError:
        sys.stderr.write(NO_MEMORY)
        return EXIT_FAILED
    except ExceptionGroup as failed:
        # An error in a pass ends the link's task group, which raises it in a group.
        known, other = failed.split((MoothallError, MemoryError))
        if known is None or other is not None:
            raise
        first = first_of(known)
        sys.stderr.write(NO_MEMORY if isinstance(first, MemoryError) else f"{first}\n")
        return EXIT_FAILED
    return 0


def _loaded(
    asked: argparse.Namespace, computing: Computing, environment: Mapping[str, str]
) -> tuple[Recognizer, Callable[[], VoiceActivity]]:
    """Load the model that the arguments name. Raises as `load_model`, and ModelUnavailable for an unreadable file."""
    try:
        return load_model(asked.model, asked.model_dir, computing, lambda: _key(asked, environment))
    except OSError as error:
        unread = "a file of it" if error.filename is None else error.filename
        reason = error.strerror or type(error).__name__
        msg = f"The model {asked.model} can't be loaded, since {unread} can't be read: {reason}."
        raise ModelUnavailable(msg) from error
    except RuntimeError as error:  # CTranslate2 raises it for a file that it can't open, or that isn't a model.
        msg = f"The model {asked.model} can't be loaded: {str(error).rstrip('.')}."
        raise ModelUnavailable(msg) from error


def known_errors(name: str, folder: Path | None) -> Mapping[str, float]:
    """What the manifest says of the errors of a model of the store, by language; nothing of a model in `folder`, of a
    service, or where the manifest can't be read.
    """
    if folder is None and not name.startswith((SCRIPTED, SCHEME)):
        with suppress(ConfigurationError):  # It is said when the model is loaded.
            return open_store().manifest.model(name).errors
    return {}


class Computing(msgspec.Struct, frozen=True, kw_only=True):
    """The hardware and parameters with which a model on this machine computes."""

    threads: int = 1
    """CPU threads of one pass."""
    workers: int = 1
    """Threads that may call the recogniser at a time."""
    device: str = CPU
    """One of DEVICES."""
    compute_type: str = AUTO
    """One of COMPUTE_TYPES."""


def load_model(
    name: str, folder: Path | None, computing: Computing, key: Callable[[], str] = str
) -> tuple[Recognizer, Callable[[], VoiceActivity]]:
    """Load a recogniser; also returns a function that makes the voice activity detector of a channel.

    `name` is a model of the store, or the name of the model in `folder` if that is given, or `scripted:FILE.json`, or
    `openai:NAME@URL`. `key` returns the key for such a service, and is called again when the service refuses it. Raises
    ConfigurationError, and ModelMissing for a model that the store doesn't have.
    """
    if name.startswith(SCRIPTED):
        from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity

        return ScriptedRecognizer(_script(Path(name.removeprefix(SCRIPTED)))), ScriptedVoiceActivity
    recognizer = at_endpoint(name, key) if name.startswith(SCHEME) else _of_this_machine(name, folder, computing)
    from moothall_models.recognizers.silero import SileroNetwork, SileroVoiceActivity

    network = SileroNetwork()
    SileroVoiceActivity(network).probabilities(_silence())
    return recognizer, lambda: SileroVoiceActivity(network)


def _script(path: Path) -> Script:
    try:
        return read_script(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"The script {path} can't be read: {error.strerror}.") from error


def load_encoder(name: str | None, model: str = "", *, store: ModelStore | None = None) -> VoiceEncoder | None:
    """Load the voice encoder `name` of a store, by default this machine's; without a name the default one, if it is
    fetched.

    None for the name `none`, and where there is none. For the recogniser `model` of a script its own encoder is loaded.
    Raises ConfigurationError, and ModelMissing for a model that the store doesn't have.
    """
    if name == NO_VOICES:
        return None
    if model.startswith(SCRIPTED):
        from moothall_models.recognizers.scripted import ScriptedVoiceEncoder

        return ScriptedVoiceEncoder(_script(Path(model.removeprefix(SCRIPTED))))
    store = open_store() if store is None else store
    if name is None:
        name = store.manifest.defaults.get(Task.VOICES)
        if name is None or store.status_of(store.manifest.model(name)) is not ModelStatus.HERE:
            return None
    from moothall_models.recognizers.voices.campplus import CampPlusEncoder

    return CampPlusEncoder(store.path(name))


def at_endpoint(name: str, key: Callable[[], str], *, whole: bool = False) -> Recognizer:
    """Make the recogniser for the service of that name. Raises ConfigurationError.

    `whole`: sound without an answer is an error, and is never skipped.
    """
    from moothall_models.recognizers.endpoint_recognizer import MOST_UNHEARD, EndpointRecognizer

    address = read_address(name)
    endpoint = Endpoint(address, key, seconds=time.perf_counter, pause=time.sleep)
    return EndpointRecognizer(address, endpoint, most_unheard=0 if whole else MOST_UNHEARD)


def _of_this_machine(name: str, folder: Path | None, computing: Computing) -> Recognizer:
    """Load a model of the store, or the one in `folder`, with what runs its kind. Raises ConfigurationError."""
    trained: tuple[str, ...] = ()
    path = folder
    if path is None:
        store = open_store()
        path, trained = store.path(name), store.manifest.model(name).languages
    match kind_of(path):
        case ModelKind.WHISPER:
            return _whisper(name, path, trained, computing)
        case ModelKind.STREAMING:
            from moothall_models.recognizers.transducers.sherpa import SherpaRecognizer

            _on_processor(name, computing)
            return SherpaRecognizer(path, model=name, trained=trained, threads=computing.threads)
        case ModelKind.WINDOWED:
            from moothall_models.recognizers.transducers.onnx_windows import OnnxWindows

            _on_processor(name, computing)
            return OnnxWindows(path, model=name, trained=trained, threads=computing.threads)
        case None:
            msg = f"There is no model in {path} that can be run: `moothall models fetch {name}` gets one of the list."
            raise ConfigurationError(msg)


def _on_processor(name: str, computing: Computing) -> None:
    """Raise ConfigurationError where a graphics card is asked for, for a model that runs on the processor only."""
    if computing.device == CUDA or computing.compute_type != AUTO:
        msg = (
            f"The model {name} runs on the processor, with the numbers that its files have. Set the engine's device to "
            f"cpu or auto and its compute type to auto."
        )
        raise ConfigurationError(msg)


def _whisper(name: str, path: Path, trained: tuple[str, ...], computing: Computing) -> Recognizer:
    import ctranslate2

    from moothall_models.recognizers.whisper.drafting_whisper import DraftingWhisper
    from moothall_models.recognizers.whisper.whisper import WhisperRecognizer

    device, compute_type = choose_device(computing.device, computing.compute_type, ctranslate2)

    def load(kind: Callable[..., WhisperRecognizer], **more: str) -> WhisperRecognizer:
        return kind(
            path,
            model=name,
            threads=computing.threads,
            workers=computing.workers,
            compute_type=compute_type,
            trained=trained,
            **more,
        )

    if device != CUDA:
        try:
            return load(DraftingWhisper)
        except (ValueError, OSError) as error:
            logger.warning("%s is decoded one token at a time, which takes longer: %s", name, error)
            return load(WhisperRecognizer)
    try:
        recognizer = load(WhisperRecognizer, device=device)
        recognizer.warm_up()  # NVIDIA's libraries are loaded only at the first computation.
    except RuntimeError as error:
        msg = (
            f"The model {name} can't run on the graphics card: {error}. Install cuBLAS and cuDNN in the versions that "
            f"this CTranslate2 needs, take a smaller model or compute type, or set the engine's device to cpu."
        )
        raise ConfigurationError(msg) from None
    return recognizer


def _parser() -> argparse.ArgumentParser:
    parser = own_parser(
        "engine",
        "Recognise the speech of a Moothall server's sessions.",
        f"The token comes from the variable {TOKEN_VARIABLE} or from --token-file, a service's key from "
        f"{KEY_VARIABLE} or --key-file; never from the arguments.",
    )
    parser.add_argument(
        "--model", default="whisper-base", help="a model of `moothall models list`, or openai:NAME@https://HOST/v1"
    )
    parser.add_argument("--model-dir", type=Path, metavar="FOLDER", help="where the model lies, instead of the store")
    parser.add_argument("--device", choices=DEVICES, default=CPU, help="where a model of this machine computes")
    parser.add_argument("--compute-type", choices=COMPUTE_TYPES, default=AUTO, help="and with which numbers")
    parser.add_argument("--threads", type=int, default=1, help="cores that one pass may use")
    parser.add_argument(
        "--workers",
        type=int,
        default=0,
        help="each with a pass at a time, or some together; 0: as many as there are cores, up to 4",
    )
    parser.add_argument("--channels", type=int, help="live channels to take on at most; else as many as it can carry")
    parser.add_argument(
        "--voices", metavar="NAME", help="what tells voices apart, or none; else the default, if it is fetched"
    )
    parser.add_argument("--trace-endpoint", default="", metavar="URL", help="a collector that takes OTLP over HTTP")
    parser.add_argument("--trace-percent", type=int, default=100, help="of how many passes in a hundred")
    parser.add_argument("--memory-mb", type=int, default=0, help="memory that it may take (Linux); 0: what there is")
    return parser


def _key(asked: argparse.Namespace, environment: Mapping[str, str]) -> str:
    """The service's key; empty when neither the variable nor a file is given. Raises ConfigurationError."""
    return secret(asked.key_file, "key", environment.get(KEY_VARIABLE, ""))


def _silence() -> Samples:
    return np.zeros(VAD_FRAME, dtype=np.float32)


class Machine(Protocol):
    """The queries about the hardware that `choose_device` needs; the module `ctranslate2` has them."""

    def get_cuda_device_count(self) -> int:
        """Number of usable NVIDIA GPUs; 0 also when NVIDIA's driver is missing or too old."""
        ...

    def get_supported_compute_types(self, device: str) -> set[str]:
        """The compute types that a device supports."""
        ...


def choose_device(device: str, compute_type: str, machine: Machine) -> tuple[str, str]:
    """The device, `cpu` or `cuda`, and the compute type to use; resolves `auto` for both.

    Raises ConfigurationError when the machine doesn't support them.
    """
    has_cuda = machine.get_cuda_device_count() > 0
    if device == CUDA and not has_cuda:
        msg = (
            "No graphics card can be used here: NVIDIA's driver is missing or older than this CTranslate2 needs. "
            "Install it, or set the engine's device to cpu or auto."
        )
        raise ConfigurationError(msg)
    chosen = (CUDA if has_cuda else CPU) if device == AUTO else device
    known = machine.get_supported_compute_types(chosen)
    wanted = PREFERRED[chosen] if compute_type == AUTO else (compute_type,)
    for kind in wanted:
        if kind in known:
            return chosen, kind
    msg = (
        f"This machine can't compute with {' or '.join(wanted)} on {chosen}; it knows {', '.join(sorted(known))}. "
        f"Set the engine's compute type to one of these or to auto."
    )
    raise ConfigurationError(msg)
