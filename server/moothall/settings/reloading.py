"""Which settings count at once when they are read again while a server runs, and which take a restart.

`moothall.app.reloading` carries it out; the page of the settings (`tools/settings_reference.py`) names them from here.
"""

from __future__ import annotations

import msgspec

from moothall.settings.sections import Settings

RELOADED = frozenset(
    {
        ("server", "tls_certificate"),
        ("server", "tls_key"),
        ("server", "max_readers"),
        ("server", "address_share"),
        ("conference", "glossaries"),
        ("conference", "blocked_words"),
        ("conference", "word_lists"),
        ("engine", "tokens"),
        ("logging", "level"),
    }
)
"""Section and name of those that count at once, the files that they name included."""


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """Settings that differ, such as `port of [server]`, in the order of the file."""

    at_once: tuple[str, ...]
    by_restart: tuple[str, ...]


def changed(now: Settings, new: Settings) -> Changed:
    """What differs between the settings in force and new ones."""
    at_once: list[str] = []
    by_restart: list[str] = []
    for section in Settings.__struct_fields__:
        before, after = getattr(now, section), getattr(new, section)
        for key in before.__struct_fields__:
            if getattr(before, key) != getattr(after, key):
                (at_once if (section, key) in RELOADED else by_restart).append(f"{key} of [{section}]")
    return Changed(at_once=tuple(at_once), by_restart=tuple(by_restart))


def in_force(now: Settings, new: Settings) -> Settings:
    """The settings in force once new ones were read: of these, those that count at once."""
    parts = {}
    for section in Settings.__struct_fields__:
        before, after = getattr(now, section), getattr(new, section)
        taken = {key: getattr(after, key) for key in before.__struct_fields__ if (section, key) in RELOADED}
        parts[section] = msgspec.structs.replace(before, **taken)
    return Settings(**parts)
