"""The protocol between `moothall doctor` and the process that tries models: one JSON object each way."""

from __future__ import annotations

import msgspec


class TrialOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The request: which model and translators to try."""

    model: str = ""
    """Name of a model in the store or of a recognition service, as in the settings; empty: try none."""
    device: str = "cpu"
    compute_type: str = "auto"
    threads: int = 1
    key_file: str = ""
    """Path of the file with the key of the service; empty for none."""
    translators: tuple[str, ...] = ()


class ModelTrial(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one short pass of a model over synthetic sound."""

    model: str
    load_ms: int = 0
    """How long loading the model took, ms."""
    sound_ms: int = 0
    """Length of the sound, ms."""
    pass_ms: int = 0
    """How long the pass took, ms."""
    trouble: str = ""
    """Why the trial failed, and what to do; empty when it succeeded."""


class TranslatorTrial(msgspec.Struct, frozen=True, kw_only=True):
    """The result of loading one translator and translating a sentence in each of its directions."""

    name: str
    directions: tuple[str, ...] = ()
    """The directions that it translates, such as `en>es`."""
    missing: str = ""
    """What to install for more directions."""
    trouble: str = ""
    """Why the trial failed, and what to do; empty when it succeeded."""


class TrialResult(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: the results of all trials."""

    model: ModelTrial | None = None
    translators: tuple[TranslatorTrial, ...] = ()
