"""`moothall conference import` and `moothall admin-link`, with a server that holds the data folder and without one."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import aiohttp
import msgspec
import pytest

from moothall.adapters.admin.local_door import CARD, Card, leave_card
from moothall.cli.main import main
from moothall.services.sessions.link_terms import HOUR_MS, LinkTerms
from support.desks.admin import admin_house
from support.files.programme_files import SAMPLES, week_before

FILE = str(SAMPLES / "schedule.xml")
WITHOUT_CARD = (
    "refine", "propose", "admin-link?new=1", "programme?apply=1", "status", "probe", "drain", "reload", "retire?node=a",
    "begin-import", "import-part", "publish-record",
)  # fmt: skip
"""All that the local door does."""


class Shell:
    """Runs commands on one data folder, and has what the last one said."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._data = data
        self._capsys = capsys
        self.out = ""
        self.errors = ""

    async def run(self, *arguments: str) -> int:
        status = await asyncio.to_thread(main, [*arguments, "--data", str(self._data)])
        self.out, self.errors = self._capsys.readouterr()
        return status


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path / "data", capsys)


async def imports(shell: Shell) -> None:
    """A story that goes alike with a server and without one."""
    assert await shell.run("conference", "import", FILE, "--dry-run") == 0
    assert "~ time zone of all times shown: Africa/Nairobi" in shell.out
    assert "+ room main-hall: Main hall" in shell.out
    assert (
        "+ session harbour-ht03: Budget hearing, first reading (harbour-room, 2026-12-01 10:00 UTC+3, fr)" in shell.out
    )
    assert await shell.run("conference", "import", FILE) == 1
    assert "again with --yes" in shell.errors
    assert await shell.run("conference", "import", FILE, "--yes", "--access", "link") == 0
    assert shell.out.endswith("Changes made: 11.\n")
    assert await shell.run("conference", "import", FILE) == 0
    assert "Nothing would change" in shell.out
    assert await shell.run("conference", "import", str(SAMPLES / "programme.ics")) == 0
    assert "Nothing would change" in shell.out


async def test_without_a_server_the_command_does_it_itself(shell: Shell) -> None:
    await imports(shell)


async def test_with_a_server_the_server_does_it(shell: Shell, tmp_path: Path) -> None:
    async with admin_house(tmp_path, clock=week_before()) as house:
        await imports(shell)
        assert len(house.running.backend.programme.planned()) == 8
        secretary = await house.secretary()
        assert "Budget hearing" in secretary.text


async def test_each_kind_of_change_has_its_line(shell: Shell, tmp_path: Path) -> None:
    config = tmp_path / "moothall.toml"
    config.write_text('[conference]\ntime_zone = "Asia/Kolkata"\n', encoding="utf-8")
    house = ("--config", str(config))
    file = tmp_path / "programme.csv"
    rows = ["id,title,room,start,duration,languages,speakers", "a,Opening,Hall,2026-12-01 10:00,1:00,en,Ana", "b,Gone"]
    file.write_text("\n".join(rows), encoding="utf-8")
    assert (
        await shell.run(
            "conference", "import", str(file), "--yes", "--timezone", "Africa/Nairobi", "--languages", "en", *house
        )
        == 0
    )
    file.write_text("\n".join([rows[0], "a,Beginning,Tent,,,fr,Ana;Bo"]), encoding="utf-8")
    assert await shell.run("conference", "import", str(file), "--yes", *house) == 0
    assert shell.out.splitlines() == [
        "+ room tent: Tent",
        "~ session a: title Opening -> Beginning",
        "~ session a: times 2026-12-01 12:30 UTC+5:30 to 2026-12-01 13:30 UTC+5:30 -> ? to ?",
        "~ session a: room hall -> tent",
        "~ session a: speakers Ana -> Ana, Bo",
        "! session a: fr in the file; its languages stay",
        "! session b: Gone is not in the file any more; it stays",
        "Changes made: 5.",
    ]


