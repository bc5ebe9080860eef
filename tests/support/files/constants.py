"""Reads the constants of the source before hypothesis asks for them, divided among all workers.

hypothesis tries values that the source names, such as bounds, and keeps what it has read in `.hypothesis`. Workers end
collecting at the same time and go through all modules in the same order, so that in a fresh checkout each of them would
read all: 3.5 s of CPU each.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from types import ModuleType

with suppress(ImportError):  # Private functions of hypothesis: where they have other names, each worker reads all.
    from hypothesis.internal.constants_ast import constants_from_module, is_local_module_file


def local_modules() -> list[ModuleType]:
    """Return the modules of the source that are loaded, by name; none where hypothesis doesn't say which they are."""
    if "is_local_module_file" not in globals():
        return []
    return [
        module
        for _, module in sorted(sys.modules.items())
        if (path := getattr(module, "__file__", None)) is not None and is_local_module_file(path)
    ]


def part_of(part: int, parts: int) -> list[ModuleType]:
    """Return one of `parts` parts of these modules."""
    return local_modules()[part::parts]


def read_constants_of_part(part: int, parts: int) -> None:
    """Have hypothesis read and keep the constants of one part."""
    for module in part_of(part, parts):
        constants_from_module(module)
