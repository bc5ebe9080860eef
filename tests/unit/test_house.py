"""The rules of the house that a program can check (CONTRIBUTING.md)."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

from moothall import __version__

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    ".ci",
    ".github",
    "bench",
    "config",
    "docs",
    "hubs",
    "models",
    "requirements",
    "server",
    "tests",
    "tools",
    "web",
)
TEXT = {".cfg", ".css", ".html", ".js", ".json", ".md", ".po", ".py", ".sh", ".svg", ".toml", ".txt", ".yml", ""}
SOURCE_ROOTS = ("server", "hubs", "models")

UNTESTED = {
    "core/kernel/actors.py": "roles without behaviour; test_authority.py walks all of them",
    "core/tokens/scopes.py": "names without behaviour; the tests of the doors of tokens use every one of them",
    "core/commands.py": "fields without behaviour; test_decide.py gives every one of them",
    "core/events/question_parts.py": "fields without behaviour; test_order.py uses every one of them",
    "core/questions/interventions.py": "the fold of a session's questions; rules/test_questions.py carries all out",
    "core/kernel/command.py": "no fields and no behaviour; test_decide.py gives every command",
    "core/events/base.py": "no behaviour; test_types.py walks all events",
    "core/events/attendance.py": "fields without behaviour; test_types.py walks all events",
    "core/events/hubs.py": "fields without behaviour; test_types.py walks all events",
    "core/events/lines.py": "fields without behaviour; test_types.py walks all events",
    "core/events/notes_and_tags.py": "fields without behaviour; test_types.py walks all events",
    "core/events/questions.py": "fields without behaviour; test_types.py walks all events",
    "core/events/outcomes.py": "fields without behaviour; test_types.py walks all events",
    "core/events/outcome_parts.py": "fields without behaviour; test_report_rules.py uses every one of them",
    "core/outcomes/commands.py": "fields without behaviour; the tests of the rules give every one of them",
    "core/outcomes/call.py": "the fold of a call; test_register_rules.py carries all out",
    "core/outcomes/register.py": "the fold of the register; test_register_rules.py carries all out",
    "core/outcomes/report.py": "the fold of a report; test_report_rules.py carries all out",
    "core/outcomes/document.py": "the fold of a document; test_document_rules.py carries all out",
    "core/outcomes/outcomes.py": "the four folds; the tests of their rules carry all out",
    "core/ports.py": "protocols; the contract suites hold the implementations to them",
    "services/search/ports.py": "protocols; the tests of the search use the implementation",
    "services/backup/ports.py": "protocols; the tests of the backup's services use the implementations",
    "services/questions/ports.py": "protocols; tests/contract/test_questions.py holds both implementations to them",
}
"""Modules that need no test file of their own, and why."""


def files() -> Iterator[Path]:
    """Every text file of the project, as a path below its root."""
    found = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]  # a file in a worktree
    for folder in FOLDERS:
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    for path in sorted(found):
        if path.suffix in TEXT and "__pycache__" not in path.parts and not path.name.startswith(".coverage"):
            yield path.relative_to(ROOT)


def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def modules() -> list[str]:
    """Every module of the three source roots, by its dotted name."""
    names = []
    for root in SOURCE_ROOTS:
        for path in sorted((ROOT / root).rglob("*.py")):
            parts = path.relative_to(ROOT / root).with_suffix("").parts
            names.append(".".join(parts).removesuffix(".__init__"))
    return [name for name in names if not name.endswith("__main__")]


def test_the_walk_sees_the_project() -> None:
    seen = {path.as_posix() for path in files()}
    assert {"Makefile", ".ci/run", "server/moothall/core/events/types.py", "requirements/dev.txt"} <= seen
    assert "moothall.core.views.captions" in modules()


FOREIGN = re.compile(
    r"""
    pypi\.org | pythonhosted\.org | registry\.npmjs | deb\.debian\.org | crates\.io   # hosts of package registries
    | (?<![\w.~-])/(?:work|root|home/\w+)/                                            # folders of one machine
    """,
    re.VERBOSE,
)


def test_the_pattern_finds_what_it_is_for() -> None:
    found = ["https://pypi." + "org/simple", "/ro" + "ot/x", 'open("/wo' + 'rk/y")', "/home/" + "ann/z"]
    assert all(FOREIGN.search(line) for line in found)
    assert not any(FOREIGN.search(line) for line in ["framework/", "a/work/b", "./work/x", "/homepage/"])


def test_no_file_names_a_package_registry_or_one_machine() -> None:
    found = [
        f"{path}: {hit[0]}" for path in files() if path.name != "test_house.py" for hit in FOREIGN.finditer(text(path))
    ]
    assert found == []


def code(*folders: str) -> list[Path]:
    """Every file of Python and JavaScript below these folders, but for those of other people."""
    found = [path for path in files() if path.suffix in {".py", ".js"} and path.parts[0] in folders]
    return [path for path in found if "vendor" not in path.parts]


def says_why(source: str) -> bool:
    """Whether a module's docstring, or a script's first comment, has more than one sentence."""
    said = re.match(r'"""(.*?)"""|/\*(.*?)\*/|((?://[^\n]*\n)+)', source, re.DOTALL)
    return said is not None and len(re.findall(r"\.(?=\s|$)", said[0].strip('"/* '))) > 1


def test_more_than_one_sentence_says_why() -> None:
    assert says_why('"""Waits.\n\nA module by itself: all wait with it.\n"""\n')
    assert says_why("// Waits. Both pages load it.\n")
    assert not says_why('"""Waits for `a.b` of 1.5 s."""\n\nX = "One. Two."\n')
    assert not says_why("import asyncio\n")


def test_a_module_above_600_lines_says_why() -> None:
    long = [path for path in code(*SOURCE_ROOTS, "web", "tools", "bench") if text(path).count("\n") > 600]
    assert "server/moothall/core/commands.py" in {path.as_posix() for path in long}
    assert [path.as_posix() for path in long if not says_why(text(path))] == []


def test_a_module_below_40_lines_says_why() -> None:
    modules = [path for path in code(*SOURCE_ROOTS) if path.name not in {"__init__.py", "__main__.py"}]
    short = [path for path in modules if text(path).count("\n") < 40]
    assert "server/moothall/core/kernel/backoff.py" in {path.as_posix() for path in short}
    assert {path.as_posix() for path in short if not says_why(text(path))} == set()


def public_types(source: str) -> Iterator[str]:
    """The public classes and type aliases that a module defines: what it binds to a name in CamelCase."""
    for statement in ast.parse(source).body:
        names: list[str] = []
        if isinstance(statement, ast.ClassDef):
            names = [statement.name]
        elif isinstance(statement, ast.Assign):
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            names = [statement.target.id]
        yield from (name for name in names if name[0].isupper() and not name.isupper())


def test_public_types_are_classes_and_aliases() -> None:
    source = "class Hall: ...\nclass _Own: ...\nHallOf = dict[str, Hall]\nEach: object = int | str\nMOST = M = []\n"
    assert list(public_types(source)) == ["Hall", "HallOf", "Each"]


def test_no_name_of_a_class_or_type_alias_has_two_meanings() -> None:
    homes: dict[str, list[str]] = {}
    for path in code(*SOURCE_ROOTS):
        for name in public_types(text(path)) if path.suffix == ".py" else ():
            homes.setdefault(name, []).append(path.as_posix())
    assert "server/moothall/services/sessions/live_session.py" in homes["FindSession"]
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}


SAYS_NOTHING = re.compile(r'"""(?:See the module|Serves it|Makes it|As `[\w.]+`)[.;]')


