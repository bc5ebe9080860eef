"""The choice between the light and the better models of languages, by what this machine is quick enough for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from moothall.core.kernel.errors import ConfigurationError
from moothall.core.translation.routes import RouteScore
from moothall.wire.languages import Wish
from moothall_models.store.firefox_registry import LIGHT, FirefoxRegistry, RegistryModel
from moothall_models.store.scores import Way
from moothall_models.translators.firefox_model import MODEL, FirefoxModel

PIVOT = "en"
BESIDE = 6_000_000
"""Bytes of a model's shortlist and vocabularies, about: the registry doesn't state them."""
BETTER_TIMES = 3.0
"""How many times as slow as a light model a better one is taken to be: its weights are two and a half times as large.
Nobody has measured it here, where no better model could be had."""
MOST_MS = 75.0
"""Most ms of the 95th percentile of a sentence in one direction. Beside live speech a line's translation is to be there
400 ms after the line's end, in which the two models of a way through English, other languages and the recogniser take
their turns."""
MOST_TOGETHER = 300_000_000
"""Most bytes of all models of this kind, about, for better ones to be taken by themselves."""

LanguagePair = tuple[str, str]


class ModelChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The models of some languages."""

    models: tuple[RegistryModel, ...]
    """What is taken; some of it may be here."""
    better: tuple[RegistryModel, ...]
    """Better ones that are not taken."""
    better_ms: float | None
    """How long a sentence would take a better one on this machine at the 95th percentile; None: unknown."""

    @property
    def quick(self) -> bool:
        """Whether the machine is quick enough for the better ones, as far as is known."""
        return self.better_ms is not None and self.better_ms <= MOST_MS

    @property
    def said(self) -> str:
        """What to say of the better ones; empty where there are none."""
        if not self.better:
            return ""
        size = f"Better models exist, about {size_of(self.better) / 1e6:.0f} MB"
        if self.better_ms is None:
            return f"{size}: --better takes them. How quick this machine is with them isn't known yet."
        if self.quick:
            return f"{size}, and this machine is quick enough for them: --better takes them."
        took = f"Here a sentence would take them about {self.better_ms:.0f} ms"
        return f"{size}. {took}, which is too long beside live speech."


def choose(
    registry: FirefoxRegistry,
    tags: Iterable[str],
    here: Mapping[LanguagePair, FirefoxModel],
    wish: Wish,
    better_ms: float | None,
) -> ModelChoice:
    """Choose the models from English and to English of languages (BCP-47).

    `here`: the models of this machine; `better_ms` as in `ModelChoice`. Raises ConfigurationError for a language
    without any model.
    """
    pairs = [pair for tag in dict.fromkeys(tags) for pair in _pairs(registry, tag)]
    best = {pair: model for pair in pairs if (model := registry.choose(*pair, better=True)) is not None}
    light = {pair: model for pair in pairs if (model := registry.choose(*pair)) is not None}
    kept = {pair: model for pair in pairs if (model := _same(registry, pair, here.get(pair))) is not None}
    if wish is not Wish.FITTING:
        kept = {}
    others = sum(model.size for pair, model in here.items() if pair not in best)
    fits = others + size_of((best | kept).values()) <= MOST_TOGETHER
    quick = better_ms is not None and better_ms <= MOST_MS
    taken = (best if wish is Wish.BETTER or (wish is Wish.FITTING and quick and fits) else light) | kept
    left = tuple(best[pair] for pair in pairs if best[pair] != taken[pair])
    return ModelChoice(models=tuple(taken[pair] for pair in pairs), better=left, better_ms=better_ms)


def better_ms(scores: Mapping[Way, RouteScore]) -> float | None:
    """How long a sentence would take a better model at the 95th percentile, by the slowest light one that was tested on
    this machine; None where none was.
    """
    known = [score.p95_ms for way, score in scores.items() if len(way) == 1 and is_light(way[0].engine, way[0].version)]
    return BETTER_TIMES * max(known) if known else None


def is_light(engine: str, version: str) -> bool:
    """Whether a direction's model is a light one, or as large: the models that come with Moothall are."""
    return engine == "bergamot" or (engine == "firefox" and version.startswith(f"{LIGHT[0]}-"))


def size_of(models: Iterable[RegistryModel]) -> int:
    """Bytes of models, about."""
    return sum((model.files.model.uncompressed_size or 0) + BESIDE for model in models)


def tags_of(registry: FirefoxRegistry) -> list[str]:
    """The languages that have a model from English or to English."""
    return sorted({tag for pair in registry.directions if PIVOT in pair for tag in pair} - {PIVOT})


def _pairs(registry: FirefoxRegistry, tag: str) -> Sequence[LanguagePair]:
    found = [pair for pair in ((PIVOT, tag), (tag, PIVOT)) if pair in registry.directions]
    if not found:
        there = " ".join(tags_of(registry))
        raise ConfigurationError(
            f"There is no model for {tag!r} that this release can run. There are models for: {there}."
        )
    return found


def _same(registry: FirefoxRegistry, pair: LanguagePair, there: FirefoxModel | None) -> RegistryModel | None:
    """The model of the registry that is here; None for a model that the registry doesn't have any more."""
    if there is None:
        return None
    digest = next((file.sha256 for file in there.files if file.name == MODEL), None)
    known = (each for each in registry.models if each.pair == pair)
    return next((each for each in known if each.files.model.uncompressed_hash == digest is not None), None)
