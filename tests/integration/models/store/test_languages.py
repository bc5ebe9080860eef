"""`moothall languages`, as a person uses it at a terminal."""

from __future__ import annotations

import io
import itertools
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from moothall.core.translation.routes import Direction
from moothall.wire import languages as wire
from moothall_models.store import languages_command
from moothall_models.store.failures import UNTRIED
from moothall_models.store.firefox_models import FirefoxStore
from moothall_models.store.languages import try_model
from moothall_models.store.new_folder import alone
from moothall_models.store.progress import Silent
from moothall_models.translators.echo import DIRECTIONS, EchoTranslator
from moothall_models.translators.firefox_model import FirefoxModel, installed_models
from moothall_models.translators.port import UnusableTranslation
from support.models.firefox_registry import Hearing, Shelf, served, weights

SMALL = {"model": b"m" * 3_000, "lexicalShortlist": b"l" * 2_000, "vocab": b"v" * 1_000}


def fine(_: FirefoxModel) -> None:
    pass


class Terminal:
    def __init__(self, shelf: Shelf, folder: Path) -> None:
        self.shelf = shelf
        self.folder = folder
        self.out = ""
        self.err = ""
        self.directions: Sequence[Direction] = ()
        self.slow = False
        """Whether a sentence takes 0.1 s."""

    def run(self, *argv: str) -> int:
        out, err = io.StringIO(), io.StringIO()
        clock = itertools.count(0.0, 0.1 if self.slow else 0.0)
        registry = ["--registry", self.shelf.registry] if argv[0] not in ("remove", "test") else []
        code = languages_command(
            [*argv, *registry],
            folder=self.folder,
            tried=fine,
            find=lambda only: [EchoTranslator(() if only == ["none"] else self.directions)],
            seconds=lambda: next(clock),
            out=out,
            err=err,
        )
        self.out, self.err = out.getvalue(), err.getvalue()
        return code

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def here(self) -> list[str]:
        return [model.folder.name for model in installed_models(self.folder)]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with served() as shelf:
        for source, target in (("en", "fr"), ("fr", "en"), ("en", "ru")):
            shelf.put(source, target, SMALL)
        shelf.put("en", "fr", SMALL | {"model": b"b" * 4_000}, architecture="base")
        yield Terminal(shelf, tmp_path / "store")


def test_a_language_is_added_in_both_directions_with_its_size_and_licence_said_first(terminal: Terminal) -> None:
    assert terminal.run("add", "fr", "ru") == 0
    assert terminal.here == ["en_fr", "en_ru", "fr_en"]
    said = terminal.err.splitlines()
    assert said[:2] == [UNTRIED, "3 models of Firefox Translations, about 18.0 MB, licence MPL-2.0."]
    assert terminal.out.splitlines() == [
        "en to fr (tiny) is here.",
        "fr to en (tiny) is here.",
        "en to ru (tiny) is here.",
        "Better models exist, about 6 MB: --better takes them. How quick this machine is with them isn't known yet.",
        "A server that runs here translates with them within seconds.",
    ]
    assert terminal.run("list") == 0
    first, *_, last = terminal.out.splitlines()
    assert first == f"en to fr (tiny): 0.0 MB, MPL-2.0, in {terminal.folder / 'en_fr'}"
    assert last == "Can be added: fr ru"


def test_a_better_model_takes_the_place_of_a_light_one(terminal: Terminal) -> None:
    assert terminal.run("add", "fr") == terminal.run("add", "--better", "fr") == 0
    assert "en to fr (base) is here." in terminal.out
    assert terminal.here == ["en_fr", "fr_en"]


def test_the_better_model_comes_by_itself_where_this_machine_is_quick_enough_and_stays(terminal: Terminal) -> None:
    light = msgspec.structs.replace(DIRECTIONS[0], engine="bergamot")
    terminal.directions = [light]
    assert terminal.run("add", "fr") == 0
    assert "en to fr (base) is here." in terminal.lines
    assert "Better models exist" not in terminal.out
    terminal.slow = True
    assert terminal.run("test") == terminal.run("add", "fr") == 0
    assert "en to fr (base) is here." in terminal.lines
    assert terminal.run("add", "--light", "fr") == 0
    assert "en to fr (tiny) is here." in terminal.lines
    assert "Here a sentence would take them about 300 ms" in terminal.out
    assert terminal.run("list", "--json") == 0
    offers = [wire.decode(line.encode()) for line in terminal.lines]
    french = next(each for each in offers if isinstance(each, wire.LanguageOffer) and each.language == "fr")
    assert (french.here, french.better, french.quick) == (True, 6_004_000, False)


