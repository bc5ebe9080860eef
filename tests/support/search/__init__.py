"""Searching by meaning in tests: `installed` has the server find the model of `support.search.model`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.search import model


@contextmanager
def installed() -> Iterator[None]:
    """The package is installed while inside the context, for this process and those that it starts."""
    folder = str(Path(model.__file__).parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
