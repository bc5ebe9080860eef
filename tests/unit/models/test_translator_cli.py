from __future__ import annotations

from pathlib import Path

import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.translator_cli import find_translators, main
from moothall_models.translators.echo import EchoTranslator

URL = ["--url", "ws://127.0.0.1:1/"]


def test_translators_are_found_by_their_names() -> None:
    (echo,) = find_translators(["echo"])
    assert isinstance(echo, EchoTranslator)
    assert len(find_translators()) == 3
    assert find_translators(["none"]) == ()
    assert len(find_translators(["apertium"])) == 1
    with pytest.raises(ConfigurationError, match="no translator 'babel'; there are bergamot, apertium, argos"):
        find_translators(["babel"])


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        ([*URL], {}, "needs its token"),
        ([*URL, "--only", "babel"], {"MOOTHALL_ENGINE_TOKEN": "t"}, "no translator 'babel'"),
        ([*URL, "--only", "echo", "--service", "openai:m@https://api.example.org/v1"], {}, "needs its token"),
        (
            [*URL, "--only", "echo", "--service", "openai:m@https://api.example.org/v1", "--language", "en"],
            {"MOOTHALL_ENGINE_TOKEN": "t"},
            "two",
        ),
        (["--url", "nowhere", "--only", "echo"], {"MOOTHALL_ENGINE_TOKEN": "t"}, "is no address of an engine link"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    arguments: list[str], environment: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments, environment) == 2
    assert said in capsys.readouterr().err


def test_a_token_comes_from_a_file_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "token").write_text("t\n")
    assert main(["--url", "nowhere", "--only", "echo", "--token-file", str(tmp_path / "token")], {}) == 2
    assert "no address" in capsys.readouterr().err
