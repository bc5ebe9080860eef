"""The command `moothall models list | fetch | install | verify`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from moothall.core.kernel.errors import ConfigurationError, MoothallError
from moothall.wire.languages import ARGOS_INDEX
from moothall_models.manifest import Task
from moothall_models.store.argos_index import PREFIX, fetch_package
from moothall_models.store.failures import UNTRIED, ModelMissing, megabytes
from moothall_models.store.model_folder import ModelStatus, ModelStore
from moothall_models.store.packages import describe, install_package, try_package
from moothall_models.store.progress import TextProgress
from moothall_models.store.where import open_store, packages_folder
from moothall_models.translators.argos_package import installed_packages

SUFFIX = ".argosmodel"


def models_command(
    argv: Sequence[str],
    index: str = ARGOS_INDEX,
    *,
    store: ModelStore | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """Run the command.

    Args:
        argv: the arguments after `moothall models`.
        index: the addresses of the index of Argos Translate, where the arguments name none.
        store: by default this machine's store.
        out: receives the results; by default standard output.
        err: receives progress and errors; by default standard error.

    Returns:
        the exit code: 0 success, 1 the command failed or something is damaged. For a wrong argument argparse ends the
        program with code 2.
    """
    out = out or sys.stdout
    err = err or sys.stderr
    asked = _parser(index).parse_args(argv)
    try:
        store = store or open_store()
        match asked.act:
            case "list":
                return _list(store, out)
            case "fetch":
                return _fetch(store, asked, out, err)
            case "install":
                return _install(store, [*asked.file, *_packages(asked.source)], out, err)
            case _:
                return _verify(store, asked.name, out, err)
    except MoothallError as error:
        err.write(f"{error}\n")
        return 1


def _parser(index: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="moothall models",
        description="Models on this machine.",
        epilog="`moothall models suggest` measures which model and how many rooms this machine carries, and `moothall "
        "models describe FOLDER` writes the entry of a model of your own. With --config FILE, the server's "
        "settings, the index of Argos Translate is where they say.",
    )
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    acts.add_parser("list", help="which models there are, and which of them are here")
    fetch = acts.add_parser("fetch", help="get models, and check them; those that are here stay as they are")
    fetch.add_argument(
        "name",
        nargs="*",
        metavar="NAME",
        help="a model, or argos:en-ar for a package of Argos Translate; without any, the default recogniser",
    )
    fetch.add_argument(
        "--index", default=index, metavar="URL", help="a mirror of the index of Argos Translate, or several"
    )
    fetch.add_argument(
        "--from", dest="source", type=Path, metavar="FOLDER", help="look here first, for FOLDER/NAME/… or the files"
    )
    install = acts.add_parser("install", help="install packages of Argos Translate, for more languages to translate")
    install.add_argument(
        "file",
        nargs="*",
        type=Path,
        metavar=f"FILE{SUFFIX}",
        help="a package; one for the same languages is replaced",
    )
    install.add_argument("--from", dest="source", type=Path, metavar="FOLDER", help="all packages of a folder")
    verify = acts.add_parser("verify", help="hash every file of models that are here")
    verify.add_argument("name", nargs="*", metavar="NAME", help="a model; without any, all that are here")
    return parser


def _list(store: ModelStore, out: TextIO) -> int:
    default = store.manifest.defaults.get(Task.RECOGNISE)
    rows = [("", "MODEL", "TASK", "LANGUAGES", "SIZE", "LICENCE", "STATE", "")]
    for model in store.manifest.models:
        languages = " ".join(model.languages) if len(model.languages) <= 5 else f"{len(model.languages)}"
        mark = "*" if model.name == default else ""
        size = megabytes(model.size)
        state = store.status_of(model).value
        rows.append((mark, model.name, model.task.value, languages, size, model.licence, state, model.about))
    for package in installed_packages(packages_folder(store.folder)):
        languages = f"{package.source}>{package.target}"
        about = f"package of Argos Translate, {package.about.package_version}"
        size, state = megabytes(package.size), ModelStatus.HERE.value
        rows.append(("", package.folder.name, "translate", languages, size, "see it", state, about))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        out.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    for model in store.manifest.models:
        if model.errors:
            out.write(f"\n{model.name}: {model.said_errors}\n")
    out.write(f"\n* is the default. Models are kept in {store.folder}\n")
    return 0


def _fetch(store: ModelStore, asked: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    names = asked.name or [store.manifest.default(Task.RECOGNISE).name]
    for name in names:
        if not name.startswith(PREFIX):
            store.manifest.model(name)  # raises for a wrong name before anything is downloaded
    if any(name.startswith(PREFIX) for name in names):
        err.write(f"{UNTRIED}\n")
    for name in names:
        progress = TextProgress(err)
        if name.startswith(PREFIX):
            folder = packages_folder(store.folder)
            made = fetch_package(name, folder, progress, index=asked.index, tried=try_package)
            out.write(f"{describe(made)}\n")
        else:
            out.write(f"{name} is in {store.fetch(name, progress, asked.source)}\n")
    return 0


def _packages(folder: Path | None) -> list[Path]:
    """The package files in a folder, by name; none for None. Raises ConfigurationError for a folder without any."""
    if folder is None:
        return []
    found = sorted(folder.glob(f"*{SUFFIX}"))
    if not found:
        raise ConfigurationError(f"No package, a file *{SUFFIX}, is in {folder}.")
    return found


def _install(store: ModelStore, files: Sequence[Path], out: TextIO, err: TextIO) -> int:
    wrong = False
    if not files:
        raise ConfigurationError("Name the packages to install, or with --from the folder in which they are.")
    for file in files:
        try:
            out.write(f"{describe(install_package(file, packages_folder(store.folder), TextProgress(err)))}\n")
        except MoothallError as error:  # continue with the other files
            err.write(f"{error}\n")
            wrong = True
    return 1 if wrong else 0


def _verify(store: ModelStore, names: Sequence[str], out: TextIO, err: TextIO) -> int:
    names = names or [model.name for model in store.manifest.models if (store.folder / model.name).is_dir()]
    if not names:
        out.write(f"No models are in {store.folder} yet. `moothall models fetch` gets the default.\n")
    wrong = False
    for name in names:
        try:
            faults = store.verify(name)
        except ModelMissing as error:
            faults = [str(error)]
        for fault in faults:
            err.write(f"{fault}\n")
        wrong = wrong or bool(faults)
        if not faults:
            model = store.manifest.model(name)
            out.write(f"{name}: all {len(model.files)} files are right, {megabytes(model.size)}.\n")
    return 1 if wrong else 0
