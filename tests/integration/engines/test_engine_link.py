"""The socket of the engine link: who may connect, and what ends it."""

from __future__ import annotations

import asyncio
import logging

import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidStatus

from moothall.adapters.engines.link import EngineSocket, Holder, PulseSocket, TranslatorSocket, serve_engines
from moothall.adapters.system.clock import SystemClock
from moothall.core.kernel.errors import ConfigurationError
from moothall.services.engines.recognising import Recognising
from moothall.services.supervision.pulses import NoProgress
from moothall.services.translation.translators import Translators
from moothall.wire import engine as wire
from moothall.wire import pulse, translation
from moothall.wire.kinds import OTHER_VERSION, OtherVersion, passed_over
from moothall_models.engine.dialling import WebSocketLink

TOKENS = {"t-right": Holder("gpu-1"), "t-other": Holder("mt-2", recognises=False, translates=True)}
HELLO = wire.EngineHello(protocol=1, name="e", model="m", languages=(), channels=1)
GOOD = {"Authorization": "Bearer t-right"}
TRANSLATES = {"Authorization": "Bearer t-other"}


class Handled:
    """Keeps what came of each link."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.messages: list[wire.ToServer] = []
        self.over = asyncio.Event()

    async def __call__(self, link: EngineSocket) -> None:
        self.names.append(link.name)
        try:
            while (message := await link.receive()) is not None:
                self.messages.append(message)
                await link.send(wire.Detach(attachment=7))
            await link.send(wire.Detach(attachment=8))  # Silent: the link is gone.
        finally:
            self.over.set()


async def test_messages_go_both_ways_under_the_tokens_name() -> None:
    handled = Handled()
    async with serve_engines("127.0.0.1", 0, lambda: TOKENS, handled) as port:
        async with connect(f"ws://127.0.0.1:{port}/", additional_headers=GOOD) as socket:
            await socket.send(wire.encode(HELLO))
            assert wire.decode_to_engine(await socket.recv(decode=False)) == wire.Detach(attachment=7)
        await handled.over.wait()
    assert handled.names == ["gpu-1"]
    assert handled.messages == [HELLO]


async def test_translators_have_their_own_place_at_the_same_address() -> None:
    async def translators(link: TranslatorSocket) -> None:
        hello = await link.receive()
        assert isinstance(hello, translation.TranslatorHello)
        await link.send(translation.Translate(id=1, direction=0, text=link.name))
        assert await link.receive() is None
        await link.send(translation.Prepare(direction=0))  # Silent: the link is gone.
        over.set()

    over, handled = asyncio.Event(), Handled()
    async with serve_engines("127.0.0.1", 0, lambda: TOKENS, handled, translators) as port:
        async with connect(f"ws://127.0.0.1:{port}{translation.PATH}", additional_headers=TRANSLATES) as socket:
            hello = translation.TranslatorHello(protocol=translation.PROTOCOL, name="t", directions=())
            await socket.send(translation.encode(hello))
            asked = translation.decode_to_translators(await socket.recv(decode=False))
            assert asked == translation.Translate(id=1, direction=0, text="mt-2")
        await over.wait()
    assert handled.names == []
    async with (
        serve_engines("127.0.0.1", 0, lambda: TOKENS, handled) as port,
        connect(f"ws://127.0.0.1:{port}{translation.PATH}", additional_headers=TRANSLATES) as socket,
    ):
        with pytest.raises(ConnectionClosedOK):
            await socket.recv()


@pytest.mark.parametrize(("headers", "path"), [(GOOD, translation.PATH), (TRANSLATES, "/")])
async def test_a_token_of_one_kind_does_not_open_the_other_link(
    headers: dict[str, str], path: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def translators(link: TranslatorSocket) -> None:
        raise AssertionError

    handled = Handled()
    async with serve_engines("127.0.0.1", 0, lambda: TOKENS, handled, translators) as port:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{port}{path}", additional_headers=headers)
    assert refused.value.response.status_code == 403
    assert handled.names == []
    assert "is not for" in caplog.text


async def test_both_kinds_may_send_their_pulses() -> None:
    felt: list[tuple[str, str, bool]] = []

    async def feel(link: PulseSocket) -> None:
        beat = await link.receive()
        assert beat is not None
        felt.append((link.name, beat.life, link.own))
        assert await link.receive() is None

    async with serve_engines("127.0.0.1", 0, lambda: TOKENS, Handled(), feel=feel) as port:
        for headers in (GOOD, TRANSLATES):
            async with connect(f"ws://127.0.0.1:{port}{pulse.PATH}", additional_headers=headers) as socket:
                await socket.send(pulse.encode(pulse.ProcessPulse(life="a", working=True)))
    assert felt == [("gpu-1", "a", False), ("mt-2", "a", False)]
    async with (
        serve_engines("127.0.0.1", 0, lambda: TOKENS, Handled()) as port,
        connect(f"ws://127.0.0.1:{port}{pulse.PATH}", additional_headers=GOOD) as socket,
    ):
        with pytest.raises(ConnectionClosedOK):
            await socket.recv()


async def test_one_that_was_given_up_is_told_so() -> None:
    async def handle(link: EngineSocket) -> None:
        await link.receive()
        raise NoProgress("engine gpu-1 was given up.")

    async with (
        serve_engines("127.0.0.1", 0, lambda: TOKENS, handle) as port,
        connect(f"ws://127.0.0.1:{port}/", additional_headers=GOOD) as socket,
    ):
        await socket.send(wire.encode(HELLO))
        with pytest.raises(ConnectionClosedError):
            await socket.recv()
        assert socket.close_code == pulse.GIVEN_UP


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer t-wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic t-right"},
        {"Authorization": "Bearer T-RIGHT"},
        [("Authorization", "Bearer t-right"), ("Authorization", "Bearer t-right")],
    ],
)
async def test_without_a_good_token_nobody_gets_in(
    headers: dict[str, str] | list[tuple[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    handled = Handled()
    caplog.set_level(logging.WARNING, "moothall")
    async with serve_engines("127.0.0.1", 0, lambda: {**TOKENS, "": Holder("nobody")}, handled) as port:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{port}/", additional_headers=headers)
    response = refused.value.response
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.body is not None
    assert response.body.startswith(b"An engine needs its token here")
    assert handled.names == []
    assert "refused a connection without a good token" in caplog.text
    assert "t-" not in "".join(record.getMessage() for record in caplog.records)


async def test_a_web_page_does_not_get_in_even_with_a_token() -> None:
    handled = Handled()
    async with serve_engines("127.0.0.1", 0, lambda: TOKENS, handled) as port:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{port}/", additional_headers={**GOOD, "Origin": f"http://127.0.0.1:{port}"})
    assert refused.value.response.status_code == 403
    assert handled.names == []


async def test_a_token_that_was_taken_back_is_no_good_any_more() -> None:
    tokens = dict(TOKENS)
    async with serve_engines("127.0.0.1", 0, lambda: tokens, Handled()) as port:
        async with connect(f"ws://127.0.0.1:{port}/", additional_headers=GOOD):
            del tokens["t-right"]
        with pytest.raises(InvalidStatus):
            await connect(f"ws://127.0.0.1:{port}/", additional_headers=GOOD)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\xc1 no message", 1002),
        (b"\x81\xa1a" * 60_000, 1002),
        (b"\x81\xa1m\xa1\xff", 1002),
        (bytes(wire.MAX_FRAME_BYTES + 1), 1009),
        ("text", 1002),
    ],
)
async def test_what_is_no_message_ends_the_link(frame: bytes | str, code: int) -> None:
    handled = Handled()
    async with serve_engines("127.0.0.1", 0, lambda: TOKENS, handled) as port:
        async with connect(f"ws://127.0.0.1:{port}/", additional_headers=GOOD) as socket:
            await socket.send(frame)
            with pytest.raises(ConnectionClosedError) as closed:
                await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code
        await handled.over.wait()
    assert handled.messages == []


async def test_leaving_closes_the_links() -> None:
    handled = Handled()
    async with serve_engines("127.0.0.1", 0, lambda: TOKENS, handled) as port:
        socket = await connect(f"ws://127.0.0.1:{port}/", additional_headers=GOOD)
        await socket.send(wire.encode(HELLO))
        await socket.recv()
    assert handled.over.is_set()
    await socket.wait_closed()
    assert socket.close_code == 1001


async def test_an_address_that_is_taken() -> None:
    async with serve_engines("127.0.0.1", 0, lambda: TOKENS, Handled()) as port:
        with pytest.raises(ConfigurationError, match=f"can't be served on 127.0.0.1:{port}"):
            async with serve_engines("127.0.0.1", port, lambda: TOKENS, Handled()):
                pass


async def test_kinds_of_a_later_release_are_passed_over_and_counted_once(caplog: pytest.LogCaptureFixture) -> None:
    handled = Handled()
    later = msgspec.msgpack.encode({"m": "mood", "of": "Hedgerow"})
    with caplog.at_level(logging.INFO):
        async with serve_engines("127.0.0.1", 0, lambda: TOKENS, handled) as port:
            async with connect(f"ws://127.0.0.1:{port}/", additional_headers=GOOD) as socket:
                for frame in (wire.encode(HELLO), later, later, wire.encode(wire.Capacity(channels=2)), later):
                    await socket.send(frame)
            await handled.over.wait()
    assert handled.messages == [HELLO, wire.Capacity(channels=2)]
    assert [each.getMessage() for each in caplog.records if "passed over" in each.getMessage()] == [
        f"engine gpu-1: {passed_over(3)}"
    ]
    assert "Hedgerow" not in caplog.text


@pytest.mark.parametrize("path", ["/", translation.PATH])
async def test_who_speaks_another_version_is_told_which_releases_fit(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def engine(link: EngineSocket) -> None:
        await Recognising(SystemClock()).serve(link)

    async def translators(link: TranslatorSocket) -> None:
        await Translators().serve(link)

    headers = GOOD if path == "/" else TRANSLATES
    hello: bytes = wire.encode(msgspec.structs.replace(HELLO, protocol=9))
    if path != "/":
        hello = translation.encode(translation.TranslatorHello(protocol=9, name="t", directions=()))
    async with (
        serve_engines("127.0.0.1", 0, lambda: TOKENS, engine, translators) as port,
        connect(f"ws://127.0.0.1:{port}{path}", additional_headers=headers) as socket,
    ):
        await socket.send(hello)
        link = WebSocketLink(socket, wire.decode_to_engine, wire.encode)
        with pytest.raises(OtherVersion, match=r"The server refuses this process: Not version 9 of the .* link"):
            await link.receive()
        assert socket.close_code == OTHER_VERSION
    assert "Not version 9 of the" in caplog.text


async def test_an_engine_passes_over_what_a_later_server_says(caplog: pytest.LogCaptureFixture) -> None:
    later = msgspec.msgpack.encode({"m": "mood", "of": "Hedgerow"})

    async def handle(socket: ServerConnection) -> None:
        for frame in (later, wire.encode(wire.Detach(attachment=7)), later):
            await socket.send(frame)

    with caplog.at_level(logging.INFO):
        async with serve(handle, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            async with connect(f"ws://127.0.0.1:{port}/") as socket:
                link = WebSocketLink(socket, wire.decode_to_engine, wire.encode)
                assert await link.receive() == wire.Detach(attachment=7)
                assert await link.receive() is None
    assert [each.getMessage() for each in caplog.records if "passed over" in each.getMessage()] == [
        f"engine link: {passed_over(2)}"
    ]
