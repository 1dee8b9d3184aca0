"""Deadlines counted by another program: Python's own time zones, and the bank holidays of the `holidays` package.

Nothing here is shared with the gateway. STATUSCHECK_DUE_TIMES names a file with what
`cargo run -p statuscheck-domain --example due_times` prints; `tests/run deadlines` makes it. The name of this file does
not begin with test_, so that the tests of the running demo do not take it along.
"""

import os
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import pytest

LONDON = ZoneInfo("Europe/London")
OPENS, CLOSES = time(9), time(17)
DAY = timedelta(hours=8)
YEARS = range(2019, 2029)
LIST = Path(__file__).resolve().parents[3] / "gateway/domain/data/bank-holidays.tsv"
SUBDIVISIONS = {"england-and-wales": ["ENG", "WLS"], "scotland": ["SCT"], "northern-ireland": ["NIR"]}

# Days on which the package and the published list differ, as (subdivision, day): why the list is right. The package's
# 0.108 has the jubilee and the funeral of 2022, the coronation of 2023, Northern Ireland's Monday 13 July 2026 and
# Scotland's 15 June 2026 as the list has them, so there are none.
DIFFERENCES = {}


@cache
def closed(subdivision):
    """Monday to Friday only: on other days everything is closed anyhow."""
    days = {day for day in holidays.country_holidays("GB", subdiv=subdivision, years=YEARS) if day.weekday() < 5}
    return days ^ {day for known, day in DIFFERENCES if known == subdivision}


def openings(subdivision, first):
    day = first
    while day.year in YEARS:
        if day.weekday() < 5 and day not in closed(subdivision):
            yield tuple(datetime.combine(day, hour, LONDON).astimezone(timezone.utc) for hour in (OPENS, CLOSES))
        day += timedelta(days=1)
    raise AssertionError("beyond the years of the list")


def due_working(subdivision, runs, days):
    """Eats up the opening hours, day by day; what ends at closing time ends at the next opening."""
    left = days * DAY
    for begin, end in runs:
        for opens, closes in openings(subdivision, begin.astimezone(LONDON).date()):
            if end is not None and opens >= end:
                break
            opens = max(opens, begin)
            closes = closes if end is None else min(closes, end)
            if opens >= closes:
                continue
            if left < closes - opens:
                return opens + left
            left -= closes - opens
    raise AssertionError("the last run has no end")


def due_elapsed(runs, hours):
    left = timedelta(hours=hours)
    for begin, end in runs:
        if end is None or begin + left <= end:
            return begin + left
        left -= end - begin
    raise AssertionError("the last run has no end")


def rows():
    path = os.environ.get("STATUSCHECK_DUE_TIMES")
    if not path:
        pytest.exit("STATUSCHECK_DUE_TIMES is not set; start these tests with: tests/run deadlines", returncode=2)
    return [line.split("\t") for line in Path(path).read_text(encoding="utf-8").splitlines()]


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def due(subdivision, start, promise, paused, resumed):
    start = instant(start)
    runs = [(start, None)] if paused == "-" else [(start, instant(paused)), (instant(resumed), None)]
    number, unit = promise.split(" ", 1)
    if unit.startswith("working day"):
        return due_working(subdivision, runs, int(number))
    return due_elapsed(runs, int(number) * {"hour": 1, "day": 24}[unit.removesuffix("s")])


def test_the_published_list_and_the_package_differ_where_it_is_known_and_nowhere_else():
    lines = [line.split("\t") for line in LIST.read_text(encoding="utf-8").splitlines() if line.startswith("2")]
    published = {
        division: {date.fromisoformat(line[0]) for line in lines if line[1] == division} for division in SUBDIVISIONS
    }
    assert {division: len(days) for division, days in published.items()} == {
        "england-and-wales": 83,
        "scotland": 94,
        "northern-ireland": 103,
    }
    for division, subdivisions in SUBDIVISIONS.items():
        for subdivision in subdivisions:
            assert sorted(closed(subdivision) ^ published[division]) == [], subdivision


def test_every_due_time_is_the_one_counted_here():
    given = rows()
    assert len(given) >= 10_000
    assert {row[0] for row in given} == set(SUBDIVISIONS)
    wrong = []
    for row in given:
        division, *clock, told, _calendar = row
        for subdivision in SUBDIVISIONS[division]:
            counted = due(subdivision, *clock)
            if counted != instant(told):
                wrong.append(f"{' '.join(row)}: counted {counted.isoformat()} in {subdivision}")
    assert not wrong, f"{len(wrong)} of {len(given)} differ, such as:\n" + "\n".join(wrong[:20])
