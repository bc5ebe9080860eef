from __future__ import annotations

from datetime import UTC, tzinfo
from pathlib import Path

import pytest

from moothall.adapters.system.time_zones import chosen_zone, find_zone, machine_zone
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.times import UTC_ZONE, offset_name


def test_zones_are_found_by_name_and_nothing_else_is() -> None:
    assert find_zone("utc") is UTC
    assert find_zone("Africa/Nairobi") is not None
    for name in ("", "Mars/Base", "../../etc/passwd", "/etc/passwd", "Africa", "x" * 300, "a\0b"):
        assert find_zone(name) is None


def test_an_operator_names_the_zone(tmp_path: Path) -> None:
    zone = chosen_zone("Africa/Nairobi", {"TZ": "Europe/Paris"}, tmp_path)
    assert (zone.name, offset_name(zone.at(0))) == ("Africa/Nairobi", "UTC+3")
    assert chosen_zone("UTC", {}, tmp_path) is UTC_ZONE
    with pytest.raises(ConfigurationError, match="'Mars/Base', which is not known here; write it as Africa/Nairobi"):
        chosen_zone("Mars/Base", {}, tmp_path)


def test_a_machine_without_zones_says_what_to_install(tmp_path: Path) -> None:
    nowhere: dict[str, tzinfo] = {}
    with pytest.raises(ConfigurationError, match="apt install tzdata"):
        chosen_zone("Africa/Nairobi", {}, tmp_path, find=nowhere.get)
    assert chosen_zone("", {"TZ": "Africa/Nairobi"}, tmp_path, find=nowhere.get) is UTC_ZONE


def test_otherwise_it_is_the_machines(tmp_path: Path) -> None:
    assert machine_zone({}, tmp_path) == ""
    assert chosen_zone("", {}, tmp_path) is UTC_ZONE
    (tmp_path / "localtime").symlink_to("/usr/share/zoneinfo/Asia/Kathmandu")
    assert machine_zone({}, tmp_path) == "Asia/Kathmandu"
    (tmp_path / "timezone").write_text("Africa/Nairobi\n")
    assert chosen_zone("", {}, tmp_path).name == "Africa/Nairobi"
    assert chosen_zone("", {"TZ": ":Europe/Paris"}, tmp_path).name == "Europe/Paris"
    assert chosen_zone("", {"TZ": "EST5EDT,M3.2.0,M11.1.0"}, tmp_path) is UTC_ZONE
    (tmp_path / "timezone").write_bytes(b"\xff")
    assert machine_zone({}, tmp_path) == "Asia/Kathmandu"
