"""Tables for spreadsheet programs: no cell may run as a formula, none may break its row."""

from __future__ import annotations

import csv
import io

import pytest

from edge.transfer.csv_stream import csv_lines


@pytest.mark.parametrize("start", list("=+-@\t\r\n＝＋－＠"))
def test_texts_that_begin_like_a_formula_get_an_apostrophe(start: str) -> None:
    (row,) = csv.reader(io.StringIO(csv_lines([[f"{start}1+1"]]), newline=""))
    assert row == [f"'{start}1+1"]


@pytest.mark.parametrize("text", ["", "a=1", "新年-活动", '"引号"', "一,二", "一\n二", "A2B3C4D5E6F7G8H9", " =1"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    (row,) = csv.reader(io.StringIO(csv_lines([[text, "end"]]), newline=""))
    assert row == [text, "end"]


def test_numbers_stay_numbers_and_nothing_is_empty() -> None:
    assert csv_lines([[-5, 10.0, None], ["a", "b", "c"]]) == "-5,10.0,\r\na,b,c\r\n"
