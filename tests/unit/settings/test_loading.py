from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall.settings import loading as settings
from moothall.settings.sections import EngineSection, Logging, Server, Settings

SECTIONS = ", ".join(settings.sections())
NO_SECTION = f"there is no section [sevrer]; there are {SECTIONS}."


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "hall.toml"
    path.write_text(text, encoding="utf-8")
    return path


def sentence(path: Path | None, environ: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        settings.load(path, environ)
    return str(caught.value)


def test_nothing_set_is_the_default() -> None:
    assert settings.load(None, {"PATH": "/bin", "LANG": "C"}) == Settings()


def test_a_file_sets_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '[server]\nport = 9000\norigins = ["https://hall.example.org", "http://localhost:8080"]\n'
        '[logging]\nlevel = "debug"\n',
    )
    assert settings.load(path, {}) == Settings(
        server=Server(port=9000, origins=("https://hall.example.org", "http://localhost:8080")),
        logging=Logging(level="debug"),
    )


def test_the_environment_goes_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, '[server]\nport = 9000\nhost = "::1"\n[engine]\ncount = 2\n')
    environ = {
        "MOOTHALL_SERVER__PORT": "9100",
        "MOOTHALL_SERVER__ORIGINS": "https://a.example, https://b.example,",
        "MOOTHALL_LOGGING__LEVEL": "error",
    }
    assert settings.load(path, environ) == Settings(
        server=Server(port=9100, host="::1", origins=("https://a.example", "https://b.example")),
        engine=EngineSection(count=2),
        logging=Logging(level="error"),
    )


def test_an_empty_list_in_the_environment_is_an_empty_list(tmp_path: Path) -> None:
    path = written(tmp_path, '[server]\norigins = ["https://a.example"]\n')
    assert settings.load(path, {"MOOTHALL_SERVER__ORIGINS": ""}) == Settings()


def test_variables_that_are_no_settings_are_left_alone() -> None:
    environ = {"MOOTHALL_MODELS": "/srv/models", "MOOTHALL_ENGINE_LINK": "x", "OTHER_SERVER__PORT": "1"}
    assert settings.load(None, environ) == Settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[sevrer]\n",
            NO_SECTION,
        ),
        ("server = 1\n", "server is a section; write [server] on a line of its own and its settings below."),
        ("[logging]\nlvl = 1\n", "[logging] has no setting lvl; it has level, format."),
        ("[server]\nport = 70000\n", "port of [server] is 70000; allowed is a whole number from 0 to 65535."),
        ('[server]\nport = "80"\n', "port of [server] is '80'; allowed is a whole number from 0 to 65535."),
        ("[server]\nport = true\n", "port of [server] is True; allowed is a whole number from 0 to 65535."),
        ('[server]\nhost = ""\n', "host of [server] is ''; allowed is a host name or address."),
        (
            '[server]\norigins = ["https://a.example/"]\n',
            (
                "origins of [server] is ['https://a.example/']; "
                "allowed is a list of origins such as 'https://hall.example.org', without a path."
            ),
        ),
        ('[logging]\nlevel = "loud"\n', "level of [logging] is 'loud'; allowed is debug, info, warning or error."),
        (
            '[engine]\nmodel = "openai:whisper-1"\n',
            (
                "model of [engine] is 'openai:whisper-1'; allowed is a name that `moothall models list` shows, "
                "or a service such as 'openai:whisper-1@https://api.example.org/v1'."
            ),
        ),
        ('[engine]\ndevice = "gpu"\n', "device of [engine] is 'gpu'; allowed is cpu, cuda or auto."),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    assert sentence(path, {}) == f"{path}: {said}"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (
            "MOOTHALL_SEVRER__PORT",
            "1",
            NO_SECTION,
        ),
        ("MOOTHALL_LOGGING__LVL", "1", "[logging] has no setting lvl; it has level, format."),
        ("MOOTHALL_SERVER__PORT", "http", "port of [server] is 'http'; allowed is a whole number from 0 to 65535."),
        ("MOOTHALL_SERVER_PORT", "80", "write MOOTHALL_SERVER__PORT, with two underscores."),
    ],
)
def test_a_mistake_in_the_environment_is_named(variable: str, value: str, said: str) -> None:
    assert sentence(None, {variable: value}) == f"{variable}: {said}"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    assert sentence(path, {}) == f"{path} can't be read: No such file or directory."


