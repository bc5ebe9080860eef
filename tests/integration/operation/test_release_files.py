"""The files of `make release` work without a checkout. Before a release, unit/test_house.py and the editable install
show that the modules can be imported.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import aiohttp
import pytest

ROOT = Path(__file__).resolve().parents[3]
pytestmark = [pytest.mark.slow]


def built(source: Path, into: Path, *kinds: str) -> list[Path]:
    """What hatchling makes of a folder."""
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", into, *kinds], cwd=source, check=True)
    return sorted(into.iterdir())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel and the sdist."""
    wheel, sdist = built(ROOT, tmp_path_factory.mktemp("dist"))
    return wheel, sdist


@pytest.fixture(scope="module")
def installed(files: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel alone; what it needs comes from the environment of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    options = ("--quiet", "--no-index", "--no-deps", "--target", str(folder))
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(files[0])], check=True)
    return folder


def run(installed: Path, *arguments: str) -> str:
    """What a command prints, with the wheel before everything else and far from the checkout."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=installed,
        env={**os.environ, "PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.mark.parametrize("module", ["moothall", "moothall_hub", "moothall_models"])
def test_each_command_says_what_it_can_do(installed: Path, module: str) -> None:
    where = run(installed, "-c", f"import {module}; print({module}.__file__)")
    assert Path(where.strip()).is_relative_to(installed)
    assert "usage:" in run(installed, "-m", module, "--help")


async def test_its_server_has_its_pages(installed: Path, tmp_path: Path) -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "moothall", "serve", "--data", str(tmp_path / "data"), "--port", "0", "--model", "none"),
        cwd=installed,
        env={**os.environ, "PYTHONPATH": str(installed), "MOOTHALL_ENGINE__COUNT": "0"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert server.stdout is not None
    try:
        address = None
        while address is None:
            line = await server.stdout.readline()
            assert line
            address = re.search(rb"http://127\.0\.0\.1:\d+", line)
        async with aiohttp.ClientSession() as http:
            for path in ("/", "/.well-known/moothall.json", "/?ui=ar"):
                async with http.get(address[0].decode() + path) as page:
                    assert page.status == 200
            async with http.get(address[0].decode()) as page:
                styles = re.findall(r'href="(/static/[^"]+)"', await page.text())
            assert styles
            for style in styles:
                async with http.get(address[0].decode() + style) as found:
                    assert found.status == 200
    finally:
        server.terminate()
        await server.wait()


def test_the_sources_build_the_same_wheel(files: tuple[Path, Path], tmp_path: Path) -> None:
    wheel, sdist = files
    with tarfile.open(sdist) as opened:
        opened.extractall(tmp_path / "sources", filter="data")
    [source] = (tmp_path / "sources").iterdir()
    [again] = built(source, tmp_path / "again", "-t", "wheel")
    assert contents(again) == contents(wheel)


def contents(wheel: Path) -> dict[str, int]:
    """The size of each file in a wheel."""
    with zipfile.ZipFile(wheel) as opened:
        return {each.filename: each.file_size for each in opened.infolist()}


def test_the_wheel_holds_no_tests_no_data_and_nothing_private(files: tuple[Path, Path]) -> None:
    names = contents(files[0])
    assert "moothall/web/pages/lib/base.html" in names
    assert "moothall/config/phrases.toml" in names
    assert "moothall_models/manifest.toml" in names
    assert not [name for name in names if re.search(r"(^|/)(tests?|data|\.cache|\.venv)/|\.sqlite|\.key$", name)]
    with tarfile.open(files[1]) as sources:
        private = [name for name in sources.getnames() if re.search(r"/(data|\.cache|\.venv|dist)/", name)]
    assert not private
