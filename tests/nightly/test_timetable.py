"""A notice at four in the morning, or one held back too long: what the hours of a day mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agent.errors import UsageFault
from agent.home import Home
from agent.log import redact
from agent.settings import check_settings
from agent.timetable import NotifySettings, last_clock, quiet_from, quiet_until
from flows.telling import address

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def at(hour: int, minute: int = 0, zone: ZoneInfo = SHANGHAI, day: int = 4) -> datetime:
    return datetime(2026, 5, day, hour, minute, tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(("now", "ends"), [
    (at(23), at(7, 30, day=5)),
    (at(3, day=5), at(7, 30, day=5)),
    (at(7, 29, day=5), at(7, 30, day=5)),
    (at(7, 30, day=5), None),
    (at(22, 59), None),
])  # fmt: skip
def test_quiet_hours_over_midnight(now: datetime, ends: datetime | None) -> None:
    assert quiet_until(now, "23:00-07:30", SHANGHAI) == ends


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    assert quiet_until(at(13), "12:00-14:00", SHANGHAI) == at(14)
    assert quiet_until(at(15), "12:00-14:00", SHANGHAI) is None
    assert quiet_until(at(13), "", SHANGHAI) is None
    assert quiet_from(at(13), "23:00-07:00", SHANGHAI) == at(23)
    assert quiet_from(at(23, 30), "23:00-07:00", SHANGHAI) == at(23, day=5)


def test_an_hour_that_the_clock_skips_is_no_gap() -> None:
    change = datetime(2026, 3, 29, 12, tzinfo=BERLIN)  # at 02:00 it was 03:00
    night = last_clock(change, "02:30", BERLIN)
    assert timedelta(hours=9) <= change - night <= timedelta(hours=10)
    before = last_clock(night - timedelta(seconds=1), "02:30", BERLIN)
    assert timedelta(hours=22) <= night - before <= timedelta(hours=24)


def test_own_rungs_take_the_place_of_ours_kind_by_kind() -> None:
    settings = NotifySettings.model_validate({"ladder": {"appeal": (1, 48.5)}})
    assert settings.rungs("appeal") == (timedelta(hours=48.5), timedelta(hours=1))
    assert settings.rungs("reply")[-1] == timedelta(hours=1)


@pytest.mark.parametrize(("text", "said"), [
    ('[notify]\nquiet = "at night"\n', "line 2: “quiet” must be a span such as \"23:00-07:30\""),
    ('[night]\nat = "2:00"\n', "line 2: “at” must be a time such as \"02:00\""),
    ("[night]\nhours = 0\n", "line 2: “hours” must be more than 0"),
    ('[notify]\nto = ["My Group"]\n', "letters a-z, digits"),
    ("[notify]\nqiuet = 1\n", "the key “qiuet” is unknown"),
    ("[notify.ladder]\nappeals = [1]\n", "must be one of \"appeal\""),
    ('[[account]]\nportal = "coupang"\nname = "m"\nbrowser = "adspower://127.0.0.1:50325"\n', "“browser” must be"),
])  # fmt: skip
def test_what_is_wrong_is_named(text: str, said: str) -> None:
    with pytest.raises(UsageFault) as fault:
        check_settings(text, Path("rebuttal.toml"), ["coupang"])
    assert said in str(fault.value.said)


@pytest.mark.parametrize("url", [
    "wecombot://693a91f6-7AbC-4bc4-97a0-0ec2sifa5aaa",
    "dingtalk://SECabcdefgh@tokenTOKENtoken/13800138000",
    "mailto://li:correcthorse@mail.example",
])  # fmt: skip
def test_no_part_of_an_address_is_ever_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("REBUTTAL_NOTIFY_GROUP", url)
    assert address(Home(tmp_path), "group") == url
    for part in ("693a91f6-7AbC-4bc4-97a0-0ec2sifa5aaa", "SECabcdefgh", "tokenTOKENtoken", "correcthorse"):
        if part in url:
            assert part not in redact(f"could not post to {part}, {url}")
