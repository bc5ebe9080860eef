"""The command `moothall languages list | add | test | fetch | remove`: languages to translate into, by their tags.

A language has a model from English and one to English; between two others a translation goes through English.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TextIO

from moothall.core.kernel.errors import ConfigurationError, MoothallError
from moothall.wire import languages as wire
from moothall_models.store.failures import UNTRIED, megabytes
from moothall_models.store.firefox_models import LICENCE, FirefoxStore, fetch_registry
from moothall_models.store.language_tests import FindTranslators, LanguageTests, said_of
from moothall_models.store.model_choice import PIVOT, LanguagePair, ModelChoice, choose, size_of, tags_of
from moothall_models.store.progress import Progress, TextProgress
from moothall_models.store.where import firefox_folder, open_store, scores_folder
from moothall_models.translators.firefox_model import FirefoxModel, installed_models
from moothall_models.translators.port import Translator
from moothall_models.translators.sentence_set import FILE, SentenceSet, read_sentences


def languages_command(
    argv: Sequence[str],
    registry: str = wire.REGISTRY,
    *,
    folder: Path | None = None,
    tried: Callable[[FirefoxModel], None] | None = None,
    find: FindTranslators | None = None,
    seconds: Callable[[], float] = time.perf_counter,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """Run the command.

    Args:
        argv: the arguments after `moothall languages`.
        registry: the addresses of the list of models, where the arguments name none.
        folder: the store's folder of these models; by default this machine's.
        tried: raises MoothallError when a model translates nothing; by default it is loaded and tried.
        find: makes the translators of some names, or of all usual ones; by default those of this machine.
        seconds: the time, for durations.
        out: receives the results; by default standard output.
        err: receives progress and errors; by default standard error.

    Returns:
        the exit code: 0 success, 1 the command failed. For a wrong argument argparse ends the program with code 2.
    """
    out, err = out or sys.stdout, err or sys.stderr
    asked = _parser(registry).parse_args(argv)
    json = "json" in asked and asked.json
    try:
        folder = folder or firefox_folder(open_store().folder)
        store = FirefoxStore(folder, tried or try_model)
        tests = LanguageTests(scores_folder(folder.parent), find or _find, seconds)
        match asked.act:
            case "list":
                return _offer(folder, asked, tests, out) if json else _list(folder, asked, tests, out)
            case "test" if json:
                return _test_for_server(tests, asked, out)
            case "test":
                sentences = read_sentences(asked.sentences)
                if not _test(tests, asked.language, sentences, asked.only, out):
                    named = " ".join(sentences.languages)
                    out.write(f"Nothing here translates between languages of the sentences: {named}.\n")
                return 0
            case "remove":
                return _remove(store, asked.language, out, err)
            case "add" if asked.source is not None:
                taken = store.take(asked.source, TextProgress(err))
                for model in taken:
                    out.write(f"{_named(model)} is here.\n")
                tags = {tag for model in taken for tag in (model.source, model.target)} - {PIVOT}
                _test(tests, tags, read_sentences(), (), out)
            case "add" if json:
                return _fetch_for_server(store, asked, tests.better_ms(), out)
            case "add":
                choice = _fetch(store, asked, tests.better_ms(), out, err)
                _test(tests, asked.language, read_sentences(), (), out)
                out.write(f"{choice.said}\n" if choice.said else "")
            case _:  # for a machine whose speed isn't known
                _fetch(FirefoxStore(asked.to, tried or try_model), asked, None, out, err)
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


def _find(only: Sequence[str]) -> Sequence[Translator]:
    from moothall_models.store.translators import find_translators

    return find_translators(only)


def _parser(registry: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="moothall languages",
        description="Languages to translate into.",
        epilog="With --config FILE, the server's settings, the list of models comes from where they say.",
    )
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    listing = acts.add_parser("list", help="which languages are here, and which could be added")
    add = acts.add_parser("add", help="get the models of languages; those that are here stay as they are")
    add.add_argument("language", nargs="*", metavar="TAG", help="a language, such as ar")
    add.add_argument("--from", dest="source", type=Path, metavar="FOLDER", help="what `fetch` has put there")
    fetch = acts.add_parser("fetch", help="get the models of languages for a machine without a network")
    fetch.add_argument("language", nargs="+", metavar="TAG", help="a language, such as ar")
    fetch.add_argument("--to", type=Path, metavar="FOLDER", required=True, help="where they are put")
    test = acts.add_parser("test", help="how good the translations are on test sentences, and how fast")
    test.add_argument("language", nargs="*", metavar="TAG", help="a language, such as ar; by default all")
    test.add_argument("--sentences", type=Path, default=FILE, metavar="FILE", help="sentences of your own")
    test.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="a translator; by default all usual ones"
    )
    for each in (listing, add, fetch):
        each.add_argument(
            "--registry", default=registry, metavar="URL", help="a mirror of the list of models, or several"
        )
    for each in (listing, add, test):
        each.add_argument("--json", action="store_true", help="for a server: a message a line")
    for each in (add, fetch):
        size = each.add_mutually_exclusive_group()
        size.add_argument("--better", action="store_true", help="larger models, which translate better and slower")
        size.add_argument("--light", action="store_true", help="smaller models; by default `add` chooses by the speed")
    remove = acts.add_parser("remove", help="delete the models of languages")
    remove.add_argument("language", nargs="+", metavar="TAG", help="a language, such as ar")
    return parser


def _list(folder: Path, asked: argparse.Namespace, tests: LanguageTests, out: TextIO) -> int:
    for model in installed_models(folder):
        out.write(f"{_named(model)}: {megabytes(model.size)}, {LICENCE}, in {model.folder}\n")
    for line in tests.kept():
        out.write(f"{line}\n")
    registry = fetch_registry(asked.registry)
    out.write(f"Can be added: {' '.join(tags_of(registry))}\n")
    return 0


def _offer(folder: Path, asked: argparse.Namespace, tests: LanguageTests, out: TextIO) -> int:
    registry, here, ms = fetch_registry(asked.registry), _here(folder), tests.better_ms()
    for tag in tags_of(registry):
        choice = choose(registry, [tag], here, wire.Wish.FITTING, ms)
        offer = wire.LanguageOffer(
            language=tag,
            size=size_of(choice.models),
            licence=LICENCE,
            light=size_of(choose(registry, [tag], here, wire.Wish.LIGHT, ms).models),
            here={model.pair for model in choice.models} <= here.keys(),
            better=size_of(choice.better),
            quick=choice.quick,
        )
        _say(out, offer)
    return 0


def _test(
    tests: LanguageTests, languages: Collection[str], sentences: SentenceSet, only: Sequence[str], out: TextIO
) -> bool:
    """Test what is here, and return whether there was anything."""
    found = False
    for each in tests.test(languages, sentences, only):
        found = True
        out.write(f"{said_of(each)}\n")
        out.flush()
    return found


def _test_for_server(tests: LanguageTests, asked: argparse.Namespace, out: TextIO) -> int:
    def told(done: int, total: int) -> None:
        _say(out, wire.LanguagesTested(done=done, total=total))

    deque(tests.test(asked.language, read_sentences(asked.sentences), asked.only, told), maxlen=0)
    return 0


def _fetch_for_server(store: FirefoxStore, asked: argparse.Namespace, ms: float | None, out: TextIO) -> int:
    registry = fetch_registry(asked.registry)
    for tag in asked.language:
        models = choose(registry, [tag], _here(store.folder), _wish(asked), ms).models
        progress = _MessageProgress(out, size_of(models))
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


def _fetch(store: FirefoxStore, asked: argparse.Namespace, ms: float | None, out: TextIO, err: TextIO) -> ModelChoice:
    if not asked.language:
        raise ConfigurationError("Name the languages to add, such as `moothall languages add ar fr`.")
    err.write(f"{UNTRIED}\n")
    registry = fetch_registry(asked.registry)
    choice = choose(registry, asked.language, _here(store.folder), _wish(asked), ms)
    size = megabytes(size_of(choice.models))
    err.write(f"{len(choice.models)} models of Firefox Translations, about {size}, licence {LICENCE}.\n")
    for model in choice.models:
        out.write(f"{_named(store.fetch(registry, model, TextProgress(err)))} is here.\n")
    return choice


def _wish(asked: argparse.Namespace) -> wire.Wish:
    return wire.Wish.BETTER if asked.better else wire.Wish.LIGHT if asked.light else wire.Wish.FITTING


def _here(folder: Path) -> dict[LanguagePair, FirefoxModel]:
    return {(model.source, model.target): model for model in installed_models(folder)}


def _remove(store: FirefoxStore, tags: Sequence[str], out: TextIO, err: TextIO) -> int:
    for tag in tags:
        gone = [pair for pair in ((PIVOT, tag), (tag, PIVOT)) if store.remove(*pair, TextProgress(err))]
        if not gone:
            raise ConfigurationError(f"No model for {tag!r} is here; `moothall languages list` names those that are.")
        out.write(f"{tag}: {len(gone)} models are deleted.\n")
    return 0


def _named(model: FirefoxModel) -> str:
    return f"{model.source} to {model.target} ({model.architecture})"
