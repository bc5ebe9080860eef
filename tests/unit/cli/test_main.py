from __future__ import annotations

import argparse
import gc
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from moothall.cli.main import COMMANDS, main, with_settings
from moothall.core.kernel.errors import ConfigurationError
from moothall.wire.languages import ARGOS_INDEX, REGISTRY

LOADED = """
import sys
from moothall.cli.main import command_parser
for command in ("verify", "transcribe", "serve"):
    command_parser(command)
    print(command, "aiohttp" in sys.modules, "moothall.app.hall" in sys.modules)
"""


def added_by(module: str) -> tuple[str, ...]:
    commands = argparse.ArgumentParser().add_subparsers()
    import_module(f"moothall.cli.{module}").add_commands(commands)
    return tuple(commands.choices)


def test_each_module_adds_the_commands_that_are_listed_for_it() -> None:
    assert {module: added_by(module) for module in COMMANDS} == COMMANDS


def test_a_command_loads_its_own_module_alone() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["verify False False", "transcribe False False", "serve True True"]


def test_languages_come_from_the_list_that_the_settings_name(tmp_path: Path) -> None:
    mirrors = "https://a.example.org/db/models.json https://b.example.org/db/models.json"
    config = tmp_path / "moothall.toml"
    config.write_text(f'[translation]\nregistry = "{mirrors}"\n')
    assert with_settings(["add", "fr"], {}, "registry") == (["add", "fr"], REGISTRY)
    assert with_settings(["--config", str(config), "add", "fr"], {}, "registry") == (["add", "fr"], mirrors)
    variable, (first, _) = "MOOTHALL_TRANSLATION__REGISTRY", mirrors.split()
    assert with_settings(["list"], {variable: first}, "registry") == (["list"], first)
    with pytest.raises(ConfigurationError, match="addresses of https"):
        with_settings(["list"], {variable: "ftp://a.example.org/list and more"}, "registry")


def test_packages_of_argos_come_from_the_index_that_the_settings_name(tmp_path: Path) -> None:
    mirrors = "https://a.example.org/index.json https://b.example.org/argos/index.json"
    config = tmp_path / "moothall.toml"
    config.write_text(f'[translation]\nargos_index = "{mirrors}"\n')
    argv = ["fetch", "argos:en-ar"]
    assert with_settings(argv, {}, "argos_index") == (argv, ARGOS_INDEX)
    assert with_settings([*argv, "--config", str(config)], {}, "argos_index") == (argv, mirrors)
    for wrong in ("", "ftp://a.example.org/index.json"):
        with pytest.raises(ConfigurationError, match="addresses of https"):
            with_settings(argv, {"MOOTHALL_TRANSLATION__ARGOS_INDEX": wrong}, "argos_index")


def test_the_help_has_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = re.findall(r"^    ([a-z-]+)(?: |$)", capsys.readouterr().out, re.MULTILINE)
    assert listed == [name for added in COMMANDS.values() for name in added]


def test_what_is_no_command_is_told_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["surf"])
    assert "verify" in capsys.readouterr().err


def test_garbage_is_collected_once_a_command_runs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["verify", "--help"])
    assert "moothall verify" in capsys.readouterr().out
    assert gc.isenabled()
