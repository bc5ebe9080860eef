"""`moothall record`, with a server that holds the data folder and without one."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

import pytest

from moothall.adapters.store import sqlite_file
from moothall.cli.main import main
from moothall.cli.record.past import ImportProgress, read_original
from moothall.core.events.types import Access
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.retention.periods import DAY_MS, KeptKind
from support.desks.admin import admin_house
from unit.record.imports.test_own_json import ASKED, LEAST

VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann Lee>We begin\n\n00:02.000 --> 00:03.000\n<v Ann Lee>now, in Kisumu.\n"
OPENING = SessionId("2019-11-25-opening")


class Shell:
    """Runs commands on one data folder, and has what the last one said."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data = data
        self._capsys = capsys
        self.out = ""
        self.errors = ""

    async def run(self, *arguments: str) -> int:
        status = await asyncio.to_thread(main, ["record", *arguments, "--data", str(self.data)])
        self.out, self.errors = self._capsys.readouterr()
        return status


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path / "data", capsys)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "past"
    (folder / "more").mkdir(parents=True)
    files = {
        "2019-11-25 10.00 Opening (en).vtt": VTT,
        "2019-11-26 Bad (en).srt": "1\n00:00:01,000 --> soon\nx\n",
        "more/talk.txt": "MS. AÑEZ: Good morning.\n",
        "without a date (en).vtt": VTT,
        ".hidden.vtt": VTT,
        "notes.docx": "x",
        "import.csv": "file,title,start,language,session,text\nmore/talk.txt,A talk,2019-11-27 09:30,es,talk,floor\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


async def imports(shell: Shell, folder: Path) -> None:
    """A story that goes alike with a server and without one."""
    assert await shell.run("import", str(folder), "--young-people", "no", "--dry-run") == 1
    assert "Can be read: 2." in shell.out
    assert await shell.run("import", str(folder), "--young-people", "no") == 1
    assert "2019-11-26 Bad (en).srt: not imported. Line 2: This is no time of a caption" in shell.errors
    assert "without a date (en).vtt: not imported. It isn't said when this meeting began." in shell.errors
    assert "Imported: 2. Were there already: 0." in shell.out
    assert "Names that no programme lists were dropped: 2." in shell.out
    (folder / "2019-11-26 Bad (en).srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nx\n", encoding="utf-8")
    assert await shell.run("import", str(folder), "--young-people", "no") == 1
    assert "Imported: 1. Were there already: 2." in shell.out
    out = folder / "original"
    assert await shell.run("original", OPENING, "--out", str(out)) == 0
    assert out.read_text(encoding="utf-8") == VTT
    assert await shell.run("publish", OPENING) == 1
    assert "State on what ground" in shell.errors
    assert await shell.run("publish", OPENING, "--ground", "It was held in public.") == 0
    assert shell.out == f"{OPENING} may be read by everybody.\n"


async def test_without_a_server_the_command_does_it_itself(shell: Shell, folder: Path) -> None:
    await imports(shell, folder)
    assert await asyncio.to_thread(main, ["verify", "--data", str(shell.data)]) == 0


async def test_with_a_server_the_server_does_it_and_says_so_everywhere(
    shell: Shell, folder: Path, tmp_path: Path
) -> None:
    async with admin_house(tmp_path) as house:
        await imports(shell, folder)
        browser = await house.browser()
        assert await browser.get("/s/talk?ui=en") == 404
        assert await browser.get(f"/s/{OPENING}?ui=en") == 200
        assert "Imported on" in browser.text
        assert "It may be read on this ground: It was held in public." in browser.text
        assert "We begin now, in Kisumu." in browser.text
        assert "Ann Lee" not in browser.text
        for form in ("vtt", "txt", "html", "json"):
            assert await browser.get(f"/s/{OPENING}/record.{form}?ui=en") == 200
            assert "from a file (WebVTT)" in browser.text, form
        assert await browser.get(f"/s/{OPENING}/record.vtt?ui=en") == 200
        assert "00:00:01.000 --> 00:00:02.000\nWe begin\n" in browser.text
        assert await browser.get("/?ui=en") == 200
        assert "Imported" in browser.text
        secretary = await house.secretary()
        assert await secretary.get("/admin/meetings/talk?ui=en") == 200
        assert "Imported" in secretary.text


async def test_young_people_are_asked_about_first(shell: Shell, folder: Path) -> None:
    assert await shell.run("import", str(folder)) == 1
    assert "--young-people yes, or --young-people no" in shell.errors
    assert not shell.data.exists()
    file = str(folder / "2019-11-25 10.00 Opening (en).vtt")
    assert await shell.run("import", file, "--young-people", "yes", "--keep-names", "x") == 1
    assert "no names are kept" in shell.errors
    assert await shell.run("import", file, "--young-people", "yes") == 0
    assert await shell.run("original", OPENING, "--out", str(folder / "out")) == 1
    assert "young people took part" in shell.errors


async def test_names_of_those_who_asked_are_dropped_and_counted(shell: Shell, tmp_path: Path) -> None:
    asked = {**ASKED, "name": "Bob"}
    record = {**LEAST, "session": {**LEAST["session"], "opened": 1_574_676_000_000}, "interventions": [asked]}
    file = tmp_path / "past.json"
    file.write_text(json.dumps(record), encoding="utf-8")
    assert await shell.run("import", str(file), "--young-people", "no") == 0
    assert "dropped: 1." in shell.out


async def test_what_is_wrong_is_said_in_a_sentence(shell: Shell, folder: Path) -> None:
    empty = folder / "empty"
    empty.mkdir()
    table = folder / "import.csv"
    for arguments, why in (
        ([str(folder / "none")], "can't be read"),
        ([str(empty)], "has no file to import"),
        ([str(folder), "--timezone", "Mars/Base"], "not known"),
        ([str(folder), "--language", "no language"], "is no language"),
        ([str(folder), "--keep-names", "x" * 501], "at most 500"),
    ):
        assert await shell.run("import", *arguments, "--young-people", "no") == 1
        assert shell.errors.startswith("moothall: ")
        assert why in shell.errors
    for content, why in (("file\ngone.vtt\n", "files that are not there: gone.vtt"), ("what\n", "Line 1:")):
        table.write_text(content, encoding="utf-8")
        assert await shell.run("import", str(folder), "--young-people", "no") == 1
        assert why in shell.errors
    assert await shell.run("publish", "nothing", "--ground", "x", "--access", Access.LINK.value) == 1
    assert "no imported meeting" in shell.errors


async def test_names_are_kept_by_a_statement(shell: Shell, folder: Path) -> None:
    file = str(folder / "2019-11-25 10.00 Opening (en).vtt")
    assert await shell.run("import", file, "--young-people", "no", "--keep-names", "The speakers agreed.") == 0
    assert "dropped" not in shell.out
    reader = sqlite_file.LogReader(sqlite_file.open_for_reading(shell.data / sqlite_file.FILE_NAME))
    try:
        bodies = [record.body or b"" for record in reader.all(OPENING)]
    finally:
        reader.close()
    assert any(b"Ann Lee" in body for body in bodies)
    with pytest.raises(ConfigurationError):
        read_original(shell.data, OPENING, ChannelId("fr"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_shows_how_far_it_is() -> None:
    out = Terminal()
    progress = ImportProgress(4, out)
    progress.at(2, "a.vtt")
    progress.say("b.vtt: not imported.")
    progress.end()
    assert "[##############..............] 2 of 4 a.vtt" in out.getvalue()
    assert "b.vtt: not imported.\n" in out.getvalue()
    plain = io.StringIO()
    progress = ImportProgress(4, plain)
    for n in range(5):
        progress.at(n, "a")
    progress.end()
    assert plain.getvalue().splitlines() == [f"{n} of 4 files" for n in range(1, 5)]


async def test_what_is_due_of_an_imported_meeting_is_listed_since_its_import(
    shell: Shell, folder: Path, tmp_path: Path
) -> None:
    await imports(shell, folder)
    assert await shell.run("due") == 0
    assert shell.out == "Nothing is due within 30 days.\n"
    config = tmp_path / "moothall.toml"
    config.write_text('[retention]\ntext = "7 days"\n')
    short = ("due", "--config", str(config))
    assert await shell.run(*short) == 0
    assert sorted(line.split("  ")[1] for line in shell.out.splitlines()) == [
        f"{OPENING}: text",
        "2019-11-26-bad: text",
        "talk: text",
    ]
    assert await shell.run(*short, "--json") == 0
    listed = json.loads(shell.out)
    assert listed["notice_days"] == 30
    assert all(each["removed"] - each["due"] > 22 * DAY_MS for each in listed["items"]), (
        "listed for a month all the same"
    )
    async with admin_house(shell.data.parent) as house:
        assert await shell.run("due") == 0
        assert shell.out == "Nothing is due within 30 days.\n"
        await house.running.backend.retention.state({KeptKind.TEXT: "8 days"}, "office")
        assert await shell.run("due") == 0
        assert f"{OPENING}: text" in shell.out
