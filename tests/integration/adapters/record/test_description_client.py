"""A client that a stock generator, which is none of ours, makes of the served description, used against a real server:
every operation is called, and what comes back is what the description says.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import aiohttp
import pytest

from moothall.adapters.record.description_door import ACTS, DOORS
from moothall.app.hall import RunningServer, hall
from moothall.core.programme.plan import Room, RoomId
from moothall.core.tokens.scopes import TokenScope
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from support.files.programme_files import sample
from support.halls.removal import SESSION, held, published

PACKAGE = "generated_client"
FILES = sorted({door.kind for door in DOORS if door.answer is None})
CONFIGURATION = "post_hooks: []\ncontent_type_overrides:\n" + "".join(
    f"  {kind}: application/octet-stream\n" for kind in FILES
)
"""Of the generator: no formatting afterwards, and media types that it doesn't know are files."""


class House(NamedTuple):
    """A server with a closed public session, and a client that was made of its description."""

    running: RunningServer
    client: Any
    """Of a program without a token."""
    staff: Any
    """Of a program with a token of all scopes."""

    def operation(self, tag: str, name: str) -> ModuleType:
        """The module of an operation."""
        return importlib.import_module(f"{PACKAGE}.api.{tag}.{name}")

    @property
    def models(self) -> ModuleType:
        """The types of the client."""
        return importlib.import_module(f"{PACKAGE}.models")


