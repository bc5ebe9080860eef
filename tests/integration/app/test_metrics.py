"""Metrics of a running server: those named by dashboards and alerts exist, and none identifies people or content."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from moothall.adapters.admin.local_door import Caller
from moothall.adapters.metrics.metrics import BY_NAME, MOST_SESSIONS, MetricKind
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId, SpeakerId
from moothall.core.signals import ChannelState, Sound
from moothall.services.log.act_queue import Receipt
from moothall.services.metrics.measures import FEWEST_READERS
from moothall.settings.sections import EngineSection, Metrics, Server, Settings, Translation

ROOT = Path(__file__).resolve().parents[3]
SESSION, FLOOR = SessionId("plenary"), ChannelId("floor")
TITLE, NAMED, SPOKEN = "Hedgerow", "Quillfeather", "mallow"
DASHBOARD, ALERTS = ROOT / "config/grafana/moothall.json", ROOT / "config/prometheus/alerts.yml"


def settings(folder: Path, **metrics: Any) -> Settings:
    return Settings(
        server=Server(port=0, data=str(folder / "data")),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
        metrics=Metrics(**{"port": 0, **metrics}),
    )


@asynccontextmanager
async def open_hall(folder: Path) -> AsyncIterator[RunningServer]:
    """A server with one session that is on, in which somebody with a name has said a word."""
    async with hall(settings(folder)) as running:
        await begin(running, SESSION)
        yield running


async def begin(running: RunningServer, session: SessionId) -> None:
    live = await running.backend.sessions.open(session)
    acts: tuple[tuple[Actor, tuple[do.AnyCommand, ...]], ...] = (
        (
            SYSTEM,
            (
                do.CreateSession(title=TITLE, languages=("en",)),
                do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
                do.OpenSession(),
                do.IntroduceSpeaker(speaker=SpeakerId("p1"), name=NAMED),
                do.AttachEngine(channel=FLOOR, model="scripted"),
            ),
        ),
        (
            Actor(Role.ENGINE, "scripted"),
            (
                do.CommitWords(
                    channel=FLOOR,
                    generation=1,
                    segment=SegmentId("s1"),
                    first=0,
                    words=(le.Word(f" {SPOKEN}", 0, 100),),
                    start=do.SegmentStart(t0=0, language="en"),
                ),
            ),
        ),
    )
    for number, (actor, commands) in enumerate(acts):
        answer = await live.writer.send(actor, CommandId(f"a{number}"), commands)
        assert isinstance(answer, Receipt), answer
    live.writer.signal(ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=1_500, t=100))


async def scraped(running: RunningServer) -> str:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{running.metrics_port}/metrics") as answer:
        assert answer.status == 200
        return await answer.text()


Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    """Values by name and labels."""
    found = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in found}


def value(text: str, name: str, **labels: str) -> float | None:
    return samples(text).get((name, frozenset(labels.items())))


async def reading(stack: AsyncExitStack, running: RunningServer, count: int, session: SessionId = SESSION) -> None:
    """So many readers, of whom one comes by WebSocket."""
    http = await stack.enter_async_context(aiohttp.ClientSession(running.address))
    for _ in range(count - 1):
        stream = await stack.enter_async_context(http.get(f"/s/{session}/events"))
        await stream.content.readuntil(b"snapshot")
    socket = await stack.enter_async_context(http.ws_connect(f"/s/{session}/ws"))
    await socket.receive()


async def test_what_happens_is_counted_and_timed(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as running, AsyncExitStack() as stack:
        await reading(stack, running, FEWEST_READERS)
        live = running.backend.sessions.loaded(SESSION)
        assert live is not None
        refused = await live.writer.send(SYSTEM, CommandId("o"), do.OpenSession())
        assert not isinstance(refused, Receipt)
        text = await scraped(running)
        assert value(text, "moothall_ready") == 1
        assert value(text, "moothall_sessions", status="open") == 1
        assert value(text, "moothall_readers", door="events", language="en") == FEWEST_READERS - 1
        assert value(text, "moothall_readers", door="ws", language="en") == 1
        assert value(text, "moothall_session_readers", session=SESSION) == FEWEST_READERS
        assert value(text, "moothall_readers_joined_total", start="new") == FEWEST_READERS
        assert value(text, "moothall_append_seconds_count") == 2
        assert value(text, "moothall_append_to_written_seconds_count") == 2
        assert (value(text, "moothall_events_appended_total") or 0) >= 7
        assert value(text, "moothall_commands_refused_total", code=refused.code.value) == 1
        assert value(text, "moothall_channel_lag_seconds", session=SESSION, channel=FLOOR) == 1.5
        assert value(text, "moothall_channel_words_timestamp_seconds", session=SESSION, channel=FLOOR) is not None
        assert (value(text, "moothall_folder_bytes", folder="log") or 0) > 0
        assert (value(text, "process_open_fds") or 0) > FEWEST_READERS


async def test_the_public_port_tells_no_metrics(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as running, aiohttp.ClientSession() as http:
        assert "moothall_ready" in await scraped(running)
        assert int(running.address.rpartition(":")[2]) != running.metrics_port
        async with http.get(f"{running.address}/metrics") as answer:
            assert answer.status == 404
            assert "moothall_ready" not in await answer.text()


async def test_few_readers_of_a_session_are_not_told(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as running, AsyncExitStack() as stack:
        await reading(stack, running, FEWEST_READERS - 1)
        text = await scraped(running)
        assert sum(running.backend.measures.readers.values()) == FEWEST_READERS - 1
        assert "moothall_session_readers{" not in text
        assert "moothall_readers{" not in text
        status = await Caller(running.backend.data).status()
        assert (status.sessions[0].readers, status.readers) == (None, 0)


async def test_nor_do_they_follow_from_the_readers_of_all_sessions(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as running, AsyncExitStack() as stack:
        await begin(running, SessionId("other"))
        await reading(stack, running, FEWEST_READERS + 1)
        await reading(stack, running, FEWEST_READERS - 1, SessionId("other"))
        text = await scraped(running)
        told = [number for (name, _), number in samples(text).items() if name == "moothall_readers"]
        assert sum(told) == value(text, "moothall_session_readers", session=SESSION) == FEWEST_READERS + 1
        status = await Caller(running.backend.data).status()
        assert {each.session: each.readers for each in status.sessions} == {SESSION: FEWEST_READERS + 1, "other": None}
        assert status.readers == FEWEST_READERS + 1


async def test_readers_who_leave_are_counted_no_more(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as running:
        async with AsyncExitStack() as stack:
            await reading(stack, running, FEWEST_READERS)
            assert "moothall_readers{" in await scraped(running)
        while running.backend.measures.readers:
            await scraped(running)
        assert "moothall_readers{" not in await scraped(running)


async def test_no_label_carries_a_title_a_name_a_text_or_an_address(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as running, AsyncExitStack() as stack:
        await reading(stack, running, FEWEST_READERS)
        _, token = await running.backend.links.create(Role.MODERATOR, "hall", NAMED)
        text = await scraped(running)
        for hidden in (TITLE, NAMED, SPOKEN, token, "127.0.0.1"):
            assert hidden not in text
        for name, labels in samples(text):
            described = BY_NAME.get(re.sub(r"_(bucket|count|sum)$", "", name)) or BY_NAME.get(name)
            if described is not None:
                assert {label for label, _ in labels} - {"le"} == set(described.labels), name


async def test_only_the_newest_sessions_have_series_of_their_own(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        for number in range(MOST_SESSIONS + 3):
            await begin(running, SessionId(f"s{number}"))
        text = await scraped(running)
        of_their_own = {dict(labels)["session"] for _, labels in samples(text) if "session" in dict(labels)}
        assert len(of_their_own) == MOST_SESSIONS
        assert f"s{MOST_SESSIONS + 2}" in of_their_own
        assert value(text, "moothall_sessions", status="open") == MOST_SESSIONS + 3


async def test_a_server_whose_port_for_metrics_is_taken_goes_on_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with hall(settings(tmp_path / "a")) as first:
        assert first.metrics_port is not None
        async with hall(settings(tmp_path / "b", port=first.metrics_port)) as second:
            assert second.metrics_port is None
            async with aiohttp.ClientSession(second.address) as http, http.get("/readyz") as answer:
                assert answer.status == 200
    assert [each.levelname for each in caplog.records if "metrics" in each.message] == ["WARNING"]


async def test_no_metrics_are_told_where_none_are_wanted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with hall(settings(tmp_path, host="")) as running:
        assert running.metrics_port is None
    assert "metrics" not in caplog.text


# What dashboards and alerts name

OF_THE_PROCESS = frozenset({"instance", "job"})
"""Labels that Prometheus itself adds."""
NAME = re.compile(r"\b((?:moothall|process)_[a-z_]+)(?:\{([^}]*)\})?")
SUFFIX = re.compile(r"_(bucket|count|sum)$")


def dashboard() -> dict[str, Any]:
    return msgspec.json.decode(DASHBOARD.read_bytes(), type=dict[str, Any])


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return list(group["rules"])


def expressions() -> Iterator[tuple[str, str, str]]:
    """Of each panel and rule: its title, what it asks, and what it writes beside that."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"], target["legendFormat"]
    for rule in rules():
        yield rule["alert"], rule["expr"], str(rule["annotations"])


