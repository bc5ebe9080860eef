"""What goes between `moothall doctor` and the process that tries models: one JSON object there, one back."""

from __future__ import annotations

import msgspec


class TrialOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What to try."""

    model: str = ""
    """Of the store, or a service, as the settings name it; empty: none."""
    device: str = "cpu"
    compute_type: str = "auto"
    threads: int = 1
    key_file: str = ""
    """Of the service."""
    translators: tuple[str, ...] = ()


class ModelTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A short pass over sound that nobody spoke."""

    model: str
    load_ms: int = 0
    sound_ms: int = 0
    """How much sound the pass heard."""
    pass_ms: int = 0
    trouble: str = ""
    """Why it can't be done, and what to do; empty when it could."""


class TranslatorTrial(msgspec.Struct, frozen=True, kw_only=True):
    """One translator, loaded and asked for a sentence in each of its directions."""

    name: str
    directions: tuple[str, ...] = ()
    """Such as `en>es`."""
    missing: str = ""
    """What to install for more of them."""
    trouble: str = ""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """How it went."""

    model: ModelTrial | None = None
    translators: tuple[TranslatorTrial, ...] = ()
