from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from moothall.adapters.backup.data_folder import LiveRecordings, sound_path
from moothall.adapters.backup.folder import BackupFolder
from moothall.adapters.backup.keys_file import read_keys
from moothall.adapters.store.removal_list import FILE_NAME as LIST
from moothall.adapters.store.removal_list import RemovalList
from moothall.adapters.store.signing import FILE_NAME as KEY
from moothall.adapters.store.sqlite_file import FILE_NAME as LOG
from moothall.cli import main
from moothall.cli.backup import backup_command, restore_command, verify_command
from moothall.core.backup.removed import SessionRemoved
from moothall.core.kernel.errors import ConfigurationError, RecordBroken
from moothall.core.kernel.ids import Epoch, SessionId, SourceId
from moothall.core.ports import BookEntry
from moothall.settings.loading import load
from moothall.settings.sections import Settings
from support.backup.houses import FAST, House, apart, holding, records_of

RESTORE = ["restore", "--from", "nowhere", "--to", "d", "--without-removals", "--without-keys"]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "data")
    house.enter(BookEntry("asking", "key", b"the secret key"), BookEntry("link", "admin", b"a digest"))
    house.say("one", "a first line", "a second line")
    house.sign("one")
    yield house
    house.close()


def backed_up(house: House, **options: object) -> str:
    out = io.StringIO()
    to = house.folder.parent / "backup"
    assert backup_command(house.folder, to, out, rate=FAST, **options) == 0  # type: ignore[arg-type]
    return out.getvalue()


def put_back(folder: Path, to: str = "new", *, removals: Path | None = None, **options: object) -> str:
    out = io.StringIO()
    keys = options.pop("keys", folder / "keys")
    source = folder / "backup"
    assert restore_command(source, folder / to, out, removals=[removals or apart(source)], keys=keys, **options) == 0  # type: ignore[arg-type]
    return out.getvalue()


def test_it_says_what_was_done_and_where_things_are(house: House, tmp_path: Path) -> None:
    said = backed_up(house, keys=tmp_path / "keys")
    assert "restore point 2" in said
    assert "1 session, 3 events" in said
    assert f"The list of removals: {apart(tmp_path / 'backup')}. A restore needs it" in said
    assert f"The keys: {tmp_path / 'keys'}. Keep them apart" in said
    assert "The keys were not backed up; --keys FILE does that" in backed_up(house)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_leaves_nothing_that_its_owner_could_not_use(house: House, tmp_path: Path) -> None:
    backed_up(house, keys=tmp_path / "keys")
    (theirs := tmp_path / "theirs").mkdir()
    before = sorted(tmp_path.rglob("*"))
    for folder in (tmp_path / "backup", theirs):
        os.chown(folder, 54321, -1)
    with pytest.raises(ConfigurationError, match="backup belongs to user 54321, who could not use what root makes in"):
        backed_up(house)
    with pytest.raises(ConfigurationError, match="theirs belongs to user 54321, who could not use what root makes in"):
        put_back(tmp_path, "theirs/new")
    assert sorted(tmp_path.rglob("*")) == before
    put_back(tmp_path)


def test_it_says_how_much_of_a_restore_point_is_new(house: House) -> None:
    said = backed_up(house)
    (size,) = re.findall(r"1 session, 3 events, (\d+ kB);", said)
    assert f"; {size} of it is new." in said
    assert f"1 session, 3 events, {size}; nothing of it is new." in backed_up(house)
    house.say("two", "x" * 2_000_000)
    assert re.search(r"2 sessions, 4 events, (\d+\.\d MB); \1 of it is new\.", backed_up(house))


