"""The commands `moothall backup` and `moothall restore`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from moothall import __version__
from moothall.adapters.backup.data_folder import DataFolder
from moothall.adapters.backup.folder import BackupFolder
from moothall.adapters.backup.keys_file import Keys, read_keys, write_keys
from moothall.adapters.store.files import explained
from moothall.adapters.store.removal_list import read_removals
from moothall.adapters.store.signing import FILE_NAME as SIGNING_KEY
from moothall.adapters.system.clock import SystemClock
from moothall.adapters.system.owners import refuse_root
from moothall.app.backend import RECORDINGS_FOLDER
from moothall.app.restoring import restore
from moothall.core.backup.book import NamespaceBackup, chosen
from moothall.core.backup.removed import RemovedContent, united
from moothall.core.backup.restore_point import RestorePoint
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.times import UTC_ZONE
from moothall.core.ports import Clock
from moothall.services.backup.checking import check
from moothall.services.backup.taking import BackupResult, Taking
from moothall.settings.loading import load
from moothall.settings.sections import Settings

DONE, UNSOUND = 0, 1
"""Exit codes: all is well; a restore point is damaged."""
RATE_MB = 4
NICENESS = 19
MEGABYTE = 1_000_000
_SECRETS = {
    "tls_key": ("server", "tls_key"),
    "engine_key": ("engine", "key_file"),
    "engine_tokens": ("engine", "tokens"),
    "translation_key": ("translation", "key_file"),
    "nodes_key": ("cluster", "key_file"),
    "opensearch_key": ("search", "opensearch_key_file"),
    "redis_password": ("cluster", "password_file"),
    "drafting_key": ("drafting", "key_file"),
    "mail_password": ("mail", "password_file"),
    "sign_in_secret": ("sign_in", "client_secret_file"),
}
"""Secret files that the settings name: their names in the file of keys, with section and setting."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both commands to the parser."""
    backup = commands.add_parser(
        "backup",
        help="back up a data folder, also while a server uses it",
        description="Make a restore point of a data folder, also while a server uses it, or check a backup.",
        epilog="Exit status: 0 done, 1 it failed or a restore point is damaged, and it is said why.",
    )
    backup.add_argument("--data", type=Path, help="the server's data folder")
    backup.add_argument("--config", type=Path, metavar="FILE", help="the server's settings, to be backed up too")
    backup.add_argument("--to", type=Path, metavar="FOLDER", help="the folder of the backup; made when missing")
    backup.add_argument("--keys", type=Path, metavar="FILE", help="where the keys go, apart from the backup")
    backup.add_argument(
        "--removals",
        type=Path,
        metavar="FILE",
        help="where the list of removals goes; by default FOLDER.removals.jsonl",
    )
    backup.add_argument("--rate", type=float, default=RATE_MB, metavar="MB", help=f"MB a second; by default {RATE_MB}")
    backup.add_argument("--keep", type=int, default=0, metavar="N", help="how many restore points stay; by default all")
    backup.add_argument(
        "--read-all",
        action="store_true",
        help="read every recording; otherwise not those that have not changed since the last restore point",
    )
    backup.add_argument("--verify", type=Path, metavar="FOLDER", help="check the backup in this folder and do no more")
    backup.set_defaults(run=_backup)
    back = commands.add_parser(
        "restore",
        help="restore a data folder from a backup",
        description="Restore a data folder from a backup, without what was removed since.",
    )
    back.add_argument("--from", dest="source", type=Path, required=True, metavar="FOLDER", help="the backup")
    back.add_argument("--to", type=Path, required=True, metavar="DIR", help="the new data folder")
    back.add_argument("--at", metavar="TIME", help="the newest restore point up to then, such as 2026-11-30T10:15Z")
    listed = back.add_mutually_exclusive_group(required=True)
    listed.add_argument(
        "--removals",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="the list of removals that was kept apart; where there are several copies, say it for each",
    )
    listed.add_argument("--without-removals", action="store_true", help="nothing was removed since the restore point")
    keys = back.add_mutually_exclusive_group(required=True)
    keys.add_argument("--keys", type=Path, metavar="FILE", help="the keys that were kept apart")
    keys.add_argument("--without-keys", action="store_true", help="the signing key is put there by somebody else")
    back.add_argument(
        "--without-links", action="store_true", help="leave out role links and tokens: all need new ones then"
    )
    back.set_defaults(run=_restore)


