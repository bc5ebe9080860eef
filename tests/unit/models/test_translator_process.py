from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest

from moothall.core.kernel.errors import ProtocolError
from moothall.core.translation.routes import Direction, RouteScore
from moothall.services.translation.translators import TranslationFailed as Failed
from moothall.services.translation.translators import Translators
from moothall.testing.engine_link import Pipe
from moothall.testing.translator_link import TranslatorServerEnd
from moothall.wire import translation as wire
from moothall_models.store.scores import HopName, Way, way_of
from moothall_models.translator_process import TranslatorHung, TranslatorService
from moothall_models.translators.echo import EchoTranslator
from moothall_models.translators.port import LONGEST, Translator, UnusableTranslation

EN_PT = EchoTranslator().directions[0]


class End:
    """The process's end of a link in this process."""

    def __init__(self) -> None:
        self._to_translators, self._to_server = Pipe(), Pipe()
        self.server = TranslatorServerEnd(self._to_translators, self._to_server)

    async def receive(self) -> wire.ToTranslators | None:
        frame = await self._to_translators.get()
        return None if frame is None else wire.decode_to_translators(frame)

    async def send(self, message: wire.FromTranslators) -> None:
        await self._to_server.put(wire.encode(message))

    def cut(self) -> None:
        self._to_translators.close()
        self._to_server.close()


def tried(translator: Translator, direction: Direction) -> None:
    """What is loaded when the server says that texts will come."""
    translator.translate(["The meeting is open."], direction)


Served = tuple[Translators, End, "asyncio.Task[None]"]


@asynccontextmanager
async def served(
    *here: Translator,
    hung_s: float = 30,
    loading_s: float = 30,
    again_s: float = 60,
    rest_s: float = 600,
    scores: Callable[[], Mapping[Way, RouteScore]] = dict,
) -> AsyncIterator[Served]:
    """A server and the process, and the task that serves."""
    end, translators = End(), Translators()
    service = TranslatorService(
        here,
        "t",
        hung_s=hung_s,
        loading_s=loading_s,
        again_s=again_s,
        rest_s=rest_s,
        scores_s=0.001,
        try_out=tried,
        scores=scores,
    )
    known = asyncio.Event()
    translators.changed(known.set)
    serving = asyncio.ensure_future(service.run(end))
    server = asyncio.ensure_future(translators.serve(end.server))
    await known.wait()
    try:
        yield translators, end, serving
    finally:
        end.cut()
        await asyncio.gather(serving, server, return_exceptions=True)
        service.close()


async def test_texts_are_translated_and_answered_by_their_numbers() -> None:
    async with served(EchoTranslator()) as (translators, end, serving):
        assert EN_PT in translators.directions
        await translators.prepare(EN_PT)
        texts = await asyncio.gather(*(translators.hop(f"Text {n}", EN_PT, "") for n in range(20)))
        assert texts == [f"[pt] Text {n}" for n in range(20)]
        end.cut()
        await serving


async def test_a_text_that_fails_or_is_far_too_long_costs_nothing_else() -> None:
    class Breaking(EchoTranslator):
        def translate(self, texts, direction):  # type: ignore[no-untyped-def]  # as its own
            if texts == ["break"]:
                raise RuntimeError("secret words")
            return super().translate(texts, direction)

    async with served(Breaking(fails=[2])) as (translators, _, _):
        with pytest.raises(Failed, match="to fail"):
            await translators.hop("Good", EN_PT, "")
        with pytest.raises(Failed, match="RuntimeError") as failed:
            await translators.hop("break", EN_PT, "")
        assert "secret" not in str(failed.value)
        with pytest.raises(Failed, match="too long"):
            await translators.hop("x" * (LONGEST + 1), EN_PT, "")
        assert await translators.hop("Good", EN_PT, "") == "[pt] Good"


async def test_what_does_not_stand_its_trial_is_told_and_not_asked_for() -> None:
    async with served(EchoTranslator(fails=[1])) as (translators, _, _):
        told = asyncio.Event()
        translators.changed(told.set)
        await translators.prepare(EN_PT)
        await told.wait()
        assert EN_PT not in translators.directions
        assert len(translators.directions) == 3