def test_what_another_machine_fetched_is_added_without_a_network(terminal: Terminal, tmp_path: Path) -> None:
    to = tmp_path / "to carry"
    assert terminal.run("fetch", "fr", "--to", str(to)) == 0
    assert terminal.out.endswith(f"Bring {to} to the other machine: moothall languages add --from FOLDER\n")
    assert terminal.here == []
    asked = len(terminal.shelf.asked)
    assert terminal.run("add", "--from", str(to)) == 0
    assert terminal.here == ["en_fr", "fr_en"]
    assert len(terminal.shelf.asked) == asked
    (to / "fr_en" / "vocabulary.spm").write_bytes(b"w" * 1_000)
    assert terminal.run("add", "--from", str(to)) == 1
    assert "vocabulary.spm isn't what it was when it was fetched" in terminal.err
    assert terminal.run("add", "--from", str(tmp_path)) == 1
    assert "holds no models" in terminal.err
    (terminal.folder / "en_fr").rename(tmp_path / "en_fr")
    (tmp_path / "file").touch()
    terminal.folder = tmp_path / "file"
    assert terminal.run("add", "--from", str(tmp_path)) == 1
    assert "can't be used" in terminal.err


def test_a_language_is_removed(terminal: Terminal) -> None:
    assert terminal.run("add", "fr", "ru") == 0
    assert terminal.run("remove", "ru", "fr") == 0
    assert terminal.out == "ru: 1 models are deleted.\nfr: 2 models are deleted.\n"
    assert terminal.here == []
    assert terminal.run("remove", "ru") == 1
    assert terminal.err.startswith("No model for 'ru' is here")


def test_two_servers_that_share_a_store_fetch_each_file_once(terminal: Terminal) -> None:
    """The second says that it waits, again and again, and finds the model then."""
    other, codes = Hearing("progress"), list[int]()
    argv = ["add", "ru", "--json", "--registry", terminal.shelf.registry]
    second = threading.Thread(
        target=lambda: codes.append(languages_command(argv, folder=terminal.folder, tried=fine, out=other))
    )

    def while_the_first_downloads() -> None:
        second.start()
        other.heard.wait()

    terminal.shelf.holds["/models/en-ru/tiny/model.enru.intgemm.alphas.bin.gz"] = while_the_first_downloads
    assert terminal.run("add", "ru") == 0
    second.join()
    assert codes == [0]
    said = [wire.decode(line.encode()) for line in other.getvalue().splitlines(keepends=True)]
    assert said == [wire.LanguageProgress(done=0, total=6_003_000), wire.LanguageAdded(language="ru")]
    assert terminal.here == ["en_ru"]
    files = [path for path, _ in terminal.shelf.asked if path.startswith("/models")]
    assert len(files) == len(set(files)) == 3


def test_a_language_that_another_server_removes_meanwhile_is_gone_and_nothing_else(terminal: Terminal) -> None:
    assert terminal.run("add", "fr", "ru") == 0
    store, codes = FirefoxStore(terminal.folder, fine), list[bool]()
    first = threading.Thread(target=lambda: codes.append(store.remove("en", "ru", waits)))

    class Waits(Silent):
        def __init__(self) -> None:
            self.said = threading.Event()

        def say(self, sentence: str) -> None:
            self.said.set()

    waits = Waits()
    with alone(terminal.folder, Silent()):
        first.start()
        waits.said.wait()
        shutil.rmtree(terminal.folder / "en_ru")
    first.join()
    assert codes == [False]
    assert terminal.here == ["en_fr", "fr_en"]


def test_whoever_waits_says_so_again_and_again(tmp_path: Path) -> None:
    said: list[str] = []

    class Says(Silent):
        def say(self, sentence: str) -> None:
            said.append(sentence)

    with ExitStack() as other:
        other.enter_context(alone(tmp_path, Silent()))
        pauses: list[float] = []

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            if sum(pauses) > 100:
                other.close()

        with alone(tmp_path, Says(), pause):
            assert said == ["Another fetch is under way; waiting for it."] * 4


def test_what_is_translated_here_is_tested_and_kept(terminal: Terminal, tmp_path: Path) -> None:
    terminal.directions = [msgspec.structs.replace(each, cost=10.0) for each in DIRECTIONS]
    assert terminal.run("test") == 0
    assert [line.partition(":")[0] for line in terminal.out.splitlines()] == [
        *("en > pt (echo)", "es > pt (echo)", "pt > en (echo)", "pt > es (echo)"),
        *("es > pt > en (echo, echo)", "en > pt > es (echo, echo)"),
    ]
    assert all(", 0 ms a sentence" in line and line.endswith(", rough: the gist only") for line in terminal.lines)
    assert terminal.run("list") == 0
    assert sum("rough: the gist only" in line for line in terminal.lines) == 6
    own = tmp_path / "own.toml"
    own.write_text('[[sentences]]\nen = "Good."\npt = "[pt] Good."\n', "utf-8")
    assert terminal.run("test", "--sentences", str(own)) == 0
    assert "en > pt (echo): chrF2 100.0, 0 ms a sentence (10000 a second), own sentences" in terminal.lines
    assert terminal.run("test", "--sentences", str(tmp_path / "none")) == 1
    assert "can't be read" in terminal.err


