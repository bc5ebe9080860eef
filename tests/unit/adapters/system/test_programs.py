from __future__ import annotations

import pytest

from moothall.adapters.system.programs import FAILED, exit_status
from moothall.core.kernel.errors import ConfigurationError


def raising(error: BaseException) -> int:
    raise error


def test_a_command_ends_with_its_own_status_and_after_ctrl_c_with_0() -> None:
    assert exit_status("moothall", lambda: 2) == 2
    assert exit_status("moothall", lambda: raising(KeyboardInterrupt())) == 0


def test_what_failed_is_said_once_however_deep_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = ConfigurationError("It is wrong.")
    assert exit_status("moothall hub", lambda: raising(wrong)) == FAILED
    assert capsys.readouterr().err == "moothall hub: It is wrong.\n"
    group = ExceptionGroup("", [wrong, ExceptionGroup("", [wrong, ConfigurationError("So is this.")])])
    assert exit_status("moothall", lambda: raising(group)) == FAILED
    assert capsys.readouterr().err == "moothall: It is wrong.\nmoothall: So is this.\n"


def test_what_is_no_error_of_ours_goes_on() -> None:
    with pytest.raises(ExceptionGroup):
        exit_status("moothall", lambda: raising(ExceptionGroup("", [ConfigurationError("Ours."), ValueError()])))