async def test_nothing_is_translated_before_the_trial_whether_or_not_it_was_prepared() -> None:
    echo = EchoTranslator(fails=[1])
    async with served(echo) as (translators, _, _):
        with pytest.raises(Failed, match="call 1"):
            await translators.hop("Good", EN_PT, "")
        assert echo.calls == 1, "the trial"
        assert EN_PT not in translators.directions
        assert await translators.hop("Bom", echo.directions[2], "") == "[es] Bom"
        assert await translators.hop("Dia", echo.directions[2], "") == "[es] Dia"
        assert echo.calls == 4, "one trial is enough"


async def test_what_does_not_stand_its_trial_is_tried_again_and_told_when_it_does() -> None:
    echo = EchoTranslator(fails=[1, 2])
    async with served(echo, again_s=0.001) as (translators, _, _):
        found: list[bool] = []
        fit = asyncio.Event()

        def changed() -> None:
            found.append(EN_PT in translators.directions)
            if found[-1]:
                fit.set()

        translators.changed(changed)
        await translators.prepare(EN_PT)
        await fit.wait()
        assert found == [False, True]
        assert echo.calls == 3
        assert await translators.hop("Good", EN_PT, "") == "[pt] Good"


@asynccontextmanager
async def released_at_the_end(event: threading.Event) -> AsyncIterator[None]:
    """Whatever happens: a thread that waits would keep the test for ever."""
    try:
        yield
    finally:
        event.set()


@pytest.mark.parametrize(("call", "hung_s", "loading_s"), [(1, 900.0, 0.2), (2, 0.2, 900.0)])
async def test_a_call_that_hangs_ends_the_process_and_holds_up_no_other_direction(
    call: int, hung_s: float, loading_s: float
) -> None:
    released = threading.Event()
    stuck = EchoTranslator([EN_PT], hangs={call: released})
    fine = EchoTranslator(EchoTranslator().directions[1:])
    async with (
        released_at_the_end(released),
        served(stuck, fine, hung_s=hung_s, loading_s=loading_s) as (translators, end, serving),
    ):
        hanging = asyncio.ensure_future(translators.hop("Good", EN_PT, ""))
        behind = asyncio.ensure_future(translators.hop("Morning", EN_PT, ""))
        assert await translators.hop("Bom", fine.directions[1], "") == "[es] Bom"
        with pytest.raises(BaseExceptionGroup) as ended:
            await serving
        assert ended.group_contains(TranslatorHung, match="has not come back from en to pt for 0 s")
        end.cut()
        for each in (hanging, behind):
            with pytest.raises(Failed):
                await each


async def test_a_direction_that_there_is_not_ends_the_link() -> None:
    end = End()
    service = TranslatorService([EchoTranslator()], "t", try_out=tried)
    await end.server.send(wire.Translate(id=1, direction=99, text="Good"))
    with pytest.raises(ProtocolError, match="no direction 99"):
        await service.run(end)
    assert service.hello.missing == ()
    assert issubclass(UnusableTranslation, Exception)


async def test_a_direction_that_nobody_uses_rests_until_its_next_text() -> None:
    rested = asyncio.Event()
    loop = asyncio.get_running_loop()

    class Resting(EchoTranslator):
        def rest(self, direction: Direction) -> None:
            assert direction == EN_PT
            loop.call_soon_threadsafe(rested.set)

    async with served(Resting(), rest_s=0.01) as (translators, _, _):
        for text in ("Good", "Better"):
            assert await translators.hop(text, EN_PT, "") == f"[pt] {text}"
            await rested.wait()
            rested.clear()


async def test_scores_of_ways_that_are_here_are_told_and_again_when_somebody_has_tested_them() -> None:
    echo = EchoTranslator()
    ways = [way_of([EN_PT]), way_of([EN_PT, echo.directions[2]]), (HopName("echo", "2", "en", "pt"),), ()]
    scores = [RouteScore(chrf2=chrf2, ms=9.0, p95_ms=20.0, sentences=40) for chrf2 in (82.3, 40.0)]
    kept: list[Mapping[Way, RouteScore]] = [dict.fromkeys(ways, scores[0])]
    async with served(echo, scores=lambda: kept[-1]) as (translators, _, serving):
        changed = asyncio.Event()
        translators.changed(changed.set)
        for score in scores:
            kept.append(dict.fromkeys(ways, score))
            while translators.score((EN_PT,)) != score:
                await changed.wait()
                changed.clear()
            assert translators.score((EN_PT, echo.directions[2])) == score
        kept.append({})
        while translators.score((EN_PT,)) is not None:
            await changed.wait()
            changed.clear()
        assert not serving.done()
