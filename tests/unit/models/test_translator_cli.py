from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_sockets

from moothall.core.kernel.errors import ConfigurationError
from moothall.wire import translation as wire
from moothall.wire.kinds import OTHER_VERSION
from moothall_models.engine.dialling import EngineServer, JitteredBackoff
from moothall_models.store.translators import find_translators
from moothall_models.translator_cli import main, serve, serve_what_is_here
from moothall_models.translator_process import TranslatorService
from moothall_models.translators.echo import EchoTranslator

URL = ["--url", "ws://127.0.0.1:1/"]


def test_translators_are_found_by_their_names() -> None:
    (echo,) = find_translators(["echo"])
    assert isinstance(echo, EchoTranslator)
    assert len(find_translators()) == 4
    assert find_translators(["none"]) == ()
    assert len(find_translators(["apertium"])) == 1
    with pytest.raises(ConfigurationError, match="no translator 'babel'; there are bergamot, apertium, argos, firefox"):
        find_translators(["babel"])


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        ([*URL], {}, "needs its token"),
        ([*URL, "--only", "babel"], {"MOOTHALL_ENGINE_TOKEN": "t"}, "no translator 'babel'"),
        ([*URL, "--only", "echo", "--service", "openai:m@https://api.example.org/v1"], {}, "needs its token"),
        (
            [*URL, "--only", "echo", "--service", "openai:m@https://api.example.org/v1", "--language", "en"],
            {"MOOTHALL_ENGINE_TOKEN": "t"},
            "two",
        ),
        (["--url", "nowhere", "--only", "echo"], {"MOOTHALL_ENGINE_TOKEN": "t"}, "is no address of an engine link"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    arguments: list[str], environment: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments, environment) == 2
    assert said in capsys.readouterr().err


def test_a_token_comes_from_a_file_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "token").write_text("t\n")
    assert main(["--url", "nowhere", "--only", "echo", "--token-file", str(tmp_path / "token")], {}) == 2
    assert "no address" in capsys.readouterr().err


class Waits(JitteredBackoff):
    """How long it would wait, and how often it began again; it waits for nothing."""

    def __init__(self) -> None:
        super().__init__(lambda: 1.0)
        self.waited: list[float] = []

    def next_ms(self) -> float:
        self.waited.append(super().next_ms())
        return 0


async def test_a_server_that_refuses_this_version_is_dialled_later_and_later(caplog: pytest.LogCaptureFixture) -> None:
    refusal = "Not version 2 of the translators' link but 9 fits."
    heard, tries = asyncio.Event(), itertools.count(1)

    async def handle(socket: ServerConnection) -> None:
        await socket.recv()
        if (number := next(tries)) == 3:  # It was upgraded.
            await socket.send(wire.encode(wire.Prepare(direction=0)))
        elif number == 5:
            heard.set()
            await socket.wait_closed()
        await socket.close(OTHER_VERSION, refusal)

    service = TranslatorService([EchoTranslator()], "t", try_out=lambda *_: None)
    waits = Waits()
    async with serve_sockets(handle, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        dialling = EngineServer(f"ws://127.0.0.1:{port}/translate", "token", "t")
        serving = asyncio.ensure_future(serve(service, dialling, waits))
        await heard.wait()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    service.close()
    assert waits.waited == [200, 400, 200, 400]
    assert f"The server refuses this process: {refusal}" in caplog.text


class Closed(EchoTranslator):
    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    def close(self) -> None:
        self.closed = True


async def test_translators_are_found_anew_when_models_have_changed() -> None:
    made: list[Closed] = []
    serves, change = asyncio.Event(), asyncio.Queue[None]()

    def find() -> TranslatorService:
        made.append(Closed())
        return TranslatorService([made[-1]], "t", try_out=lambda *_: None)

    async def serving(service: TranslatorService) -> None:
        assert service.translators == [made[-1]]
        serves.set()
        await asyncio.Event().wait()

    running = asyncio.ensure_future(serve_what_is_here(find, change.get, serving))
    for number in (1, 2):
        await serves.wait()
        serves.clear()
        assert [each.closed for each in made] == [True] * (number - 1) + [False]
        change.put_nowait(None)
    await serves.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [each.closed for each in made] == [True] * 3


async def test_what_goes_wrong_while_it_serves_ends_it() -> None:
    async def serving(_: TranslatorService) -> None:
        raise ConfigurationError("wrong")

    def find() -> TranslatorService:
        return TranslatorService([], "t", try_out=lambda *_: None)

    with pytest.raises(ConfigurationError, match="wrong"):
        await serve_what_is_here(find, asyncio.Event().wait, serving)  # type: ignore[arg-type]  # it never returns