def test_only_recordings_that_have_changed_are_read_unless_all_are_asked_for(house: House, tmp_path: Path) -> None:
    to, recordings = tmp_path / "backup", LiveRecordings(house.folder / "recordings")
    key = (SessionId("one"), SourceId("mic"), 0)
    path = sound_path(house.folder / "recordings", key)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"sound")
    backed_up(house)
    path.write_bytes(b"other")
    # As if the stamp had stayed the same.
    ((name, point),) = BackupFolder(to).points().items()
    forged = msgspec.structs.replace(point.sound[0], stamp=recordings.stamp(key))
    BackupFolder(to).publish(name, msgspec.structs.replace(point, sound=(forged,)))
    arguments = ["backup", "--data", str(house.folder), "--to", str(to)]
    for more, there in (([], b"sound"), (["--read-all"], b"other")):
        assert main([*arguments, *more]) == 0
        (part,) = list(BackupFolder(to).points().values())[-1].sound
        assert BackupFolder(to).get(part.stored) == there


def test_keys_are_in_their_file_alone_and_come_back(house: House, tmp_path: Path) -> None:
    backed_up(house, keys=tmp_path / "keys")
    pem = (house.folder / KEY).read_bytes()
    assert holding(tmp_path / "backup", [b"the secret key", b"PRIVATE KEY"]) == []
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600
    said = put_back(tmp_path)
    assert (tmp_path / "new" / KEY).read_bytes() == pem
    assert len(holding(tmp_path / "new", [b"the secret key"])) == 1
    assert "Role links are as they were" in said
    assert "one: intact; up to event 3." in said


def test_without_keys_and_links_it_says_what_is_missing(house: House, tmp_path: Path) -> None:
    backed_up(house, keys=tmp_path / "keys")
    said = put_back(tmp_path, keys=None, links=False)
    assert f"The server needs {tmp_path / 'new' / KEY} before it can start" in said
    assert "Role links" not in said
    assert holding(tmp_path / "new", [b"a digest", b"the secret key"]) == []


def test_the_settings_and_what_they_name_are_backed_up_too(house: House, tmp_path: Path) -> None:
    secrets = {"tokens": "token-of-an-engine", "nodes.key": "key-of-nodes", "redis": "password-of-redis"}
    for name, text in (("terms/a.toml", "words"), ("phrases.toml", "formula"), *secrets.items()):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    config = tmp_path / "house.toml"
    config.write_text(
        f'[server]\ndata = "{house.folder}"\n[conference]\nglossaries = "{tmp_path / "terms"}"\n'
        f'[engine]\ntokens = "{tmp_path / "tokens"}"\n[translation]\nphrases = "{tmp_path / "phrases.toml"}"\n'
        f'[cluster]\nkey_file = "{tmp_path / "nodes.key"}"\npassword_file = "{tmp_path / "redis"}"\n'
    )
    backed_up(house, keys=tmp_path / "keys", config=config, settings=load(config, {}))
    assert holding(tmp_path / "backup", [text.encode() for text in secrets.values()]) == []
    put_back(tmp_path)
    new = tmp_path / "new" / "settings"
    assert (new / "settings.toml").read_bytes() == config.read_bytes()
    assert (new / "glossaries" / "a.toml").read_text() == "words"
    assert (new / "phrases.toml").read_text() == "formula"
    kept = {"engine_tokens": "tokens", "nodes_key": "nodes.key", "redis_password": "redis"}
    for name, there in kept.items():
        assert (new / "keys" / name).read_text() == secrets[there]


def test_each_secret_file_that_settings_name_is_among_the_keys(house: House, tmp_path: Path) -> None:
    settings, wanted = Settings(), set()
    for section in settings.__struct_fields__:
        for field in getattr(settings, section).__struct_fields__:
            if re.search(r"(key|tokens|key_file|password_file|secret_file)$", field):
                path = tmp_path / f"{section}.{field}"
                path.write_text(path.name)
                changed = msgspec.structs.replace(getattr(settings, section), **{field: str(path)})
                settings = msgspec.structs.replace(settings, **{section: changed})
                wanted.add(path.name.encode())
    backed_up(house, keys=tmp_path / "keys", settings=settings)
    assert {b"sign_in.client_secret_file", b"server.tls_key"} <= wanted
    assert wanted <= {*read_keys(tmp_path / "keys").files.values()}