@pytest.fixture
def importable(tmp_path: Path) -> Iterator[Path]:
    """A folder of which modules can be imported; afterwards the client isn't there any more."""
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path.remove(str(tmp_path))
    for name in [each for each in sys.modules if each.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
async def house(importable: Path) -> AsyncIterator[House]:
    settings = Settings(
        server=Server(port=0, data=str(importable / "data")),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running:
        await held(running)
        await published(running)
        await running.backend.programme.keep(rooms=[Room(id=RoomId("hall"), title="Main hall")])
        async with aiohttp.ClientSession() as http, http.get(f"{running.address}/openapi.json") as response:
            (importable / "openapi.json").write_bytes(await response.read())
        await generated(importable)
        made = importlib.import_module(f"{PACKAGE}.client")
        accept = {"Accept": "application/json"}
        _, token = await running.backend.tokens.create("client", tuple(TokenScope), 1)
        client = made.Client(base_url=running.address, headers=accept, raise_on_unexpected_status=True)
        staff = made.AuthenticatedClient(base_url=running.address, token=token, raise_on_unexpected_status=True)
        async with client, staff:
            yield House(running, client, staff)


async def generated(folder: Path) -> None:
    """Make the client; it has to be whole."""
    (folder / "configuration.yml").write_text(CONFIGURATION, encoding="utf-8")
    options = ("--path", "openapi.json", "--config", "configuration.yml", "--meta", "none", "--fail-on-warning")
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "openapi_python_client", "generate", *options, "--output-path", PACKAGE),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await program.communicate()
    assert program.returncode == 0, said.decode()


async def test_every_operation_that_is_described_does_what_the_description_says(house: House) -> None:
    models, called = house.models, set[str]()

    async def public(name: str, kind: str = "", **given: object) -> Any:
        called.add(name)
        answer = await house.operation("public", name).asyncio_detailed(client=house.client, **given)
        assert answer.status_code == 200, name
        assert type(answer.parsed).__name__ == (kind or "File"), name
        return answer.parsed

    async def staff(tag: str, name: str, kind: str, *path: str, **given: object) -> Any:
        called.add(name)
        answer = await house.operation(tag, name).asyncio_detailed(*path, client=house.staff, **given)
        assert (answer.status_code, type(answer.parsed).__name__) == (200, kind), (name, answer.parsed)
        refused = await house.operation(tag, name).asyncio_detailed(*path, client=house.client, **given)
        assert (refused.status_code, type(refused.parsed).__name__) == (401, "ActRefused"), name
        return answer.parsed

    record = await public("read_record", "Document", session=SESSION, language="en")
    assert record.session.title
    await public("list_sound", "SoundListing", session=SESSION)
    found = await public("search", "JsonResults", q=record.lines[0].text.split()[0])
    assert found.total > 0
    assert isinstance(found.moments[0].marks[0], list)
    news = await public("read_news", "JsonFeed", session=SESSION)
    assert len(news.items) >= 1
    gone = await public("list_withdrawals", "Withdrawals", session=SESSION)
    assert gone.sessions[0].session == SESSION
    await public("count_removals", "RemovalCounts")
    assert (await public("dump_records")).payload.read().startswith(b'{"format":"moothall.session"')
    assert (await public("take_bundle")).payload.read(2) == b"PK"
    assert (await public("take_session_bundle", session=SESSION)).payload.read(2) == b"PK"
    assert (await public("take_proceedings")).payload.read(2) == b"PK"
    assert (await public("print_proceedings")).payload.read(4) == b"%PDF"

    starts = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
    wanted = models.NewSession(title="Water", languages=["en"], room="hall", starts=starts)
    made = await staff("sessions", "make_session", "SessionFacts", "water", body=wanted)
    assert (made.title, made.starts, made.status, made.ends) == ("Water", starts, models.Status.CREATED, None)
    change = models.SessionChange(title="Water for all", access=models.Access.LINK)
    changed = await staff("sessions", "change_session", "SessionFacts", "water", body=change)
    assert (changed.title, changed.room, changed.access) == ("Water for all", "hall", models.Access.LINK)
    order = models.LinksOrder(roles=[models.Role.MODERATOR], day=date(2027, 3, 1))
    links = await staff("links", "make_links", "LinksAnswer", body=order)
    assert [link.good_for for link in links.made] == ["session:water"]
    radio = models.StreamOrder(address="http://127.0.0.1/live")
    tried = await staff("streams", "try_stream", "TriedAnswer", body=radio)
    assert (tried.tried.trouble, len(tried.says)) == (models.StreamFault.PRIVATE, 1)
    assert (await staff("streams", "list_streams", "StreamAnswer", "water")).streams == []
    fed = (await staff("streams", "choose_stream", "StreamAnswer", "water", "floor", body=radio)).streams
    assert [(each.channel, each.state) for each in fed] == [("floor", models.PullState.WAITING)]
    assert (await staff("streams", "remove_stream", "StreamAnswer", "water", "floor")).streams == []
    assert (await staff("sessions", "open_session", "SessionFacts", "water")).opened is not None
    assert (await staff("sessions", "close_session", "SessionFacts", "water")).closed is not None
    seal = models.SealOrder(version=models.SealVersion.CHECKED)
    assert (await staff("record", "seal_record", "SessionFacts", "water", body=seal)).seals[0].n == 1
    await staff("sessions", "reopen_session", "SessionFacts", "water")
    shown = await staff("sessions", "show_session", "SessionFacts", "water")
    assert shown.status is models.Status.OPEN
    listed = await staff("sessions", "list_sessions", "SessionList")
    assert "water" in {each.session for each in listed.sessions}
    file = importlib.import_module(f"{PACKAGE}.types").File(payload=sample("programme.csv"))
    told = await staff("programme", "import_programme", "ProgrammeImport", body=file, zone="UTC", apply="1")
    assert told.done == len(told.changes)

    inner = await house.operation("public", "read_record").asyncio_detailed("water", client=house.staff)
    assert (inner.status_code, inner.parsed.session.title) == (200, "Water for all")
    outer = await house.operation("public", "read_record").asyncio_detailed("water", client=house.client)
    assert outer.status_code == 404

    missing = await house.operation("sessions", "show_session").asyncio_detailed("none", client=house.staff)
    assert (missing.status_code, missing.parsed.error) == (404, "There is no such session here.")
    assert {snake(name) for name in [*(door.name for door in DOORS), *(act.name for act in ACTS)]} == called


def snake(name: str) -> str:
    """The name of an operation as the generator writes it."""
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name)