def test_of_the_languages_that_are_named_alone_and_of_what_was_added(terminal: Terminal) -> None:
    terminal.directions = DIRECTIONS
    assert terminal.run("test", "es") == 0
    assert all("es" in line.partition(" (")[0].split(" > ") for line in terminal.lines)
    assert len(terminal.lines) == 4
    terminal.directions = [msgspec.structs.replace(DIRECTIONS[0], target="ru")]
    assert terminal.run("add", "ru") == 0
    assert [line for line in terminal.lines if "chrF2" in line] == [
        "en > ru (echo): chrF2 0.5, 0 ms a sentence (10000 a second), rough: the gist only"
    ]
    assert terminal.run("test", "--only", "none") == 0
    assert terminal.lines == ["Nothing here translates between languages of the sentences: ar en es fr pt ru zh."]


def test_a_server_is_told_how_far_the_tests_are(terminal: Terminal) -> None:
    terminal.directions = DIRECTIONS[:2]
    assert terminal.run("test", "--json") == 0
    assert [wire.decode(line.encode()) for line in terminal.lines] == [
        wire.LanguagesTested(done=done, total=2) for done in range(3)
    ]


def test_what_is_wrong_is_said(terminal: Terminal) -> None:
    assert terminal.run("add") == terminal.run("add", "fr", "xx") == 1
    assert (
        terminal.err.splitlines()[-1]
        == "There is no model for 'xx' that this release can run. There are models for: fr ru."
    )
    assert terminal.here == []
    terminal.shelf.files.clear()
    assert terminal.run("add", "fr") == terminal.run("list") == 1
    assert "answered 404 for /db/models.json" in terminal.err


def test_of_the_list_of_a_later_version_the_languages_that_can_be_run_are_offered_and_added(terminal: Terminal) -> None:
    """Their other directions, another packing and another shape of a direction are left out, with a sentence."""
    shelf = terminal.shelf
    for pair in (("en", "ar"), ("ar", "en")):
        shelf.put(*pair, SMALL, packing=".br")
    shelf.put("en", "fr", SMALL, architecture="moe", packing=".bin.9")
    shelf.list_models(shelf.models | {"en-zh": {"tiny": {}}}, version=9, signature={"key": "k"})
    assert terminal.run("list") == 0
    assert terminal.out == "Can be added: fr ru\n"
    assert terminal.run("list", "--json") == 0
    assert [wire.decode(line.encode()) for line in terminal.out.splitlines(keepends=True)] == [
        wire.LanguageOffer(language=tag, size=size, licence="MPL-2.0", here=False, light=size, better=better)
        for tag, size, better in (("fr", 12_006_000, 6_004_000), ("ru", 6_003_000, 0))
    ]
    assert terminal.run("add", "fr", "ru") == 0
    assert terminal.here == ["en_fr", "en_ru", "fr_en"]
    assert not any(path.endswith((".br", ".9")) for path, _ in shelf.asked), "what can't be run isn't fetched"
    assert terminal.run("add", "ar") == 1
    assert terminal.err.splitlines()[-1] == (
        "There is no model for 'ar' that this release can run. There are models for: fr ru."
    )
    shelf.list_models({"en-zh": {"tiny": {}}}, version=9)
    assert terminal.run("add", "fr") == 1
    assert terminal.err.splitlines()[-1] == (
        f"The list of Firefox's models at {shelf.registry} can't be used: its list of models has none that this "
        "release can run: a newer release may; or name another list with --registry, or as `registry` of [translation]."
    )


def test_what_a_later_release_has_put_into_the_store_is_used(terminal: Terminal) -> None:
    """Two releases may share a store, and a folder may be carried from one to the other."""
    assert terminal.run("add", "fr") == 0
    path = terminal.folder / "en_fr" / "about.json"
    about = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode(about | {"version": 2, "quality": {"chrf2": 59.1}}))
    assert terminal.here == ["en_fr", "fr_en"]


def test_a_model_is_loaded_and_tried_before_it_is_used(tmp_path: Path) -> None:
    with served() as shelf:
        shelf.put("en", "pt", weights("en", "pt"))
        argv, out = ["add", "pt", "--registry", shelf.registry], io.StringIO()
        assert languages_command(argv, folder=tmp_path, out=out, err=out) == 0
        (model,) = installed_models(tmp_path)
        (model.folder / "model.bin").write_bytes(b"none")
        with pytest.raises(UnusableTranslation):
            try_model(model)
