"""Fuzzes one target under atheris, in its own process: `python -m fuzz.guided FAMILY TARGET [libFuzzer's options]`."""

from __future__ import annotations

import importlib
import logging
import sys
import tomllib
import zipfile

import atheris


def main(family: str, name: str, options: list[str]) -> None:
    """Fuzz the target until libFuzzer ends the process: with 0 when its time is over, otherwise with a finding."""
    logging.disable(logging.WARNING)
    for module in (tomllib, zipfile):  # Already loaded by atheris or by Python itself, so not instrumented
        for loaded in [each for each in sys.modules if each.partition(".")[0] == module.__name__]:
            del sys.modules[loaded]
    include = ["moothall", "moothall_hub", "moothall_models", "icalendar", "dateutil", "tomllib", "zipfile"]
    with atheris.instrument_imports(include=include):
        targets = importlib.import_module(f"fuzz.{family}").TARGETS
    target = next(each for each in targets if each.name == name)

    def once(data: bytes) -> None:
        target.try_with(bytes(data))

    atheris.Setup([sys.argv[0], *options], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
