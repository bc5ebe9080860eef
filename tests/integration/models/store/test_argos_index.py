"""Packages from an index in the form of Argos Translate, served on this machine."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.store import ModelStore, models_command
from moothall_models.store.argos_index import beside, choose, read_index
from moothall_models.store.failures import UNTRIED, SourceFailed
from moothall_models.translators.argos_package import installed_packages
from support.models.argos_packages import packed
from support.models.firefox_registry import Hearing, Shelf, served
from support.models.weights import OFFLINE, hub_source, manifest_of, model_from


def entry(source: str, target: str, version: str = "1.0", *links: str) -> dict[str, Any]:
    made = {"package_version": version, "argos_version": "1.5", "from_code": source, "to_code": target}
    return made | {"links": links or ["ipfs://Qm", f"https://argos.example/{source}_{target}-{version}.argosmodel"]}


def test_of_several_versions_the_newest_is_chosen() -> None:
    packages = read_index(msgspec.json.encode([entry("en", "ar", version) for version in ("1.9", "1.10", "1.0")]))
    assert choose(packages, "argos:en-ar").package_version == "1.10"


def test_codes_of_argos_are_found_by_the_tags_of_their_languages() -> None:
    packages = read_index(msgspec.json.encode([entry("en", "zt"), entry("en", "pb")]))
    assert choose(packages, "argos:en-zh-Hant").to_code == "zt"
    with pytest.raises(ConfigurationError, match=r"no package 'en-zh'\. There are: en-pt-BR en-zh-Hant"):
        choose(packages, "argos:en-zh")


def test_what_can_t_be_read_or_has_no_address_is_left_out() -> None:
    odd = [{"from_code": "en"}, 7, entry("en", "ru", "1.0", "ipfs://Qm", "http://argos.example/x")]
    assert [each.pair for each in read_index(msgspec.json.encode([*odd, entry("en", "ar")]))] == [("en", "ar")]
    later = entry("en", "zh") | {"type": "sbd", "quality": 3}
    assert [each.pair for each in read_index(msgspec.json.encode([later, entry("en", "ar") | {"quality": 3}]))] == [
        ("en", "ar")
    ]
    for data in (b"", b"{}", b"\xff"):
        with pytest.raises(SourceFailed, match="another form than this release reads: a newer release may; or name"):
            read_index(data)
    with pytest.raises(SourceFailed, match="no package that this release can run: a newer release may; or name"):
        read_index(msgspec.json.encode([*odd, later]))


def test_a_package_is_looked_for_beside_the_index_of_a_mirror() -> None:
    links = ("https://argos.example/a/en_ar.argosmodel?x=/1", "https://other.example/en_ar.argosmodel")
    (package,) = read_index(msgspec.json.encode([entry("en", "ar", "1.0", *links)]))
    mirror = "https://mirror.example/argos/index.json"
    assert beside(package, mirror).addresses == ("https://mirror.example/argos/en_ar.argosmodel", *links)
    (nameless,) = read_index(msgspec.json.encode([entry("en", "ar", "1.0", "https://argos.example/")]))
    assert beside(nameless, mirror) == nameless


class Terminal:
    def __init__(self, shelf: Shelf, folder: Path) -> None:
        self.shelf, self.folder = shelf, folder
        self.out = self.err = ""
        self.said = Hearing("waiting")

    def put(self, source: str, target: str, version: str) -> None:
        path = f"/{source}_{target}-{version}.argosmodel"
        self.shelf.files[path] = packed(source, target, package_version=version)
        index = msgspec.json.encode([entry(source, target, version, self.shelf.address + path)])
        self.shelf.files["/index.json"] = index

    def fetch(self, *names: str) -> int:
        store = ModelStore(self.folder, manifest_of(model_from(hub_source())), fetchers=OFFLINE)
        out, err = io.StringIO(), self.said
        err.seek(err.truncate(0))
        argv = ["fetch", *names, "--index", f"{self.shelf.address}/index.json"]
        code = models_command(argv, store=store, out=out, err=err)
        self.out, self.err = out.getvalue(), err.getvalue()
        return code

    def fetch_from(self, index: str, name: str) -> int:
        """Fetch where the settings name an index."""
        store = ModelStore(self.folder, manifest_of(model_from(hub_source())), fetchers=OFFLINE)
        out, err = io.StringIO(), io.StringIO()
        code = models_command(["fetch", name], index, store=store, out=out, err=err)
        self.out, self.err = out.getvalue(), err.getvalue()
        return code


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with served() as shelf:
        yield Terminal(shelf, tmp_path)


def test_a_package_is_fetched_tried_and_replaced(terminal: Terminal, tmp_path: Path) -> None:
    terminal.put("en", "ar", "1.0")
    assert terminal.fetch("argos:en-ar") == 0
    assert terminal.err.startswith(UNTRIED)
    assert terminal.out.startswith("en to ar, version 1.0 (")
    terminal.put("en", "ar", "1.1")
    terminal.shelf.breaks["/en_ar-1.1.argosmodel"] = 1_000
    assert terminal.fetch("argos:en-ar") == 1
    assert "The package argos:en-ar could not be fetched: the download broke off" in terminal.err
    assert terminal.fetch("argos:en-ar") == 0
    assert terminal.shelf.begins("/en_ar-1.1.argosmodel") == ["", "bytes=1000-"]
    assert "It replaced 1.0." in terminal.out
    (package,) = installed_packages(tmp_path / "argos")
    assert package.about.package_version == "1.1"
    assert list((tmp_path / "argos" / ".parts").glob("*.part")) == []


def test_mirrors_are_tried_in_turn_and_have_their_packages_beside_the_index(terminal: Terminal, tmp_path: Path) -> None:
    shelf = terminal.shelf
    gone = entry("en", "ar", "1.0", f"{shelf.address}/gone/en_ar-1.0.argosmodel")
    shelf.files["/mirror/index.json"] = msgspec.json.encode([gone])
    shelf.files["/mirror/en_ar-1.0.argosmodel"] = packed("en", "ar", package_version="1.0")
    mirrors = f"{shelf.address}/vanished.json {shelf.address}/mirror/index.json"
    assert terminal.fetch_from(mirrors, "argos:en-ar") == 0
    assert terminal.out.startswith("en to ar, version 1.0 (")
    shelf.files["/gone/en_ar-1.0.argosmodel"] = shelf.files.pop("/mirror/en_ar-1.0.argosmodel")
    assert terminal.fetch_from(mirrors, "argos:en-ar") == 0, "where the index says, when it isn't beside it"
    shelf.files.pop("/gone/en_ar-1.0.argosmodel")
    assert terminal.fetch_from(mirrors, "argos:en-ar") == 1
    assert "answered 404 for /mirror/en_ar-1.0.argosmodel" in terminal.err
    assert terminal.fetch_from(f"{shelf.address}/vanished.json", "argos:en-ar") == 1
    assert "answered 404 for /vanished.json" in terminal.err
    assert terminal.fetch_from("", "argos:en-ar") == 1
    assert "no index is named: give its address" in terminal.err


def test_two_servers_that_share_a_store_fetch_the_same_package_one_after_the_other(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.put("en", "ar", "1.0")
    path, codes = "/en_ar-1.0.argosmodel", list[int]()
    other = Terminal(terminal.shelf, tmp_path)
    second = threading.Thread(target=lambda: codes.append(other.fetch("argos:en-ar")))

    def while_the_first_downloads() -> None:
        second.start()
        other.said.heard.wait()
        assert len(terminal.shelf.begins(path)) == 1

    terminal.shelf.holds[path] = while_the_first_downloads
    assert terminal.fetch("argos:en-ar") == 0
    second.join()
    assert codes == [0]
    assert terminal.shelf.begins(path) == ["", ""], "each a whole file"
    (package,) = installed_packages(tmp_path / "argos")
    assert (package.source, package.target) == ("en", "ar")


def test_a_disk_that_is_full_leaves_nothing_half(terminal: Terminal, tmp_path: Path) -> None:
    terminal.put("en", "ar", "1.0")
    fetching = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from moothall_models.store.argos_index import fetch_package\n"
        "from moothall_models.store.progress import Silent\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))\n"
        "fetch_package('argos:en-ar', Path(sys.argv[2]), Silent(), index=sys.argv[1], tried=bool)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", fetching, f"{terminal.shelf.address}/index.json", str(tmp_path / "argos")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ModelUnavailable: There is no room left in" in done.stderr
    assert installed_packages(tmp_path / "argos") == ()
    assert terminal.fetch("argos:en-ar") == 0, "it goes on once there is room"


def test_what_goes_wrong_is_said(terminal: Terminal, tmp_path: Path) -> None:
    terminal.put("en", "ar", "1.0")
    terminal.shelf.files["/en_ar-1.0.argosmodel"] = b"<html>not here"
    assert terminal.fetch("argos:en-ar") == 1
    assert "It isn't a whole zip file" in terminal.err
    assert terminal.fetch("argos:en-xx") == 1
    assert "has no package 'en-xx'. There are: en-ar." in terminal.err
    assert terminal.fetch("argos:en-ar", "nothing") == 1
    assert "There is no model 'nothing'" in terminal.err
    shutil.rmtree(tmp_path / "argos" / ".parts")
    (tmp_path / "argos" / ".parts").touch()
    assert terminal.fetch("argos:en-ar") == 1
    assert "can't be used" in terminal.err
