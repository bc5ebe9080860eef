"""The command `moothall languages list | add | fetch | remove`: languages to translate into, without naming a model.

A language has a model from English and one to English; between two others a translation goes through English.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from moothall.core.kernel.errors import ConfigurationError, MoothallError
from moothall.wire import languages as wire
from moothall_models.store.failures import UNTRIED, megabytes
from moothall_models.store.firefox_models import LICENCE, FirefoxStore, fetch_registry
from moothall_models.store.firefox_registry import FirefoxRegistry, RegistryModel
from moothall_models.store.progress import Progress, TextProgress
from moothall_models.store.where import firefox_folder, open_store
from moothall_models.translators.firefox_model import FirefoxModel, installed_models

PIVOT = "en"
BESIDE = 6_000_000
"""Bytes of a model's shortlist and vocabularies, about: the registry doesn't state them."""


def languages_command(
    argv: Sequence[str],
    *,
    folder: Path | None = None,
    tried: Callable[[FirefoxModel], None] | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """Run the command.

    Args:
        argv: the arguments after `moothall languages`.
        folder: the store's folder of these models; by default this machine's.
        tried: raises MoothallError when a model translates nothing; by default it is loaded and tried.
        out: receives the results; by default standard output.
        err: receives progress and errors; by default standard error.

    Returns:
        the exit code: 0 success, 1 the command failed. For a wrong argument argparse ends the program with code 2.
    """
    out, err = out or sys.stdout, err or sys.stderr
    asked = _parser().parse_args(argv)
    json = "json" in asked and asked.json
    try:
        folder = folder or firefox_folder(open_store().folder)
        store = FirefoxStore(folder, tried or try_model)
        match asked.act:
            case "list":
                return _offer(folder, asked, out) if json else _list(folder, asked, out)
            case "remove":
                return _remove(store, asked.language, out, err)
            case "add" if asked.source is not None:
                for model in store.take(asked.source, TextProgress(err)):
                    out.write(f"{_named(model)} is here.\n")
            case "add" if json:
                return _fetch_for_server(store, asked, out)
            case "add":
                _fetch(store, asked, out, err)
            case _:
                _fetch(FirefoxStore(asked.to, tried or try_model), asked, out, err)
                out.write(f"Bring {asked.to} to the other machine: moothall languages add --from FOLDER\n")
                return 0
        out.write("A server that runs here translates with them within seconds.\n")
    except MoothallError as error:
        if json:
            _say(out, wire.LanguagesFailed(said=str(error)))
        else:
            err.write(f"{error}\n")
        return 1
    return 0


def try_model(model: FirefoxModel) -> None:
    """Load a model, and translate its test sentence. Raises MoothallError."""
    from moothall_models.translators.firefox import FirefoxTranslator

    translator = FirefoxTranslator([model])
    try:
        if translator.missing is None:
            translator.check()
    finally:
        translator.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="moothall languages", description="Languages to translate into.")
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    listing = acts.add_parser("list", help="which languages are here, and which could be added")
    add = acts.add_parser("add", help="get the models of languages; those that are here stay as they are")
    add.add_argument("language", nargs="*", metavar="TAG", help="a language, such as ar")
    add.add_argument("--from", dest="source", type=Path, metavar="FOLDER", help="what `fetch` has put there")
    fetch = acts.add_parser("fetch", help="get the models of languages for a machine without a network")
    fetch.add_argument("language", nargs="+", metavar="TAG", help="a language, such as ar")
    fetch.add_argument("--to", type=Path, metavar="FOLDER", required=True, help="where they are put")
    for each in (listing, add, fetch):
        each.add_argument("--registry", default=wire.REGISTRY, metavar="URL", help="a mirror of the list of models")
    for each in (listing, add):
        each.add_argument("--json", action="store_true", help="for a server: a message a line")
    for each in (add, fetch):
        each.add_argument("--better", action="store_true", help="larger models, which translate better and slower")
    remove = acts.add_parser("remove", help="delete the models of languages")
    remove.add_argument("language", nargs="+", metavar="TAG", help="a language, such as ar")
    return parser


def _list(folder: Path, asked: argparse.Namespace, out: TextIO) -> int:
    for model in installed_models(folder):
        out.write(f"{_named(model)}: {megabytes(model.size)}, {LICENCE}, in {model.folder}\n")
    registry = fetch_registry(asked.registry)
    out.write(f"Can be added: {' '.join(_tags(registry))}\n")
    return 0


def _offer(folder: Path, asked: argparse.Namespace, out: TextIO) -> int:
    registry = fetch_registry(asked.registry)
    here = {(model.source, model.target) for model in installed_models(folder)}
    for tag in _tags(registry):
        models = _models_of(registry, tag, better=False)
        whole = {model.pair for model in models} <= here
        _say(out, wire.LanguageOffer(language=tag, size=_size(models), licence=LICENCE, here=whole))
    return 0


def _fetch_for_server(store: FirefoxStore, asked: argparse.Namespace, out: TextIO) -> int:
    registry = fetch_registry(asked.registry)
    for tag in asked.language:
        models = _models_of(registry, tag, better=asked.better)
        progress = _MessageProgress(out, _size(models))
        for model in models:
            store.fetch(registry, model, progress)
        _say(out, wire.LanguageAdded(language=tag))
    return 0


class _MessageProgress(Progress):
    """The progress of all files together, as messages."""

    def __init__(self, out: TextIO, total: int) -> None:
        self._out, self._total = out, total
        self._before = self._at = 0
        """Bytes of the files before, and of the present one."""
        self._shown = -1

    def say(self, sentence: str) -> None:
        """Write how far it is once more, so that the server sees that it waits for another fetch."""
        _say(self._out, wire.LanguageProgress(done=min(self._before, self._total), total=self._total))

    def begin(self, label: str, total: int) -> None:
        """Begin the next file."""
        self._at = 0

    def at(self, done: int) -> None:
        """Write a message for each per cent."""
        self._at = done
        all_done = min(self._before + done, self._total)
        if (share := 100 * all_done // max(1, self._total)) != self._shown:
            self._shown = share
            _say(self._out, wire.LanguageProgress(done=all_done, total=self._total))

    def end(self) -> None:
        """End the file."""
        self._before += self._at


def _say(out: TextIO, message: wire.LanguageMessage) -> None:
    out.write(wire.encode(message).decode())
    out.flush()


def _size(models: Sequence[RegistryModel]) -> int:
    """Bytes of models, about."""
    return sum((model.files.model.uncompressed_size or 0) + BESIDE for model in models)


def _tags(registry: FirefoxRegistry) -> list[str]:
    """The languages that have a model from English or to English."""
    return sorted({tag for pair in registry.directions if PIVOT in pair for tag in pair} - {PIVOT})


def _fetch(store: FirefoxStore, asked: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    if not asked.language:
        raise ConfigurationError("Name the languages to add, such as `moothall languages add ar fr`.")
    err.write(f"{UNTRIED}\n")
    registry = fetch_registry(asked.registry)
    models = [model for tag in asked.language for model in _models_of(registry, tag, better=asked.better)]
    size = megabytes(_size(models))
    err.write(f"{len(models)} models of Firefox Translations, about {size}, licence {LICENCE}.\n")
    for model in models:
        out.write(f"{_named(store.fetch(registry, model, TextProgress(err)))} is here.\n")


def _models_of(registry: FirefoxRegistry, tag: str, *, better: bool) -> list[RegistryModel]:
    """The models from English and to English, at least one of them. Raises ConfigurationError."""
    pairs = ((PIVOT, tag), (tag, PIVOT))
    found = [model for pair in pairs if (model := registry.choose(*pair, better=better)) is not None]
    if not found:
        there = " ".join(_tags(registry))
        raise ConfigurationError(
            f"There is no model for {tag!r} that this release can run. There are models for: {there}."
        )
    return found


def _remove(store: FirefoxStore, tags: Sequence[str], out: TextIO, err: TextIO) -> int:
    for tag in tags:
        gone = [pair for pair in ((PIVOT, tag), (tag, PIVOT)) if store.remove(*pair, TextProgress(err))]
        if not gone:
            raise ConfigurationError(f"No model for {tag!r} is here; `moothall languages list` names those that are.")
        out.write(f"{tag}: {len(gone)} models are deleted.\n")
    return 0


def _named(model: FirefoxModel) -> str:
    return f"{model.source} to {model.target} ({model.architecture})"