def test_what_is_restored_only_its_owner_can_read_whatever_the_shell_allows(house: House, tmp_path: Path) -> None:
    recording = Path("recordings/one/floor/000000000000000.opus")
    for path in (house.folder / recording, tmp_path / "terms/a.toml", tmp_path / "tokens"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"bytes")
    config = tmp_path / "house.toml"
    config.write_text(
        f'[conference]\nglossaries = "{tmp_path / "terms"}"\n[engine]\ntokens = "{tmp_path / "tokens"}"\n'
    )
    backed_up(house, keys=tmp_path / "keys", config=config, settings=load(config, {}))
    before = os.umask(0o002)
    try:
        put_back(tmp_path)
    finally:
        os.umask(before)
    new = tmp_path / "new"
    assert {recording, Path("settings/glossaries/a.toml"), Path("settings/keys/engine_tokens")} <= {
        path.relative_to(new) for path in new.rglob("*")
    }
    open_to_others = [path for path in (new, *new.rglob("*")) if path.stat().st_mode & 0o077]
    assert open_to_others == []


def test_the_newest_snapshot_up_to_a_time_is_restored(house: House, tmp_path: Path) -> None:
    backed_up(house, keys=tmp_path / "keys")
    house.say("one", "a third line")
    backed_up(house)
    first, second = BackupFolder(tmp_path / "backup").points().values()
    put_back(tmp_path, "old", at=second.at - 1)
    put_back(tmp_path, "new")
    assert len(records_of(tmp_path / "old")["one"]) == 3
    assert len(records_of(tmp_path / "new")["one"]) == 4
    with pytest.raises(ConfigurationError, match="holds no restore point from before that time"):
        put_back(tmp_path, "older", at=first.at - 1)


def test_a_restore_needs_the_list_of_removals(house: House, tmp_path: Path) -> None:
    backed_up(house, keys=tmp_path / "keys")
    with pytest.raises(ConfigurationError, match="There is no list of removals at"):
        put_back(tmp_path, removals=tmp_path / "nowhere")
    assert not (tmp_path / "new").exists()
    arguments = ["restore", "--from", str(tmp_path / "backup"), "--to", str(tmp_path / "new"), "--without-keys"]
    with pytest.raises(SystemExit):
        main(arguments)
    assert main([*arguments, "--without-removals"]) == 0
    assert len(records_of(tmp_path / "new")["one"]) == 3


def test_a_list_that_lacks_what_the_backup_knew_of_is_refused(house: House, tmp_path: Path) -> None:
    list_ = house.folder / LIST
    backed_up(house, keys=tmp_path / "keys")
    house.remove("one", 1)
    older, foreign = tmp_path / "older", tmp_path / "foreign"
    older.write_bytes(list_.read_bytes())
    house.remove("one", 2)
    backed_up(house)
    RemovalList(foreign).append(lambda new: SessionRemoved(id=new.id, at=new.at, epoch=Epoch("elsewhere")))
    for path, lacks in ((older, "1 removal"), (foreign, "2 removals")):
        with pytest.raises(
            ConfigurationError, match=f"{path} lacks {lacks} that the backup knew of: .* Name the newest"
        ):
            put_back(tmp_path, removals=path)
    first, _ = BackupFolder(tmp_path / "backup").points().values()
    with pytest.raises(ConfigurationError, match="lacks 1 removal"):
        put_back(tmp_path, removals=older, at=first.at)
    assert not (tmp_path / "new").exists()
    put_back(tmp_path, removals=list_)
    assert [each.body is None for each in records_of(tmp_path / "new")["one"][:2]] == [True, True]


def test_copies_of_the_list_that_each_lack_something_are_named_together(house: House, tmp_path: Path) -> None:
    house.remove("one", 1)
    backed_up(house, keys=tmp_path / "keys")
    begun = tmp_path / "begun anew"
    (house.folder / LIST).unlink()
    house.remove("one", 2)
    (house.folder / LIST).rename(begun)
    both = ["--removals", str(begun), "--removals", str(apart(tmp_path / "backup"))]
    where = ["--from", str(tmp_path / "backup"), "--to", str(tmp_path / "new"), "--without-keys"]
    assert main(["restore", *where, *both[:2]]) == 1
    assert main(["restore", *where, *both]) == 0
    assert holding(tmp_path / "new", [b"a first line", b"a second line"]) == []