def test_no_package_and_no_folder_of_scripts_has_more_than_twenty_modules() -> None:
    modules = [path for path in code(*SOURCE_ROOTS, "web") if path.name not in {"__init__.py", "__main__.py"}]
    counted = Counter(path.parent.as_posix() for path in modules)
    assert {"server/moothall/wire", "web/js/lib"} <= counted.keys()
    assert {package: many for package, many in counted.items() if many > 20} == {}


def test_no_docstring_only_sends_readers_elsewhere() -> None:
    python = [path for path in code(*SOURCE_ROOTS) if path.suffix == ".py"]
    assert SAYS_NOTHING.search('"""See the module."""')
    assert [f"{path}: {hit[0]}" for path in python for hit in SAYS_NOTHING.finditer(text(path))] == []


NOT_IN_TESTS = re.compile(
    r"time\.sleep|\bmock\b|\bMock\b|MagicMock|monkeypatch|wait_for_(?:function|timeout)", re.ASCII
)
"""The last two are Playwright's. A page's policy forbids what the first evaluates from its second look on; the other
sleeps. `expect` waits for what a page shows, and `page.clock` lets its time pass.
"""


def test_no_test_sleeps_or_mocks() -> None:
    tests = [
        path for path in files() if path.parts[0] == "tests" and path.suffix == ".py" and path.name != "test_house.py"
    ]
    assert len(tests) > 5
    assert [f"{path}: {hit[0]}" for path in tests for hit in NOT_IN_TESTS.finditer(text(path))] == []


