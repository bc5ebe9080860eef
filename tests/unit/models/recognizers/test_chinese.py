from __future__ import annotations

import logging
import sys

import pytest

from moothall_models.ports import ChineseScript
from moothall_models.recognizers.chinese import OpenccConverter, load_scripts
from moothall_models.speech.listening.scripts import AS_HEARD

SIMPLIFIED, TRADITIONAL, HONG_KONG = ChineseScript


@pytest.mark.parametrize(
    ("script", "text", "written"),
    [
        (
            SIMPLIFIED,
            "沃森具有高超的大数据分析能力可以帮助人们进行決策",
            "沃森具有高超的大数据分析能力可以帮助人们进行决策",
        ),
        (SIMPLIFIED, "享受著涼爽的秋風", "享受着凉爽的秋风"),
        (SIMPLIFIED, "效果显著,你好。", "效果显著,你好。"),
        (SIMPLIFIED, "乾隆年間", "乾隆年间"),
        (TRADITIONAL, "头发变白,发展很快", "頭髮變白,發展很快"),
        (TRADITIONAL, "大數據分析", "大數據分析"),
        (TRADITIONAL, "这里享受着软件", "這裡享受著軟件"),
        (HONG_KONG, "这里享受着软件", "這裏享受着軟件"),
    ],
)
def test_a_text_of_any_script_is_written_in_one(script: ChineseScript, text: str, written: str) -> None:
    converter = OpenccConverter()
    assert converter.convert(text, script) == written
    assert converter.convert(written, script) == written


def test_scripts_are_loaded() -> None:
    assert load_scripts().text("數據", "zh-CN") == "数据"
    assert load_scripts().text("数据", "zh-HK") == "數據"


def test_without_the_library_text_stays_and_that_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "opencc"}
    sys.modules["opencc"] = None  # type: ignore[assignment]  # As where it isn't installed.
    try:
        with caplog.at_level(logging.INFO):
            assert load_scripts() is AS_HEARD
    finally:
        del sys.modules["opencc"]
        sys.modules.update(kept)
    assert [record.getMessage() for record in caplog.records] == [
        "OpenCC isn't installed, so Chinese stays in the script in which the recogniser writes it."
    ]