async def test_what_is_wrong_is_said_in_a_sentence(shell: Shell, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("<!DOCTYPE x><schedule/>", encoding="utf-8")
    for held in (False, True):
        async with admin_house(tmp_path) if held else asyncio.timeout(60):
            for arguments, why in (
                ([str(broken), "--yes"], "DOCTYPE"),
                ([str(tmp_path / "none")], "can't be read"),
                ([FILE, "--timezone", "Mars/Base"], "not known"),
            ):
                assert await shell.run("conference", "import", *arguments) == 1
                assert why in shell.errors
                assert shell.errors.startswith("moothall: ")


async def test_the_admin_link_is_printed_once_and_replaced(shell: Shell, tmp_path: Path) -> None:
    assert await shell.run("admin-link") == 0
    first = shell.out.removeprefix("Admin link: ").strip().rpartition("/")[2]
    assert await shell.run("admin-link") == 1
    assert "--new replaces it" in shell.errors
    async with admin_house(tmp_path) as house:
        browser = await house.browser()
        assert await browser.get(f"/enter/{first}") == 200
        assert await shell.run("admin-link") == 1
        assert await shell.run("admin-link", "--new") == 0
        second = shell.out.removeprefix("Admin link: ").strip()
        assert second.startswith(f"{house.running.address}/enter/")
        assert await browser.get("/admin") == 403
        assert await browser.get(f"/enter/{first}") == 404
        assert await browser.get(second) == 200


async def test_the_admin_link_may_have_limits_and_pass_by_the_sign_in(shell: Shell, tmp_path: Path) -> None:
    for hours in ("0", "-1", "9000", "nan", "soon"):
        with pytest.raises(SystemExit):
            await shell.run("admin-link", "--expires-in", hours)
    assert await shell.run("admin-link", "--expires-in", "0.5", "--one-browser") == 0
    assert await shell.run("admin-link", "--without-sign-in") == 0
    config = tmp_path / "moothall.toml"
    config.write_text("[sign_in]\nrequired_for_admin = true\n")
    assert await shell.run("admin-link", "--new", "--config", str(config)) == 0
    assert "It leads to the sign-in. --without-sign-in makes one" in shell.errors
    async with admin_house(tmp_path) as house:
        links = house.running.backend.links
        office, passing = links.list()
        assert links.terms(office.link) == LinkTerms()
        terms = links.terms(passing.link)
        assert (terms.one_browser, terms.without_sign_in) == (True, True)
        left = terms.expires - house.running.backend.clock.wall()
        assert 0 < left <= HOUR_MS


async def test_the_local_door_is_for_whoever_can_read_the_card(tmp_path: Path) -> None:
    path = tmp_path / "data" / CARD
    async with admin_house(tmp_path) as house:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        card = msgspec.json.decode(path.read_bytes(), type=Card)
        assert card.address.startswith("http://127.0.0.1:")
        async with aiohttp.ClientSession() as http:
            for token in ("", "x", card.token[:-1], "ü"):
                headers = {"Authorization": f"Bearer {token}"}
                for what in WITHOUT_CARD:
                    async with http.post(f"{card.address}/local/{what}", headers=headers, data=b"title\nA") as answer:
                        assert answer.status == 403
            headers = {"Authorization": f"Bearer {card.token}"}
            async with http.post(f"{card.address}/local/programme?access=x", headers=headers) as answer:
                assert answer.status == 400
            for what in WITHOUT_CARD:
                async with http.post(f"{house.running.address}/local/{what}", headers=headers) as answer:
                    assert answer.status == 404
        assert not house.running.draining.on
        assert house.running.backend.links.list() == ()
    assert not path.exists()


async def test_the_card_of_a_killed_server_is_no_obstacle(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    leave_card(tmp_path / "data", Card("http://127.0.0.1:9", "token"))
    assert await shell.run("admin-link") == 0
    (tmp_path / "data" / CARD).write_text("no card", encoding="utf-8")
    assert await shell.run("admin-link", "--new") == 1
    assert "takes no calls" in shell.errors