def _backup(arguments: argparse.Namespace) -> int:
    if arguments.verify is not None:
        return verify_command(arguments.verify, sys.stdout)
    if arguments.to is None:
        raise ConfigurationError("Say where the backup goes, with --to FOLDER, or which one to check, with --verify.")
    if arguments.rate <= 0 or arguments.keep < 0:
        raise ConfigurationError("--rate has to be above 0, and --keep 0 or more.")
    settings = load(arguments.config, os.environ)
    os.nice(NICENESS)  # Live work has precedence.
    return backup_command(
        arguments.data or Path(settings.server.data),
        arguments.to,
        sys.stdout,
        removals=arguments.removals or (Path(settings.server.removals) if settings.server.removals else None),
        keys=arguments.keys,
        config=arguments.config,
        settings=settings,
        rate=int(arguments.rate * MEGABYTE),
        keep=arguments.keep,
        read_all=arguments.read_all,
    )


def backup_command(
    data: Path,
    to: Path,
    out: TextIO,
    *,
    removals: Path | None = None,
    keys: Path | None = None,
    config: Path | None = None,
    settings: Settings | None = None,
    rate: int = RATE_MB * MEGABYTE,
    keep: int = 0,
    read_all: bool = False,
    clock: Clock | None = None,
) -> int:
    """Make a restore point of the data folder `data` in the folder `to`, and print what was done.

    `rate` is in bytes a second. Raises ConfigurationError, StorageUnavailable and RecordBroken; then older restore
    points are unchanged.
    """
    kept_apart = removals or to.with_name(f"{to.name}.removals.jsonl")
    for path, what in ((kept_apart, "list of removals"), (keys, "keys")):
        if path is not None and path.resolve().is_relative_to(to.resolve()):
            raise ConfigurationError(f"The {what} can't lie in the backup, which it has to be kept apart from: {path}.")
    for inside, around in ((to, data), (data, to)):
        if inside.resolve().is_relative_to(around.resolve()):
            raise ConfigurationError(f"The backup {to} and the data folder {data} can't lie in each other.")
    if to.exists():
        refuse_root(to)
    named = {} if config is None else _files(config, settings or Settings())
    folder = DataFolder(data, data / RECORDINGS_FOLDER, kept_apart, named)
    try:
        secrets = {} if keys is None else _secrets(data, settings or Settings())
        store = BackupFolder.make(to)
        with store.held():
            if keys is not None:
                write_keys(keys, secrets, chosen(folder.book(), NamespaceBackup.WITH_KEYS))
            taking = Taking(
                folder,
                store,
                clock=clock or SystemClock(),
                rate=rate,
                release=__version__,
                keep=keep,
                read_all=read_all,
            )
            taken = asyncio.run(taking.run())
    finally:
        folder.close()
    _say_taken(taken, to, kept_apart, keys, out)
    return UNSOUND if taken.damaged else DONE