def test_what_a_restore_point_of_an_earlier_release_knew_is_not_asked_for(house: House, tmp_path: Path) -> None:
    house.remove("one", 1)
    backed_up(house, keys=tmp_path / "keys")
    store = BackupFolder(tmp_path / "backup")
    ((name, point),) = store.points().items()
    store.publish(name, msgspec.structs.replace(point, removals=()))
    RemovalList(tmp_path / "other").append(lambda new: SessionRemoved(id=new.id, at=new.at, epoch=Epoch("elsewhere")))
    put_back(tmp_path, removals=tmp_path / "other")


def test_an_act_that_was_abandoned_need_not_be_on_the_list(house: House, tmp_path: Path) -> None:
    line = house.list_only("one", 1)
    backed_up(house, keys=tmp_path / "keys")
    house.restart()
    backed_up(house)
    points = list(BackupFolder(tmp_path / "backup").points().values())
    assert [each.removals for each in points] == [(line.id,), ()]
    put_back(tmp_path)
    assert holding(tmp_path / "new", [b"a first line"]) != []


def test_what_was_removed_is_said_and_signed(house: House, tmp_path: Path) -> None:
    backed_up(house, keys=tmp_path / "keys")
    house.remove("one", 2)
    said = put_back(tmp_path, removals=house.folder / LIST)
    assert "one: intact but for 1 event removed since; up to event 3." in said
    records = records_of(tmp_path / "new")["one"]
    assert [record.header.type for record in records[3:]] == ["body.removed", "record.checkpoint"]
    assert holding(tmp_path / "new", [b"a second line"]) == []
    # The list goes on in the restored folder.
    assert b'"text"' in (tmp_path / "new" / LIST).read_bytes()


def test_a_folder_that_is_not_empty_is_not_restored_to(house: House, tmp_path: Path) -> None:
    backed_up(house, keys=tmp_path / "keys")
    (tmp_path / "new").mkdir()
    put_back(tmp_path)
    with pytest.raises(ConfigurationError, match=r"is not empty\. Restore into a new folder"):
        put_back(tmp_path)


def test_a_restore_that_was_interrupted_is_begun_anew(house: House, tmp_path: Path) -> None:
    backed_up(house, keys=tmp_path / "keys")
    (tmp_path / ".new.restoring").mkdir()
    (tmp_path / ".new.restoring" / LOG).write_bytes(b"half")
    put_back(tmp_path)
    assert not (tmp_path / ".new.restoring").exists()


def test_a_damaged_backup_is_not_restored(house: House, tmp_path: Path) -> None:
    backed_up(house, keys=tmp_path / "keys")
    path = max((tmp_path / "backup" / "objects").glob("*/*"), key=lambda each: each.stat().st_size)
    path.write_bytes(path.read_bytes().replace(b"second", b"fourth"))
    with pytest.raises(RecordBroken, match="is not what was written"):
        put_back(tmp_path)
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / ".new.restoring").exists()


def damage(backup: Path, data: bytes) -> Path:
    """Change a byte of the object that holds these bytes, as a disk does."""
    (path,) = (each for each in (backup / "objects").glob("*/*") if data in each.read_bytes())
    path.write_bytes(path.read_bytes().replace(data, data[:-1] + bytes([data[-1] ^ 1])))
    return path


def test_a_damaged_recording_is_left_out_and_named_while_all_meetings_come_back(house: House, tmp_path: Path) -> None:
    for first, words in enumerate((b"the first hour", b"the second hour")):
        path = house.folder / "recordings" / "one" / "mic" / f"{first:015d}.opus"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(words)
    backed_up(house, keys=tmp_path / "keys")
    damage(tmp_path / "backup", b"the second hour")
    said = put_back(tmp_path)
    assert "one: intact; up to event 3." in said
    assert "Left out: the recording of one, source mic, from sample 1. It is damaged in the backup." in said
    kept = [path.name for path in (tmp_path / "new" / "recordings").rglob("*.opus")]
    assert kept == [f"{0:015d}.opus"]


