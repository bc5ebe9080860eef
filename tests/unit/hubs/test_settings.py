from __future__ import annotations

from pathlib import Path

import pytest

import hub_settings_reference
from moothall.core.kernel.errors import ConfigurationError
from moothall_hub.settings import HubSettings, load


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "hub.toml"
    path.write_text(text, encoding="utf-8")
    return path


def sentence(path: Path | None, environ: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(path, environ)
    return str(caught.value)


def test_nothing_set_is_the_default_and_the_servers_variables_are_not_ours() -> None:
    assert load(None, {"PATH": "/bin", "MOOTHALL_SERVER__PORT": "9000"}) == HubSettings()


def test_the_environment_goes_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, '[hub]\nport = 9000\npublic_name = "text.local"\nbudget_mb_per_day = 2.5\n')
    environ = {"MOOTHALL_HUB_PORT": "9100", "MOOTHALL_HUB_LOG_LEVEL": "error"}
    assert load(path, environ) == HubSettings(
        port=9100, public_name="text.local", budget_mb_per_day=2.5, log_level="error"
    )


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    assert sentence(None, {"MOOTHALL_HUB_PORT": "many"}) == (
        "MOOTHALL_HUB_PORT: port is 'many'; allowed is a whole number from 0 to 65535."
    )
    known = ", ".join(HubSettings.__struct_fields__)
    assert (
        sentence(None, {"MOOTHALL_HUB_PROT": "1"}) == f"MOOTHALL_HUB_PROT: there is no setting prot; there are {known}."
    )
    path = written(tmp_path, '[hub]\nport = "9000"\n')
    assert "port is '9000'; allowed is a whole number" in sentence(path, {})


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    assert "can't be read" in sentence(tmp_path / "none.toml", {})
    assert "is not TOML" in sentence(written(tmp_path, "hub ["), {})
    assert "all settings of a hub stand in one section [hub]" in sentence(written(tmp_path, "port = 1\n"), {})
    assert load(written(tmp_path, "# nothing\n"), {}) == HubSettings()


def test_the_page_and_the_file_are_what_the_settings_say() -> None:
    assert hub_settings_reference.PAGE.read_text(encoding="utf-8") == hub_settings_reference.render_page()
    assert hub_settings_reference.FILE.read_text(encoding="utf-8") == hub_settings_reference.render_file()


def test_the_file_sets_nothing() -> None:
    assert load(hub_settings_reference.FILE, {}) == HubSettings()
