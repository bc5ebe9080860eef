"""Whatever is said, removed and backed up in whatever order: a restored log is the live log at that time, less
everything removed until now; and removed words are in no file of the backup or of the restored folder.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from moothall.adapters.backup.folder import BackupFolder
from moothall.adapters.store.removal_list import FILE_NAME as LIST
from moothall.cli.backup import verify_command
from moothall.record.verify import verify
from support.backup.houses import House, apart, holding, records_of, restored
from support.files.memory_folder import MEMORY

NAMES = st.sampled_from(["one", "two"])
SAY = st.tuples(st.just("say"), NAMES, st.integers(1, 6))
REMOVE = st.tuples(st.just("remove"), NAMES, st.integers(0, 40))
BACKUP = st.tuples(st.just("backup"), st.just(""), st.sampled_from([0, 0, 2]))
KILL = st.tuples(st.just("kill"), NAMES, st.integers(0, 40))
"""A server writes a removal on the list, and is killed before it carries it out."""
SIGN = st.tuples(st.just("sign"), NAMES, st.just(0))
STEPS = st.lists(st.one_of(SAY, REMOVE, BACKUP, KILL, SIGN), min_size=2, max_size=14)


def walk(house: House, steps: list[tuple[str, str, int]], to: Path) -> set[bytes]:
    """What was removed."""
    removed: set[bytes] = set()
    for number, (what, name, n) in enumerate(steps):
        if what == "say":
            house.say(name, *(f"words-{number}-{each}-end" for each in range(n)))
        elif what == "sign" and name in house.recorders:
            house.sign(name)
        elif what == "backup":
            house.backup(to, keep=n)
        elif what == "kill" and (
            left := [each for each, word in house.words.get(name, {}).items() if word not in removed]
        ):
            house.list_only(name, left[n % len(left)])
            if n % 2:
                house.restart()
        elif what == "remove" and (there := sorted(house.words.get(name, {}).items())):
            gone = [there[each % len(there)] for each in {n, n + 1}]
            house.remove(name, *sorted(offset for offset, _ in dict(gone).items()))
            removed |= {word for _, word in gone}
    return removed


@settings(deadline=None, max_examples=max(12, settings().max_examples // 20))
@given(STEPS)
def test_a_restored_log_is_the_live_one_less_what_was_removed_and_no_file_has_that(
    steps: list[tuple[str, str, int]],
) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as place:
        folder, to = Path(place) / "data", Path(place) / "backup"
        house = House(folder)
        try:
            house.say("one", "words-first-end")
            house.backup(to)
            removed = walk(house, steps, to)
            house.restart()
            live = {name: house.records(name) for name in house.recorders}
            newest = folder / LIST if (folder / LIST).exists() else apart(to)
            for round_ in range(2):
                for point in BackupFolder(to).points().values():
                    new = Path(place) / "restored"
                    restored(to, new, removals=newest, at=point.at)
                    assert holding(new, removed) == []
                    there = records_of(new)
                    for part in point.sessions:
                        whole = there[part.session]
                        assert whole[: part.offset] == live[part.session][: part.offset]
                        assert verify(whole).broken == ()
                        assert len(whole) <= part.offset + 2
                    shutil.rmtree(new)
                if round_ == 0:
                    house.backup(to)
            assert holding(to, removed) == []
            out = io.StringIO()
            assert verify_command(to, out) == 0, out.getvalue()
        finally:
            house.close()