def _say_taken(taken: BackupResult, to: Path, kept_apart: Path, keys: Path | None, out: TextIO) -> None:
    new = _size(taken.new) if taken.new else "nothing"
    print(f"{to}: restore point {taken.name}, {_what(taken.point)}; {new} of it is new.", file=out)
    if taken.cleaned:
        print(f"What was removed since was taken out of {_count(taken.cleaned, 'older restore point')}.", file=out)
    for part in taken.left_out:
        print(
            f"Left out: the recording of {part.session}, source {part.source}, from sample {part.first}. Something is "
            "to be taken out of it, and the server has not done so yet. The next backup has it.",
            file=out,
        )
    if taken.mended:
        print(
            f"Damaged or missing in older restore points, and written anew: {_count(taken.mended, 'object')}. Look at "
            "the disk.",
            file=out,
        )
    for name in taken.damaged:
        print(
            f"Restore point {name} is damaged, and the data folder has not what it lacks. Delete "
            f"{to / f'point-{name}.json'}; the next backup deletes what is left of it.",
            file=out,
        )
    print(f"The list of removals: {kept_apart}. A restore needs it: keep it on another disk.", file=out)
    if keys is None:
        print("The keys were not backed up; --keys FILE does that, apart from the backup.", file=out)
    else:
        print(f"The keys: {keys}. Keep them apart from the backup.", file=out)


def verify_command(folder: Path, out: TextIO) -> int:
    """Check all restore points of a backup, and print a sentence on each to `out`. Raises ConfigurationError."""
    store, code = BackupFolder(folder), DONE
    with store.held(reading=True):
        for found in check(store):
            print(f"{found.name}: {'damaged' if found.faults else 'whole'}; {_what(found.point)}.", file=out)
            for fault in found.faults:
                print(f"  {fault}", file=out)
                code = UNSOUND
        if not store.points():
            print(f"{folder} holds no restore point yet.", file=out)
    return code


def _restore(arguments: argparse.Namespace) -> int:
    return restore_command(
        arguments.source,
        arguments.to,
        sys.stdout,
        at=None if arguments.at is None else _moment(arguments.at),
        removals=arguments.removals,
        keys=arguments.keys,
        links=not arguments.without_links,
    )


def restore_command(
    source: Path,
    to: Path,
    out: TextIO,
    *,
    at: int | None = None,
    removals: Sequence[Path],
    keys: Path | None,
    links: bool = True,
) -> int:
    """Restore the newest restore point of the backup `source`, up to `at` (Unix ms), into the data folder `to`.

    `removals` are copies of the list of removals; none where nothing was removed since. `keys` is the file of keys;
    None where somebody else puts them into the folder. Raises ConfigurationError, StorageUnavailable and RecordBroken;
    then `to` is unchanged.
    """
    refuse_root(to)
    store = BackupFolder(source)
    with store.held(reading=True):
        point = _point_at(store, source, at)
        listed = _listed(store, removals) if removals else RemovedContent(())
        found = Keys(files={}, entries=()) if keys is None else read_keys(keys)
        with _in_place(to) as new:
            result = asyncio.run(restore(store, point, listed, found, new, links=links))
    print(f"{to}: restored, as it was at {UTC_ZONE.at(point.at):%Y-%m-%d %H:%M:%S} UTC.", file=out)
    for each in result.sessions:
        removed = f"intact but for {_count(each.removed, 'event')} removed since" if each.removed else "intact"
        print(f"{each.session}: {removed}; up to event {each.offset}.", file=out)
    for part in result.left_out:
        print(
            f"Left out: the recording of {part.session}, source {part.source}, from sample {part.first}. What was "
            "removed could not be taken out of it; that needs the extra `audio`.",
            file=out,
        )
    for part in result.damaged:
        print(
            f"Left out: the recording of {part.session}, source {part.source}, from sample {part.first}. It is "
            "damaged in the backup. Another copy of the backup's folder may have it.",
            file=out,
        )
    if SIGNING_KEY not in found.files:
        print(f"The server needs {to / SIGNING_KEY} before it can start.", file=out)
    if links:
        print("Role links are as they were; those that were revoked since open again: see Links on /admin.", file=out)
    return DONE