def labels_in(matchers: str) -> set[str]:
    return set(re.findall(r"([a-z_]+)\s*=~?", matchers))


async def test_every_metric_and_label_of_dashboards_and_alerts_is_in_a_scrape(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as running:
        text = await scraped(running)
    families = {family.name: family for family in text_string_to_metric_families(text)}
    there = set(families) | {sample for sample, _ in samples(text)}
    there |= {each.name for each in BY_NAME.values() if each.kind is MetricKind.COUNTER and each.name[:-6] in families}
    asked = list(expressions())
    assert len(asked) > 60
    for title, expression, beside in asked:
        found = NAME.findall(expression)
        assert found, title
        known = set(OF_THE_PROCESS)
        for name, matchers in found:
            family = SUFFIX.sub("", name)
            assert name in there or family in there, f"{title}: {name}"
            own = set(BY_NAME[family].labels) if family in BY_NAME else set()
            if name.endswith("_bucket"):
                own.add("le")
            assert labels_in(matchers) <= own | OF_THE_PROCESS, f"{title}: {matchers}"
            known |= own
        grouped = re.findall(r"\b(?:by|on|without|ignoring) ?\(([^)]*)\)", expression)
        used = {label for group in grouped for label in re.findall(r"[a-z_]+", group)}
        used |= set(re.findall(r"\{\{ ?(?:\$labels\.)?([a-z_]+) ?\}\}", beside))
        assert used <= known, f"{title}: {used - known}"


def test_every_metric_is_on_the_dashboard_or_in_an_alert() -> None:
    named = {SUFFIX.sub("", name) for _, expression, _ in expressions() for name, _ in NAME.findall(expression)}
    missing = set(BY_NAME) - named
    assert (
        missing
        == {
            "moothall_channel_sound_timestamp_seconds",
            "moothall_channel_speech_timestamp_seconds",
            "moothall_hub_received_bytes_total",
            "moothall_hub_sent_bytes_total",
        }
        - named
    )


def test_kinds_of_alarms_that_alerts_name_exist() -> None:
    page = (ROOT / "docs/reference/alarms.md").read_text(encoding="utf-8")
    kinds = set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE))
    named = re.findall(r'moothall_alarms\{kind=~"([^"]+)"', "".join(rule["expr"] for rule in rules()))
    assert {kind for each in named for kind in each.split("|")} <= kinds
    assert len(named) > 1


def test_the_dashboard_is_one_that_grafana_10_takes() -> None:
    made = dashboard()
    assert made["schemaVersion"] >= 38
    assert made["id"] is None
    panels = made["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
            letters = [target["refId"] for target in panel["targets"]]
            assert letters == sorted(set(letters))
    assert {each["name"] for each in made["templating"]["list"]} == {"datasource", "instance"}


def test_every_alert_says_how_urgent_it_is_and_what_to_do_stands_on_its_page() -> None:
    page = (ROOT / "docs/how-to/monitoring.md").read_text(encoding="utf-8")
    table = [line for line in page.splitlines() if line.startswith("| `Moothall")]
    named = [name for line in table for name in re.findall(r"`(Moothall\w+)`", line.split("|")[1])]
    assert named == [rule["alert"] for rule in rules()]
    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"].endswith((".", ")."))


def test_both_files_are_plain_data() -> None:
    assert json.loads(DASHBOARD.read_text(encoding="utf-8"))["uid"] == "moothall"
    assert rules()
