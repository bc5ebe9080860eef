"""The program that adds languages, played by a few lines of Python."""

from __future__ import annotations

import sys

import pytest

from moothall.adapters.engines.languages_program import LanguagesProgram
from moothall.services.translation.adding import LanguagesUnavailable
from moothall.wire import languages as wire

REGISTRY = "https://models.example/models.json"
OFFER = wire.LanguageOffer(language="fr", size=31_000_000, licence="MPL-2.0", here=False)


def program(code: str, silent_s: float = 30.0) -> LanguagesProgram:
    return LanguagesProgram(REGISTRY, (sys.executable, "-c", f"import sys\nout = sys.stdout.buffer\n{code}"), silent_s)


def writes(*messages: wire.LanguageMessage) -> str:
    return "".join(f"out.write({wire.encode(message)!r})\n" for message in messages)


async def added(store: LanguagesProgram, wish: wire.Wish = wire.Wish.FITTING) -> list[wire.LanguageProgress]:
    return [progress async for progress in store.add("fr", wish)]


async def test_its_messages_are_offers_and_progress() -> None:
    assert await program(writes(OFFER)).offers() == [OFFER]
    steps = [wire.LanguageProgress(done=done, total=2) for done in (1, 2)]
    assert await added(program(writes(*steps, wire.LanguageAdded(language="fr")))) == steps


async def test_it_gets_the_list_s_address_and_the_language() -> None:
    wanted = ["add", "fr", "--registry", REGISTRY, "--json"]
    assert await added(program(f"assert sys.argv[1:] == {wanted}")) == []
    for wish, named in ((wire.Wish.BETTER, "--better"), (wire.Wish.LIGHT, "--light")):
        argv = [*wanted[:2], named, *wanted[2:]]
        assert await added(program(f"assert sys.argv[1:] == {argv}"), wish) == []


async def test_it_tests_languages_with_the_translators_of_the_settings() -> None:
    steps = [wire.LanguagesTested(done=done, total=2) for done in range(3)]
    wanted = ["test", "fr", "--only", "firefox", "--only", "argos", "--json"]
    code = f"import sys\nout = sys.stdout.buffer\nassert sys.argv[1:] == {wanted}\n{writes(*steps)}"
    store = LanguagesProgram(REGISTRY, (sys.executable, "-c", code), translators=("firefox", "argos"))
    assert [each async for each in store.test(["fr"])] == steps


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (writes(wire.LanguagesFailed(said="There is no room left.")) + "sys.exit(1)", "There is no room left."),
        ("sys.exit(1)", "broke off"),
        ("out.write(b'Traceback\\n')", "broke off"),
        ("out.write(b'x' * 100_000)", "broke off"),
    ],
)
async def test_what_goes_wrong_is_said(code: str, said: str) -> None:
    with pytest.raises(LanguagesUnavailable, match=said):
        await program(code).offers()


async def test_one_that_hangs_is_ended() -> None:
    with pytest.raises(LanguagesUnavailable, match="broke off"):
        await program("sys.stdin.close(); import signal; signal.pause()", silent_s=0.1).offers()