def _listed(store: BackupFolder, removals: Sequence[Path]) -> RemovedContent:
    """All that these copies of the list name. Raises ConfigurationError where one is missing or can't be read, and
    where they lack what a restore point knew.
    """
    for path in removals:
        if not path.exists():
            raise ConfigurationError(
                f"There is no list of removals at {path}, and what was removed since the restore point would come "
                "back. Look for the copy that is kept apart, or say --without-removals if nothing was removed."
            )
    listed = RemovedContent(united(*map(read_removals, removals)))
    lacking = {act for point in store.points().values() for act in point.removals} - listed.acts - listed.abandoned
    if lacking:
        raise ConfigurationError(
            f"{', '.join(map(str, removals))} lacks {_count(len(lacking), 'removal')} that the backup knew of: it is "
            "an older copy, or another server's list, and what was removed since could come back. Name the newest "
            "copy, or several, each with --removals: the file that [server] names, removals.jsonl of the old data "
            "folder, and FOLDER.removals.jsonl beside the backup. Say --without-removals only if nothing was removed "
            "since the newest restore point."
        )
    return listed


def _point_at(store: BackupFolder, source: Path, at: int | None) -> RestorePoint:
    there = [each for each in store.points().values() if at is None or each.at <= at]
    if not there:
        raise ConfigurationError(f"{source} holds no restore point{'' if at is None else ' from before that time'}.")
    return there[-1]


@contextmanager
def _in_place(to: Path) -> Iterator[Path]:
    """A new folder that replaces `to` if the block succeeds. Raises ConfigurationError."""
    import shutil

    new = to.with_name(f".{to.name}.restoring")
    with explained(f"The folder {to} can't be restored to"):
        if to.exists() and any(to.iterdir()):
            raise ConfigurationError(f"{to} is not empty. Restore into a new folder, and move it then.")
        if new.exists():
            shutil.rmtree(new)  # a restore that was interrupted left it
        new.mkdir(mode=0o700, parents=True)
    try:
        yield new
        with explained(f"The folder {to} can't be restored to"):
            new.replace(to)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _files(config: Path, settings: Settings) -> Mapping[str, bytes]:
    """The settings' files that are not secret, by the names under which they are restored."""
    found = {"settings.toml": _read(config)}
    conference = settings.conference
    for name, folder in (("glossaries", conference.glossaries), ("words", conference.word_lists)):
        for path in sorted(Path(folder).glob("*.toml")) if folder else []:
            found[f"{name}/{path.name}"] = _read(path)
    if settings.translation.phrases:
        found["phrases.toml"] = _read(Path(settings.translation.phrases))
    if conference.places:
        found["places.toml"] = _read(Path(conference.places))
    if conference.recommendations:
        found["recommendations.toml"] = _read(Path(conference.recommendations))
    return found


def _secrets(data: Path, settings: Settings) -> Mapping[str, bytes]:
    """All secret files. Raises ConfigurationError without a signing key, which people expect in a file of keys."""
    if not (data / SIGNING_KEY).exists():
        raise ConfigurationError(
            f"There is no {SIGNING_KEY} in {data}, so that no keys can be kept. Nothing was backed up: put the key "
            "back, or leave --keys out where it is kept elsewhere."
        )
    found = {SIGNING_KEY: _read(data / SIGNING_KEY)}
    for name, (section, field) in _SECRETS.items():
        path = getattr(getattr(settings, section), field)
        if path:
            found[name] = _read(Path(path))
    return found


def _read(path: Path) -> bytes:
    with explained(f"{path} can't be read"):
        return path.read_bytes()


def _moment(text: str) -> int:
    """A time in ISO 8601 as Unix ms; UTC if it has no zone. Raises ConfigurationError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"--at takes a time such as 2026-11-30T10:15Z, not {text!r}.") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _what(point: RestorePoint) -> str:
    events = sum(part.offset for part in point.sessions)
    size = sum(stored.size for stored in {*point.objects()})
    listed: Sequence[str] = [_count(len(point.sessions), "session"), _count(events, "event")]
    if point.sound:
        listed = [*listed, _count(len(point.sound), "recording")]
    return f"{', '.join(listed)}, {_size(size)}"


def _size(size: int) -> str:
    return f"{size / MEGABYTE:.1f} MB" if size >= MEGABYTE else f"{-(-size // 1_000)} kB"


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