def test_a_file_that_is_not_toml(tmp_path: Path) -> None:
    path = written(tmp_path, "[server]\nport 80\n")
    assert sentence(path, {}).startswith(f"{path} is not TOML: ")
    assert "line 2" in sentence(path, {})


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "hall.toml"
    path.write_bytes(b"\xff\xfe")
    assert sentence(path, {}) == f"{path} can't be read: it is not UTF-8 text."


def test_every_default_is_allowed_and_every_setting_says_what_is() -> None:
    for section, kind in settings.sections().items():
        for key in kind.__struct_fields__:
            assert settings.allowed(section, key)
            value = getattr(kind(), key)
            text = ",".join(value) if isinstance(value, tuple) else str(value)
            assert settings.load(None, {f"MOOTHALL_{section}__{key}".upper(): text}) == Settings()


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = settings.Secret("s3cr3t")
    assert secret.value == "s3cr3t"
    assert [repr(secret), str(secret), f"{secret}", f"{[secret]}"] == ["Secret(…)"] * 3 + ["[Secret(…)]"]


def test_tokens_are_read_by_name(tmp_path: Path) -> None:
    lines = (
        "# engines\n",
        f"left  {'l' * 24}  # the box",
        f"right {'r' * 40} recognise",
        f"mt {'m' * 24} translate",
        "",
    )
    assert settings.engine_tokens(written(tmp_path, "\n".join(lines))) == {
        "left": settings.EngineToken(settings.Secret("l" * 24), "recognise"),
        "right": settings.EngineToken(settings.Secret("r" * 40), "recognise"),
        "mt": settings.EngineToken(settings.Secret("m" * 24), "translate"),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("left\n", "line 1: an engine's name, its token and what it is for belong there, in words."),
        (f"left {'l' * 24} both\n", "line 1: behind the token stands recognise, translate, or nothing for the first."),
        ("\nleft hunter2\n", "line 2: the token has 7 characters; at least 24 are needed."),
        (
            f"left {'l' * 24}\nleft {'m' * 24}\n",
            "line 2: this engine has a token already; each name may stand there once.",
        ),
    ],
)
def test_a_mistake_among_the_tokens_names_the_line_and_shows_no_token(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        settings.engine_tokens(path)
    assert str(caught.value) == f"{path}, {said}"


@pytest.mark.parametrize(
    ("engine", "cores", "workers"),
    [
        (EngineSection(), 1, 1),
        (EngineSection(), 2, 2),
        (EngineSection(), 32, 4),
        (EngineSection(count=2), 4, 2),
        (EngineSection(count=2, threads=4), 4, 1),
        (EngineSection(count=0), 4, 4),
        (EngineSection(workers=9), 2, 9),
    ],
)
def test_engines_share_the_cores(engine: EngineSection, cores: int, workers: int) -> None:
    assert engine.workers_each(cores) == workers


def test_what_counts_at_once_is_a_setting() -> None:
    known = {(name, key) for name, section in settings.sections().items() for key in section.__struct_fields__}
    assert known >= settings.RELOADED
    assert ("server", "port") not in settings.RELOADED


def test_what_differs_counts_at_once_or_takes_a_restart() -> None:
    now = Settings()
    assert settings.changed(now, now) == settings.changed(Settings(), Settings())
    new = Settings(
        server=Server(port=9000, max_readers=5),
        engine=EngineSection(tokens="tokens", count=2),
        logging=Logging(level="debug"),
    )
    found = settings.changed(now, new)
    assert found.at_once == ("max_readers of [server]", "tokens of [engine]", "level of [logging]")
    assert found.by_restart == ("port of [server]", "count of [engine]")
    after = settings.in_force(now, new)
    assert (after.server.max_readers, after.server.port) == (5, 8080)
    assert settings.changed(after, new) == msgspec.structs.replace(found, at_once=())