@pytest.mark.parametrize(("data", "what"), [(b"a second line", "Session one: "), (b"a digest", "The programme: ")])
def test_damage_that_a_restore_cannot_leave_out_is_named_with_what_to_do(
    house: House, tmp_path: Path, data: bytes, what: str
) -> None:
    backed_up(house, keys=tmp_path / "keys")
    damage(tmp_path / "backup", data)
    with pytest.raises(RecordBroken, match=rf"^{what}The object .* Nothing was restored\. .*--verify.*with --at"):
        put_back(tmp_path)


def test_a_backup_says_what_is_damaged_and_fails_where_it_stays_so(house: House, tmp_path: Path) -> None:
    to = tmp_path / "backup"
    backed_up(house)
    house.say("one", "a third line")
    backed_up(house)
    old, new = BackupFolder(to).points().items()
    for _, point in (old, new):
        (block,) = point.sessions[0].blocks
        path = to / "objects" / block.stored.sha256[:2] / block.stored.sha256
        path.write_bytes(path.read_bytes()[:-1])
    out = io.StringIO()
    assert backup_command(house.folder, to, out, rate=FAST) == 1
    said = out.getvalue()
    assert "written anew: 1 object. Look at the disk." in said
    assert f"Restore point {old[0]} is damaged" in said
    assert f"Restore point {new[0]}" not in said
    (to / f"point-{old[0]}.json").unlink()
    assert "damaged" not in backed_up(house)
    assert verify_command(to, io.StringIO()) == 0


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ({"removals": "backup/list"}, "The list of removals can't lie in the backup"),
        ({"keys": "backup/keys"}, "The keys can't lie in the backup"),
    ],
)
def test_what_is_to_be_kept_apart_is_not_put_into_the_backup(
    house: House, tmp_path: Path, what: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        backed_up(house, **{name: tmp_path / path for name, path in what.items()})


def test_where_there_is_no_key_nothing_is_said_to_hold_one(house: House, tmp_path: Path) -> None:
    (house.folder / KEY).unlink()
    keys = str(tmp_path / "keys")
    arguments = ["backup", "--data", str(house.folder), "--to", str(tmp_path / "backup"), "--keys", keys]
    with pytest.raises(ConfigurationError, match=rf"There is no {KEY} in {house.folder}, .* Nothing was backed up"):
        backup_command(house.folder, tmp_path / "backup", io.StringIO(), keys=tmp_path / "keys", rate=FAST)
    assert main(arguments) == 1
    assert not (tmp_path / "keys").exists()
    assert not (tmp_path / "backup").exists()
    assert not apart(tmp_path / "backup").exists()
    backed_up(house)
    assert holding(tmp_path / "backup", [b"PRIVATE KEY"]) == []


def test_the_backup_and_the_data_folder_are_apart(house: House) -> None:
    for to in (house.folder / "backup", house.folder.parent):
        with pytest.raises(ConfigurationError, match="can't lie in each other"):
            backup_command(house.folder, to, io.StringIO())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["backup"], "Say where the backup goes"),
        (["backup", "--to", "b", "--rate", "0"], "--rate has to be above 0"),
        (["backup", "--to", "b", "--keep", "-1"], "--keep 0 or more"),
        (["backup", "--to", "b", "--data", "nowhere"], "There is no log at nowhere"),
        (["backup", "--verify", "nowhere"], "nowhere is no backup of Moothall"),
        ([*RESTORE, "--at", "noon"], "takes a time"),
        (RESTORE, "is no backup"),
    ],
)
def test_what_is_wrong_is_a_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = [str(tmp_path / each) if each in ("nowhere", "b", "d") else each for each in arguments]
    assert main(here) == 1
    assert sentence in capsys.readouterr().err.replace(f"{tmp_path}/", "")
