"""The units of systemd: systemd itself checks them, where its command is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from moothall.cli.main import command_parser
from moothall.settings.sections import Server
from moothall_hub.settings import HubSettings

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "/opt/moothall/.venv/bin/moothall"
UNITS = (*sorted((ROOT / "config/systemd").iterdir()), *sorted((ROOT / "hubs").glob("moothall-hub.*")))
SERVICES = [path for path in UNITS if path.suffix == ".service"]
WRITES_CODE = {"moothall.service", "moothall-engine@.service"}
"""In these Whisper's library runs, which doesn't load where memory can't become code."""
MOST_EXPOSED = 20
"""Tenths of what `systemd-analyze security` says at most; services without any of its measures have 96."""


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """Copies whose program exists on every machine, at a path without a space."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (Debian: apt-get install systemd)")
    for path in UNITS:
        text = path.read_text(encoding="utf-8").replace(PROGRAM, "/bin/true")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    return sorted(tmp_path.iterdir())


def analyzed(*arguments: str, folder: Path) -> str:
    run = subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, cwd=folder, timeout=60
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stderr


def test_systemd_finds_nothing_wrong_in_them(units: list[Path]) -> None:
    folder = units[0].parent
    assert analyzed("verify", "--man=no", *(f"./{path.name}" for path in units), folder=folder) == ""


def test_a_service_that_is_broken_into_reaches_little(units: list[Path]) -> None:
    services = [path for path in units if path.suffix == ".service"]
    assert len(services) == len(SERVICES) == 5
    for path in services:
        most = f"--threshold={MOST_EXPOSED}"
        analyzed("security", "--offline=true", "--no-pager", most, f"./{path.name}", folder=path.parent)


def test_memory_becomes_code_only_where_whisper_needs_it() -> None:
    without = {path.name for path in SERVICES if "\nMemoryDenyWriteExecute=yes" not in path.read_text(encoding="utf-8")}
    assert without == WRITES_CODE


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_their_commands_exist(path: Path) -> None:
    known = {"engine", "translator", "hub"}
    known |= set(re.findall(r"^    ([a-z-]+) ", command_parser().format_help(), re.MULTILINE))
    commands = re.findall(rf"^Exec\w+={re.escape(PROGRAM)} (\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert commands
    assert set(commands) <= known


def words(path: Path, key: str) -> list[str]:
    """What a unit says behind a key, word for word; of paths without the mark of what may be missing."""
    lines = re.findall(rf"^{key}=(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub("^-/", "/", word) for line in lines for word in line.split()]


def test_the_backup_may_write_where_it_is_told_to() -> None:
    service = ROOT / "config/systemd/moothall-backup.service"
    lines = re.findall(r"^ExecStart=(.+)$", service.read_text(encoding="utf-8"), re.MULTILINE)
    assert all(line.startswith(f"{PROGRAM} backup ") for line in lines)
    options, check = (vars(command_parser().parse_args(line.split()[1:])) for line in lines)
    assert check["verify"] == options["to"]
    folders = {Path(options[name]).parent for name in ("to", "keys")}
    assert {*map(str, folders), "/mnt/other"} == set(words(service, "ReadWritePaths"))
    assert set(words(service, "RequiresMountsFor")) == set(map(str, folders))
    server = ROOT / "config/systemd/moothall.service"
    assert f"MOOTHALL_SERVER__DATA={options['data']}" in words(server, "Environment")
    assert str(options["config"]) in words(server, "ExecStart")


@pytest.mark.parametrize(
    ("socket", "settings"), [("config/systemd/moothall.socket", Server()), ("hubs/moothall-hub.socket", HubSettings())]
)
def test_a_socket_is_where_the_settings_listen_and_its_service_takes_it(
    socket: str, settings: Server | HubSettings
) -> None:
    path = ROOT / socket
    assert words(path, "ListenStream") == [f"{settings.host}:{settings.port}"]
    service = path.with_suffix(".service")
    assert words(service, "Requires") == words(service, "Also") == [path.name]
    assert words(service, "Type") == ["notify"]
    assert words(service, "WatchdogSec") == ["60"]
    assert int(words(service, "LimitNOFILE")[0]) > settings_readers(settings)


def settings_readers(settings: Server | HubSettings) -> int:
    """How many may read at once."""
    return settings.max_readers if isinstance(settings, Server) else settings.readers
