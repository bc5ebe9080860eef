"""A language that comes into the store while a meeting is on, is read, and goes again: real models, and servers that
share a store.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from moothall.adapters.reading.reader_client import follow
from moothall.core.commands import BeginNotRecorded, EndNotRecorded
from moothall.core.events.lines import SegmentCorrected, SegmentOpened
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId
from moothall.core.kernel.lanes import Feed
from moothall.core.removal.selection import Lines
from moothall.core.signals import Unrecorded
from moothall.services.log.act_queue import Receipt
from moothall.services.translation.translating import HOW_TO_ADD
from moothall.settings.sections import Translation
from moothall_hub.mirror.offers import SessionChoice
from moothall_models.store import firefox_folder, languages_command, packages_folder
from support.halls.translated_meeting import FLOOR, PT, S, TranslatedMeeting, own_store, translated
from support.hubs.node import running_hub
from support.hubs.together import SESSION, Meeting, centre, paired, shows, until
from support.models.argos_packages import put_package, written
from support.models.firefox_registry import Shelf, served, weights
from support.record.trees import unpacked

AR = ChannelId("mt-ar")
FILES = ("vtt", "srt", "ttml", "txt", "html", "docx", "epub", "json", "akn")


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with served() as shelf:
        for pair in (("en", "pt"), ("pt", "en")):
            shelf.put(*pair, weights(*pair))
        yield shelf


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Path]:
    """The store of this machine, empty, for servers and their programs."""
    with own_store(tmp_path / "models") as folder:
        yield folder


def translation(shelf: Shelf, *translators: str) -> Translation:
    return Translation(languages=("pt",), translators=translators, registry=shelf.registry)


async def add(on: TranslatedMeeting) -> None:
    """Add Portuguese as the secretariat does."""
    orders = on.running.translation.adding
    assert orders is not None
    orders.look()
    await on.comes(lambda: not orders.now.looking)
    assert orders.add("pt")
    await on.comes(lambda: not orders.now.busy)
    assert orders.now.failures == ()


async def remove(store: Path) -> None:
    argv = ["remove", "pt"]
    code = await asyncio.to_thread(
        languages_command, argv, folder=firefox_folder(store), out=io.StringIO(), err=io.StringIO()
    )
    assert code == 0


async def made(on: TranslatedMeeting, name: str, channel: ChannelId = PT) -> None:
    await on.comes(lambda: bool(on.read(name, channel)))


async def gone(on: TranslatedMeeting) -> None:
    """Wait until the translators are there again, without a language."""
    translators = on.running.translation.translators
    await on.comes(lambda: translators.connected and not reached(on))


def reached(on: TranslatedMeeting) -> set[str]:
    return {direction.target for direction in on.running.translation.translators.directions}


async def page(on: TranslatedMeeting) -> str:
    """The page of a reader of the translation."""
    address = f"{on.running.address}/s/{S}?ui=en&channel={PT}"
    async with ClientSession() as http, http.get(address) as answer:
        assert answer.status == 200
        return await answer.text()


@pytest.mark.slow  # 10 s of CPU.
async def test_servers_that_share_a_store_have_what_one_adds_and_removes_and_go_on_without_it(
    shelf: Shelf, store: Path, tmp_path: Path
) -> None:
    settings = translation(shelf, "firefox")
    async with translated(tmp_path / "a", settings) as here, translated(tmp_path / "b", settings) as there:
        both = (here, there)
        for on in both:
            await on.says("a", "The meeting is open.")
        await add(here)
        for on in both:
            await made(on, "a")
            assert on.read("a", PT) == "A reunião está aberta."
        asked = len(shelf.asked)
        await add(there)
        assert [path for path, _ in shelf.asked[asked:]] == ["/db/models.json"] * 2, "its files are there"
        frames = follow(f"{there.running.address}/s/{S}", Feed(PT), there.running.backend.clock)
        await anext(frames)
        await remove(store)
        for on in both:
            await gone(on)
            await on.says("b", "We begin with the agenda.")
        async for frame, _ in frames:  # Whoever reads it goes on reading, with what is said.
            if any(signal.text == "We begin with the agenda." for signal in frame.signals if hasattr(signal, "text")):
                break
        await frames.aclose()
        for on in both:
            assert on.read("b", PT) == ""
            assert 'Not translated here:\n<bdi lang="pt" data-tag="pt">Português</bdi>' in await page(on)
            reach = on.running.translation.reach()
            assert f"Languages of the record that nothing here translates: pt. {HOW_TO_ADD}" in reach.missing
        await asyncio.to_thread(shelf.bring, "pt", store)
        for on in both:
            await made(on, "b")
            assert "Not translated here" not in await page(on)


async def test_where_another_translator_has_the_language_too_a_reader_notices_nothing(
    shelf: Shelf, store: Path, tmp_path: Path
) -> None:
    async with translated(tmp_path / "data", translation(shelf, "firefox", "bergamot")) as on:
        engines = on.running.translation.texts
        await on.says("a", "The meeting is open.")
        await made(on, "a")
        await asyncio.to_thread(shelf.bring, "pt", store)
        await on.comes(lambda: route_of(on, "firefox"))
        await on.says("b", "The meeting is open.")
        await made(on, "b")
        await remove(store)
        await on.comes(lambda: engines.route("en", "pt") is not None and not route_of(on, "firefox"))
        await on.says("c", "The meeting is open.")
        await made(on, "c")
        assert {on.read(name, PT) for name in "abc"} == {"A reunião está aberta."}
        assert [made_by(on, name) for name in "abc"] == ["bergamot", "firefox", "bergamot"]
        assert "Not translated here" not in await page(on)


def route_of(on: TranslatedMeeting, engine: str) -> bool:
    route = on.running.translation.texts.route("en", "pt")
    return route is not None and route.hops[0].engine == engine


def made_by(on: TranslatedMeeting, name: str) -> str:
    line = on.live.state.segments.get(SegmentId(f"{name}-{PT}"))
    assert line is not None
    assert line.made_from is not None
    return line.made_from.route.partition(" ")[0]


@pytest.mark.parametrize(("channel", "translators"), [(PT, ("firefox",)), (AR, ("argos",))])
async def test_an_added_language_keeps_up_with_all_that_a_meeting_does(
    channel: ChannelId, translators: tuple[str, ...], shelf: Shelf, store: Path, tmp_path: Path
) -> None:
    """Corrections, what is not recorded, removals, and a restart, for a model that came while the meeting was on."""
    target = channel.removeprefix("mt-")
    settings = Translation(languages=("en", target), translators=translators, registry=shelf.registry)
    said = {
        "a": ("The meeting is open.", "A reunião está aberta."),
        "b": ("The meeting is closed.", "A reunião está encerrada."),
    }
    if channel == AR:
        said = {name: (text, written(text, "en", "ar").capitalize()) for name, (text, _) in said.items()}
    async with translated(tmp_path / "data", settings) as on:
        await on.says("a", said["a"][0])
        await on.comes(lambda: on.running.translation.translators.connected)
        if channel == AR:
            packages_folder(store).mkdir(parents=True)
            await asyncio.to_thread(put_package, packages_folder(store), "en", "ar")
        else:
            await asyncio.to_thread(shelf.bring, "pt", store)
        await on.comes(lambda: on.read("a", channel) == said["a"][1])
        await on.corrects("a", said["b"][0])
        await on.comes(lambda: on.read("a", channel) == said["b"][1])
        shown: list[Unrecorded] = []
        on.live.writer.listen(
            lambda publication: shown.extend(
                each for each in publication.signals if isinstance(each, Unrecorded) and each.channel == channel
            )
        )
        await on.do(BeginNotRecorded(), by=SYSTEM)
        on.live.writer.signal(Unrecorded(channel=FLOOR, text=said["a"][0], language="en"))
        await on.comes(lambda: [each.text for each in shown] == [said["a"][1]])
        await on.do(EndNotRecorded(), by=SYSTEM)
        await on.says("r", said["a"][0])
        await made(on, "r", channel)
        taken = await on.live.writer.remove(Actor(Role.SECRETARIAT, "s"), CommandId("remove"), Lines((SegmentId("r"),)))
        assert isinstance(taken, Receipt)
        await on.comes(lambda: not on.read("r", channel))
    async with translated(tmp_path / "data", settings) as on:
        await on.comes(lambda: target in reached(on))
        await on.says("b", said["b"][0])
        await made(on, "b", channel)
        assert on.read("a", channel) == on.read("b", channel) == said["b"][1]
        assert on.read("r", channel) == ""
        opened = [event.segment for event in on.events if isinstance(event, SegmentOpened)]
        assert opened == ["b", f"b-{channel}"], "nothing is made twice"
        assert not any(isinstance(event, SegmentCorrected) for event in on.events)


async def test_a_hub_gets_a_language_that_is_added_while_it_is_linked(
    shelf: Shelf, store: Path, tmp_path: Path
) -> None:
    settings = translation(shelf, "firefox")
    async with (
        ClientSession() as client,
        centre(tmp_path / "centre", translation=settings) as running,
        running_hub(tmp_path / "hub") as hub,
    ):
        meeting = Meeting(running)
        await meeting.begin()
        await meeting.say("The meeting is open.")
        await paired(running, hub)
        await hub.parts.offers.set(SessionChoice(languages=("pt",)))
        page = f"{hub.own}/s/{SESSION}?ui=en"
        await until(shows(client, page, "The meeting is open."))
        assert not await shows(client, page, f"channel={PT}")()
        await asyncio.to_thread(shelf.bring, "pt", store)
        await until(shows(client, page, f"channel={PT}"))
        read = f"{page}&channel={PT}"
        await until(shows(client, read, "A reunião está aberta."))
        notice, original = "A machine translates this text, and it makes mistakes", "channel=floor"
        spanned = f"{hub.own}/s/{SESSION}/missed?from=0&to=9999999&ui=en&channel={PT}"
        for path in (read, spanned):
            for said in ("A reunião está aberta.", notice, original):
                assert await shows(client, path, said)(), (path, said)
        for form in ("read?", "screen?", "overlay?", "embed?", "text?all=1&", *(f"record.{form}?" for form in FILES)):
            async with client.get(f"{hub.own}/s/{SESSION}/{form}ui=en&channel={PT}") as answer:
                said = unpacked(await (answer.content.readany() if "text?" in form else answer.read())).decode()
            assert "ranslate" in said, form
            assert "not official" in said, form
            assert original in said or form in ("screen?", "overlay?"), form
