from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import mutations
from mutations import Mutation, NoLongerApplies

ROOT = Path(__file__).parents[3]
ALL = mutations.read(mutations.TABLE)
LARGEST = Mutation("largest", "src/most.py", "It takes the smaller.", "a > b", "a < b", ("tests/most",))
SOURCE = "def most(a, b):\n    return a if a > b else b\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / LARGEST.file).write_text(SOURCE, encoding="utf-8")
    return tmp_path


def fails_by(tree: Path, tests: Sequence[str], marks: str) -> bool:
    """Tests named `most` look; others, and those for all machines, don't."""
    return tests == ("tests/most",) and "a < b" in (tree / LARGEST.file).read_text(encoding="utf-8")


@pytest.mark.parametrize("mutation", ALL, ids=[each.id for each in ALL])
def test_each_mutation_of_the_list_applies(mutation: Mutation) -> None:
    text = (ROOT / mutation.file).read_text(encoding="utf-8")
    changed = mutation.applied(text)
    assert changed != text
    if mutation.file.endswith(".py"):
        compile(changed, mutation.file, "exec")
    assert [test for test in mutation.tests if not (ROOT / test.partition("::")[0]).exists()] == []


def test_the_list_reaches_all_parts_of_the_product() -> None:
    parts = ("core", "wire", "record", "services", "adapters", "settings", "app")
    wanted = [f"server/moothall/{part}/" for part in parts] + ["hubs/", "models/", "web/js/"]
    assert [part for part in wanted if not any(each.file.startswith(part) for each in ALL)] == []
    assert len(ALL) >= 60


def test_a_fault_is_caught_and_the_tree_is_as_before(tree: Path) -> None:
    result = mutations.judge(tree, LARGEST, fails_by)
    assert (result.mutation, result.caught_by) == (LARGEST, "tests/most")
    assert (tree / LARGEST.file).read_text(encoding="utf-8") == SOURCE


def test_what_the_named_tests_miss_goes_on_to_the_wider_ones(tree: Path) -> None:
    other = Mutation("largest", "src/most.py", "It takes the smaller.", "a > b", "a < b", ("tests/others",))
    assert mutations.judge(tree, other, fails_by).caught_by == ""
    assert mutations.judge(tree, other, fails_by, ("tests/most",)).caught_by == "tests/most"


def test_the_tree_is_as_before_when_the_tests_break_off(tree: Path) -> None:
    def broken(tree: Path, tests: Sequence[str], marks: str) -> bool:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        mutations.judge(tree, LARGEST, broken)
    assert (tree / LARGEST.file).read_text(encoding="utf-8") == SOURCE


@pytest.mark.parametrize(
    ("source", "where"),
    [("def most(a, b): ...\n", "what it changes isn't there"), (SOURCE * 2, "what it changes is there 2 times")],
)
def test_a_mutation_that_no_longer_applies_is_refused(tree: Path, source: str, where: str) -> None:
    (tree / LARGEST.file).write_text(source, encoding="utf-8")
    with pytest.raises(NoLongerApplies, match=rf"largest no longer applies: {where} in src/most\.py"):
        mutations.judge(tree, LARGEST, fails_by)


def test_a_mutation_of_a_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoLongerApplies, match=r"largest no longer applies: there is no src/most\.py"):
        mutations.judge(tmp_path, LARGEST, fails_by)


ROW = '[[mutation]]\nid="a"\nfile="f"\nfault="It breaks."\nold="1"\nnew="{new}"\ntests=["t"]\n'


@pytest.mark.parametrize(
    ("table", "what"),
    [(ROW.format(new="2") * 2, "is in table.toml twice"), (ROW.format(new="1"), "changes nothing, names no tests")],
)
def test_a_table_that_cannot_be_meant_is_refused(tmp_path: Path, table: str, what: str) -> None:
    (tmp_path / "table.toml").write_text(table, encoding="utf-8")
    with pytest.raises(ValueError, match=f"the mutation a {what}"):
        mutations.read(tmp_path / "table.toml")


def test_tests_run_in_a_process_of_their_own_and_find_the_copy(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "most.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "test_most.py").write_text("import most\ndef test_most(): assert most.most(1, 2) == 2\n")
    run = mutations.runner(60)
    fault = Mutation("largest", "server/most.py", "It takes the smaller.", "a > b", "a < b", ("test_most.py",))
    assert not run(tmp_path, fault.tests, mutations.QUICK)
    assert mutations.judge(tmp_path, fault, run).caught_by == "test_most.py"