def test_what_needs_no_test_file_is_there_and_has_none() -> None:
    for module in UNTESTED:
        path = Path(module)
        assert (ROOT / "server/moothall" / path).exists()
        assert not (ROOT / "tests/unit" / path.with_name(f"test_{path.name}")).exists()


@pytest.mark.parametrize("layer", ["core", "wire", "record", "services"])
def test_every_module_has_a_test_file_of_its_name(layer: str) -> None:
    server = ROOT / "server/moothall"
    missing = []
    for path in sorted((server / layer).rglob("*.py")):
        below = path.relative_to(server)
        mirrored = below.with_name(f"test_{below.name}")
        kinds = ("unit", "property", "contract", "integration")
        tested = any((ROOT / "tests" / kind / mirrored).exists() for kind in kinds)
        tested = tested or (ROOT / "tests/property" / mirrored.name).exists()
        if path.name != "__init__.py" and not tested and below.as_posix() not in UNTESTED:
            missing.append(below.as_posix())
    assert missing == []


IMPORT_EACH_ALONE = """
import os, sys
import aiohttp, babel, cryptography, jinja2, msgspec, numpy, websockets  # once, for all of them
for name in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        try:
            __import__(name)
        except BaseException as error:
            print(f"{name}: {type(error).__name__}: {error}", flush=True)
            os._exit(1)
        os._exit(0)
    os.waitpid(child, 0)
"""


def in_a_circle() -> list[str]:
    """The modules whose imports lead back to them, or to what their own package imports: the others can come first."""
    graph = grimp.build_graph("moothall", "moothall_hub", "moothall_models", cache_dir=None)

    def leads_to(module: str, aim: str) -> bool:
        imported = graph.find_modules_directly_imported_by(module)
        return any(aim == each or aim in graph.find_upstream_modules(each) for each in imported)

    return [name for name in modules() if leads_to(name, name) or leads_to(name.rpartition(".")[0] or name, name)]


def test_each_module_can_be_imported_first() -> None:
    names = in_a_circle()
    assert set(names) < set(modules())
    assert len(names) > 1
    run = subprocess.run(
        [sys.executable, "-c", IMPORT_EACH_ALONE, *names],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(str(ROOT / root) for root in SOURCE_ROOTS), "OPENBLAS_NUM_THREADS": "1"},
    )
    assert (run.stdout, run.stderr, run.returncode) == ("", "", 0)


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", text(Path("Makefile")), re.MULTILINE))


def test_every_command_of_the_documentation_is_in_the_makefile() -> None:
    pages = [path for path in files() if path.suffix == ".md"]
    named = {
        (path.as_posix(), hit) for path in pages for hit in re.findall(r"`(?:.* )?make ([a-z-]+)[^`\n]*`", text(path))
    }
    named |= {
        (path.as_posix(), hit) for path in pages for hit in re.findall(r"^ *make ([a-z-]+)", text(path), re.MULTILINE)
    }
    assert {("README.md", "demo"), ("README.md", "test")} <= named
    assert {(page, target) for page, target in named if target not in targets()} == set()


def test_ci_runs_what_people_run() -> None:
    run = text(Path(".ci/run"))
    assert "make demo " in run
    assert run.rstrip().endswith("\nmake cover test")


def test_ci_runs_where_a_path_has_all_that_hides_mistakes() -> None:
    folder = re.search(r'cd "\$place/(.+)/moothall"', text(Path(".ci/run")))
    assert folder is not None
    assert " " in folder[1]
    assert not folder[1].isascii()


def test_no_test_that_holds_the_gate_of_coverage_was_moved() -> None:
    gated = re.search(r"^GATED := (.*?[^\\])$", text(Path("Makefile")), re.MULTILINE | re.DOTALL)
    assert gated is not None
    listed = gated[1].replace("\\", "").split()
    assert "unit/core" in listed
    assert [path for path in listed if not (ROOT / "tests" / path).exists()] == []


