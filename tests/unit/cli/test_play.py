from __future__ import annotations

import argparse
import io
import ipaddress
import shlex
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from moothall.app.hall import RunningServer
from moothall.cli.play import _read_again, lan_address, print_first_link
from moothall.core.kernel.errors import ConfigurationError, MoothallError


class Office:
    def __init__(self, link: str | None) -> None:
        self.link = link
        self.asked = 0

    async def admin_link(self, *, new: bool) -> str | None:
        assert not new
        self.asked += 1
        return self.link


def hall(link: str | None) -> RunningServer:
    return cast("RunningServer", SimpleNamespace(office=Office(link)))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


async def said(link: str | None, out: io.StringIO, *, piped: bool = False) -> str:
    with redirect_stdout(out):
        await print_first_link(hall(link), "/srv/my data", piped=piped)
    return out.getvalue()


def command_in(text: str) -> list[str]:
    """The arguments of the command that ends a text."""
    program, *arguments = shlex.split(text.rpartition(": ")[2])
    assert Path(program).name == "moothall"
    return arguments


async def test_the_hint_for_a_lost_link_names_the_data_folder_in_use() -> None:
    assert command_in(await said(None, Terminal())) == ["admin-link", "--new", "--data", "/srv/my data"]
    assert (await said("http://127.0.0.1/admin#x", Terminal())).startswith("Admin link: http://127.0.0.1/admin#x\n")


async def test_a_journal_gets_no_link_and_none_is_made_or_replaced_for_it() -> None:
    house = Office("http://127.0.0.1/admin#x")
    out = io.StringIO()
    with redirect_stdout(out):
        await print_first_link(cast("RunningServer", SimpleNamespace(office=house)), "/srv/my data")
    assert command_in(out.getvalue()) == ["admin-link", "--data", "/srv/my data"]
    assert "#x" not in out.getvalue()
    assert house.asked == 0
    assert "Admin link: http://127.0.0.1/admin#x" in await said(house.link, io.StringIO(), piped=True)


def test_settings_that_are_read_again_name_no_model_that_is_not_there(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text('[engine]\nmodel = "nope"\n', encoding="utf-8")
    arguments = argparse.Namespace(config=config, port=None, data=None, model=None)
    with pytest.raises(MoothallError, match="nope"):
        _read_again(arguments)
    config.write_text('[engine]\nmodel = "nope"\ncount = 0\n', encoding="utf-8")
    assert _read_again(arguments).engine.model == "nope"  # No engine of ours loads it.


def test_it_is_an_address_that_others_can_reach_or_a_sentence() -> None:
    try:
        address = ipaddress.ip_address(lan_address())
    except ConfigurationError as error:
        pytest.skip(f"This machine can't tell: {error}")
    assert not address.is_loopback
    assert not address.is_unspecified