def test_no_test_runs_twice_where_the_gate_is_asked_for_too_and_each_runs_where_it_is_not() -> None:
    def planned(*goals: str) -> dict[str, str]:
        """The command that runs the tests of each goal."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        said = subprocess.run(
            ["make", "--dry-run", *goals], cwd=ROOT, env=plain, capture_output=True, encoding="utf-8", check=True
        )
        lines = [line for line in said.stdout.splitlines() if " -m pytest " in line]
        assert len(lines) == len(goals), said
        return dict(zip(goals, lines, strict=True))

    alone, both = planned("test")["test"], planned("cover", "test")
    left_out = re.findall(r"--ignore=(\S+)", both["test"])
    assert left_out
    assert both["cover"].split()[-len(left_out) :] == left_out
    assert "--ignore" not in both["cover"]
    assert "--ignore" not in alone


def test_the_workflow_runs_both_commands_on_every_python_that_is_promised() -> None:
    workflow = text(Path(".github/workflows/test.yml"))
    listed = re.search(r"python: \[(.+)\]", workflow)
    promised = re.search(r"Python 3\.(\d+) to 3\.(\d+)", text(Path("CONTRIBUTING.md")))
    assert listed is not None
    assert promised is not None
    versions = [f"3.{minor}" for minor in range(int(promised[1]), int(promised[2]) + 1)]
    assert re.findall(r'"(3\.\d+)"', listed[1]) == versions
    assert "run: .ci/run" in workflow
    assert "make demo" in workflow


def pins(name: str) -> dict[str, set[str]]:
    """The versions of each package in a requirements file; more than one where they depend on the Python."""
    found: dict[str, set[str]] = {}
    for package, version in re.findall(
        r"^([a-z0-9._-]+)==([^ ]+)", text(Path(f"requirements/{name}.txt")), re.MULTILINE
    ):
        found.setdefault(package, set()).add(version)
    return found


def test_the_requirements_are_pinned_hashed_and_name_no_place() -> None:
    for name in ("demo", "dev", *APART, *BESIDE):
        entries = re.split(r"^(?=[a-z0-9])", text(Path(f"requirements/{name}.txt")), flags=re.MULTILINE)[1:]
        assert len(entries) > (20 if name in ("demo", "dev") else 0)
        assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
        assert [entry for entry in entries if "://" in entry or "--index" in entry or "--find-links" in entry] == []


def test_developers_run_what_everybody_runs() -> None:
    developing = pins("dev")
    for file in ("demo", *APART):
        assert {name: developing.get(name) for name in pins(file)} == pins(file)


APART = ("cluster", "otel", "transducers")
"""Extras that have a file of their own beside `requirements/demo.txt`."""
BESIDE = ("plover2cat",)
"""Programs of which tests run a part, installed without what they need otherwise."""
UNPINNED = {"argos"}
"""Extras that no target of the Makefile installs: PyTorch would come with it (ADR 29)."""
LARGE = {"meaning"}
"""Extras with a file of their own that no tests need: a model is in the wheel, which has 91 MB."""


def test_what_the_project_declares_is_pinned() -> None:
    project = tomllib.loads(text(Path("pyproject.toml")))["project"]
    extras = project["optional-dependencies"]
    for name, declared in {
        "demo": [*project["dependencies"], *extras["audio"], *extras["engine"]],
        "dev": [wanted for name, extra in extras.items() if name not in UNPINNED | LARGE for wanted in extra],
        **{name: extras[name] for name in APART},
    }.items():
        names = {re.split(r"[^A-Za-z0-9._-]", wanted)[0].lower().replace("_", "-") for wanted in declared}
        assert names - pins(name).keys() == set()
    for name in LARGE:
        names = {re.split(r"[^A-Za-z0-9._-]", wanted)[0] for wanted in extras[name]}
        assert names - pins(name).keys() - pins("demo").keys() == set()


def test_what_is_not_released_does_not_call_itself_a_release() -> None:
    headings = re.findall(r"^## (.+)$", text(Path("CHANGELOG.md")), re.MULTILINE)
    released = [tuple(map(int, each.split()[0].split("."))) for each in headings if each[0].isdigit()]
    number, _, rest = __version__.partition(".dev")
    ours = tuple(map(int, number.split(".")))
    assert released == sorted(released, reverse=True)
    if headings[0] == "Not released yet":
        assert rest == "0", "a number of PEP 440 that comes before the release"
        assert ours > released[0]
    else:
        assert (rest, ours) == ("", released[0])
