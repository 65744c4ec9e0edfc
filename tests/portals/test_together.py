"""Several portals under one roof: each on its own clock, each with its own troubles, all in one list and one summary."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

import portals
from agent.errors import DRIFT
from agent.home import Home
from agent.policy import load_policy
from agent.reading.calendars import add_business_days
from agent.reading.deadlines import deadline_from_instant, deadline_from_rule, read_due
from agent.records import Action, Case, Deadline, Item, Message, Money, Reason, Status
from agent.rules import withdrawable
from agent.settings import Settings
from fixtures import serving
from flows import registry
from flows.cases import listing
from flows.cli import reports, show
from flows.context import Context, opened
from flows.setup import Wanted, set_up
from flows.sync import sync
from tests.conftest import KEY, Run, settings_text, sign_in
from tests.portals.answering import answer
from tests.portals.coupang.signing import session_cookies
from tests.truth import differences, exported, named

# -- three cases side by side ------------------------------------------------------------------------------------------

SHOWN = {"coupang": "%Y.%m.%d %H:%M", "ozon": "%d.%m.%Y %H:%M", "aliexpress": "%Y-%m-%d %H:%M:%S"}
"""How each portal writes an instant, in its own order of day and month."""
CHANNEL = {"coupang": "messages", "ozon": "refund_disputes", "aliexpress": "disputes"}
PLACE = {"Asia/Seoul": "Seoul", "Europe/Moscow": "Moscow", "Asia/Shanghai": "Shanghai"}


def a_case(portal: str, due: Deadline, **changes: Any) -> Case:
    """An open case that wants an answer by `due`."""
    facts: dict[str, Any] = {
        "portal": portal,
        "account": "main",
        "channel": CHANNEL[portal],
        "case_id": f"{portal}-1",
        "order_id": "1",
        "url": f"https://{portal}.example/1",
        "status": Status(shown="…", is_="action_needed"),
        "reason": Reason(shown="…", is_="damaged"),
        "amount": Money(value=Decimal(100), currency=registry.get(portal).currency),
        "actions": ("reply",),
        "deadlines": (due,),
    }
    return Case(**(facts | changes))


def as_shown(portal: str, at: datetime, zone: str) -> Deadline:
    """The deadline `at` as the portal's page writes it and as it is read there."""
    text = at.astimezone(ZoneInfo(zone)).strftime(SHOWN[portal])
    order: Any = "dmy" if portal == "ozon" else "ymd"
    return deadline_from_instant("reply", text, read_due(text, zone=zone, zone_basis="account", order=order), "X")


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Context]:
    """An operator in some zone with a shop on each portal, and no portal to visit."""
    zone = getattr(request, "param", "Asia/Shanghai")
    home = Home(tmp_path / "home").create()
    text = f'operator = "li"\nzone = "{zone}"\n'
    for portal in CHANNEL:
        text += f'\n[[account]]\nportal = "{portal}"\nname = "main"\nbase_url = "http://127.0.0.1:9"\n'
    home.settings_file.write_text(text + 'zone = "Asia/Shanghai"\n', encoding="utf-8")
    with opened(home) as ctx:
        yield ctx


def told(ctx: Context, now: datetime, capsys: pytest.CaptureFixture[str]) -> str:
    """What `rebuttal cases` prints."""
    show.cases(listing(ctx), now=now, zone=ctx.zone, portal_zone=ctx.portal_zone)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("desk", "now", "clocks"),
    [
        (  # an hour in which three portals and the operator have two different years
            "Asia/Shanghai",
            "2025-12-31T15:10:00Z",
            {"coupang": "01-01 01:10 Seoul", "ozon": "12-31 19:10 Moscow", "aliexpress": "01-01 00:10 Shanghai"},
        ),
        (  # the night in which Berlin loses an hour: due at 01:30 UTC, which is 03:30 there and not 02:30
            "Europe/Berlin",
            "2026-03-29T00:30:00Z",
            {"coupang": "03-29 10:30 Seoul", "ozon": "03-29 04:30 Moscow", "aliexpress": "03-29 09:30 Shanghai",
             "operator": "03-29 03:30 Berlin"},
        ),
        (  # the night in which it shows one hour twice, before the change
            "Europe/Berlin",
            "2026-10-24T23:30:00Z",
            {"coupang": "10-25 09:30 Seoul", "ozon": "10-25 03:30 Moscow", "aliexpress": "10-25 08:30 Shanghai",
             "operator": "10-25 02:30 Berlin"},
        ),
        (  # New York's change, half a day from Seoul's noon
            "America/New_York",
            "2026-03-08T06:30:00Z",
            {"coupang": "03-08 16:30 Seoul", "ozon": "03-08 10:30 Moscow", "aliexpress": "03-08 15:30 Shanghai",
             "operator": "03-08 03:30 New York"},
        ),
        (  # a 29 February that has begun in the east alone
            "Europe/Moscow",
            "2028-02-28T15:00:00Z",
            {"coupang": "02-29 01:00 Seoul", "ozon": "02-28 19:00 Moscow", "aliexpress": "02-29 00:00 Shanghai"},
        ),
    ],
    indirect=["desk"],
)  # fmt: skip
def test_a_korean_a_russian_and_a_chinese_case_stand_side_by_side_on_both_clocks(
    desk: Context, now: str, clocks: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A clock that is an hour off, or of the wrong day or year, is a deadline missed (CM3)."""
    began = datetime.fromisoformat(now)
    due = began + timedelta(hours=1)
    for portal in CHANNEL:
        zone = str(desk.portal_zone(portal, "main"))
        case = a_case(portal, as_shown(portal, due, zone))
        assert case.deadlines[0].at == due, portal
        desk.store.cases.save(case, "run")
    lines = [" ".join(line.split()) for line in told(desk, began, capsys).splitlines()]
    mine = clocks.get("operator", f"{due.astimezone(desk.zone):%m-%d %H:%M} {PLACE.get(str(desk.zone), '')}")
    for portal in CHANNEL:
        at = next(n for n, line in enumerate(lines) if f"{portal}:main" in line)
        assert lines[at].startswith(f"1 h 0 min {mine}"), lines[at]
        assert lines[at + 1].startswith(clocks[portal]), lines[at + 1]


def test_an_hour_that_the_portals_clock_shows_twice_is_taken_at_its_first_pass() -> None:
    """AliExpress in Pacific time, 1 November 2026: 01:30 is 08:30 and again 09:30 UTC; the earlier is never too late."""
    zone = "America/Los_Angeles"
    first, second = datetime(2026, 11, 1, 8, 30, tzinfo=UTC), datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
    for truth in (first, second):
        read = as_shown("aliexpress", truth, zone)
        assert read.at == first
        assert truth <= read.at + timedelta(seconds=read.precision_s)


CLOSED = {
    "KR": "2026-01-01 2026-02-16 2026-02-17 2026-02-18 2026-03-02 2026-05-01 2026-05-05 2026-05-25 2026-06-03 "
    "2026-07-17 2026-08-17 2026-09-24 2026-09-25 2026-10-05 2026-10-09 2026-12-25",
    "RU": "2026-01-01 2026-01-02 2026-01-05 2026-01-06 2026-01-07 2026-01-08 2026-01-09 2026-02-23 2026-03-09 "
    "2026-05-01 2026-05-11 2026-06-12 2026-11-04 2026-12-31",
    "CN": "2026-01-01 2026-01-02 2026-02-16 2026-02-17 2026-02-18 2026-02-19 2026-02-20 2026-02-23 2026-04-06 "
    "2026-05-01 2026-05-04 2026-05-05 2026-06-19 2026-09-25 2026-10-01 2026-10-02 2026-10-05 2026-10-06 2026-10-07",
}
"""The weekdays of 2026 on which nobody works, as the three governments published them."""
WORKED = {"KR": "", "RU": "", "CN": "2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10"}
"""And the weekend days on which people do."""


@pytest.mark.parametrize(("country", "zone"), [("KR", "Asia/Seoul"), ("RU", "Europe/Moscow"), ("CN", "Asia/Shanghai")])
@pytest.mark.parametrize("days", [1, 3, 5, 7])
def test_business_days_run_past_holidays_as_the_published_calendar_has_them(country: str, zone: str, days: int) -> None:
    closed = {date.fromisoformat(day) for day in CLOSED[country].split()}
    worked = {date.fromisoformat(day) for day in WORKED[country].split()}
    for number in range(340):
        start = datetime(2026, 1, 1, 16, 20, tzinfo=ZoneInfo(zone)) + timedelta(days=number)
        day, left = start.date(), days
        while left:
            day += timedelta(days=1)
            left -= (day.weekday() < 5 and day not in closed) or day in worked
        if day.year > 2026:
            break
        due = add_business_days(start.astimezone(UTC), days, country=country, zone=zone).at.astimezone(ZoneInfo(zone))
        assert (due.date(), due.hour, due.minute) == (day, 16, 20), start


def test_windows_of_calendar_days_do_not_wait_for_holidays() -> None:
    """Ozon's seven days run through the Russian New Year, AliExpress's five through the Golden Week (OZ3, WD8)."""
    closed = datetime(2025, 12, 30, 18, 5, tzinfo=ZoneInfo("Europe/Moscow"))
    ozon = deadline_from_rule("appeal", start=closed, start_shown="", days=7, zone="Europe/Moscow", rule="OZ3")
    assert ozon.at == datetime(2026, 1, 6, 18, 5, tzinfo=ZoneInfo("Europe/Moscow"))
    opened_at = datetime(2026, 9, 30, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    days = policy_days("aliexpress", "disputes", "withdraw_days")
    china = deadline_from_rule(
        "withdraw", start=opened_at, start_shown="", hours=24 * days, zone="Asia/Shanghai", rule="WD8"
    )
    assert china.at == datetime(2026, 10, 5, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def policy_days(portal: str, channel: str, rule: str) -> int:
    return load_policy(registry.get(portal).folder).channels[channel].rules[rule].number


# -- rules that hold on every portal -----------------------------------------------------------------------------------


def test_the_house_rule_moves_claims_a_buyer_can_take_back_and_nothing_else(
    desk: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    """WD3: an answer within 48 hours; the portal's own later date is not waited for, other queues keep their pace."""
    now = datetime(2026, 5, 4, 3, tzinfo=UTC)
    desk.clock = lambda: now
    for portal in CHANNEL:
        late = as_shown(portal, now + timedelta(days=5), str(desk.portal_zone(portal, "main")))
        flags = (withdrawable("damaged", over=False),) if portal == "aliexpress" else ()
        asked = (Message(at=now - timedelta(hours=10), from_="buyer", text="?"),)
        desk.store.cases.save(a_case(portal, late, flags=flags, messages=asked, opened_at=asked[0].at), "run")
    due = {row.portal: row.next_deadline_at for row in listing(desk)}
    assert due["aliexpress"] == now + timedelta(hours=38)
    assert due["coupang"] == due["ozon"] == now + timedelta(days=5)
    assert next(row.portal for row in listing(desk)) == "aliexpress"
    desk.settings = desk.settings.model_copy(update={"house_hours": 24})
    assert {row.portal: row.next_deadline_at for row in listing(desk)}["aliexpress"] == now + timedelta(hours=14)


PACKAGES = Path(portals.__file__).parent
OWN = {("amazon", "case_log")}
"""Queues whose matters are the seller's own: closing one asks no buyer."""


def test_what_asks_a_buyer_to_close_needs_his_word_and_is_read_for_contact() -> None:
    """WD7, WD10: on every portal, so that a new one can't leave it out."""
    rules = [
        (name, action, rule)
        for name in registry.names()
        for channel, of in load_policy(PACKAGES / name).channels.items()
        for action, rule in of.actions.items()
        if action in ("apply_withdrawal", "request_close") and (name, channel) not in OWN
    ]
    assert {name for name, _, _ in rules} >= {"aliexpress"}
    for name, action, rule in rules:
        assert [field.rule for field in rule.fields.values() if field.kind == "message"] == ["WD7"], (name, action)
        assert all(field.to_buyer for field in rule.fields.values() if field.kind == "text"), (name, action)


class Paper:
    """Stands in for whoever writes evidence files."""

    def file(self, kind: str = "", name: str = "", data: bytes | None = None, **how: Any) -> tuple[str, Path]:
        return kind, Path(name)


@pytest.mark.parametrize("portal", list(CHANNEL))
def test_every_action_has_a_fit_answer_to_be_tried_with(portal: str) -> None:
    """An action without one is an action that no test sends."""
    due = as_shown(portal, datetime(2026, 5, 9, 3, tzinfo=UTC), "UTC")
    asked = (Message(at=datetime(2026, 5, 4, 3, tzinfo=UTC), from_="buyer", text="?"),)
    goods = (Item(id="70000001", name="…", quantity=1), Item(id="70000002", name="…", quantity=2))
    package = registry.get(portal)
    for name, channel in load_policy(PACKAGES / portal).channels.items():
        for key, rule in channel.actions.items():
            action = cast(Action, key)
            limit = Money(value=Decimal(90), currency=package.currency)
            case = a_case(portal, due, channel=name, actions=(action,), messages=asked, items=goods, limit=limit)
            values, files = answer(Paper(), case, action)
            fields = package.channel(name).rule_for(case, action, rule).fields
            assert values.keys() <= fields.keys(), (name, action)
            there = {key: field for key, field in fields.items() if not field.disabled and field.shown_beside(values)}
            missing = {key for key, field in there.items() if field.required} - values.keys()
            assert not missing, (name, action)
            kinds = rule.files.kinds if rule.files else ()
            assert bool(files) <= bool(rule.files), (name, action)
            assert {kind.partition("@")[0] for kind, _ in files} <= set(kinds) or not kinds, (name, action)


def test_the_exchange_is_kept_for_half_a_year_at_least() -> None:
    """WD9: shorter is refused, and nothing of the store is cleared by age."""
    assert Settings(operator="li").retention_days >= 180
    with pytest.raises(ValueError, match="180"):
        Settings(operator="li", retention_days=30)


def test_setting_up_an_account_says_what_to_look_after_at_its_portal(tmp_path: Path) -> None:
    """CM15: a legal notice that goes to no registered mailbox is one that nobody reads."""
    made = set_up(Home(tmp_path / "home"), Wanted(portal="coupang", operator="li", zone="Asia/Shanghai"))
    assert any("business mailbox" in str(words) for words in made.said)
    made = set_up(Home(tmp_path / "home"), Wanted(portal="aliexpress"))
    assert any("zone" in str(words) for words in made.said)


# -- troubles in the same run ------------------------------------------------------------------------------------------


def test_one_down_one_signed_out_one_drifted_and_the_others_complete(
    run: Run[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """XX2: one failing account never stops another; exit code and summary tell of all."""
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    options = {"coupang.others": "0"}
    with (
        serving(("coupang", "ozon", "aliexpress"), seed=3, cases=4, options=options) as served,
        serving(("coupang",), seed=4, cases=4, options=options) as second,
    ):
        home = Home(tmp_path / "home").create()
        text = settings_text(*served.values())
        text += f'\n[[account]]\nportal = "coupang"\nname = "second"\nbase_url = "{second["coupang"].base_url}"\n'
        home.settings_file.write_text(text, encoding="utf-8")
        with opened(home) as ctx:
            for mock in served.values():
                sign_in(ctx, mock, run)
            ctx.vault.save("coupang:second", {"cookies": session_cookies(second["coupang"]), "origins": []})
            served["coupang"].fault("503", "/", count="all")
            served["ozon"].event("expire_session")
            drifted = next(case for case in served["aliexpress"].truth() if case["actions"])
            served["aliexpress"].fault(
                "rename_label", f".*reverseOrderLineId={drifted['case_id']}", count="all",
                **{"from": "纠纷理由", "to": "争议因由"},
            )  # fmt: skip
            report = run(sync(ctx, ctx.settings.account))
            whole = {one.account for one in report.channels if one.complete and not one.errors}
            errors = {(one.account, error["error"]) for one in report.channels for error in one.errors}
            assert whole == {"coupang:second"}
            assert {(a, e) for a, e in errors if a != "coupang:main"} == {
                ("ozon:main", "SignedOut"), ("aliexpress:main", "PageDrift"),
            }  # fmt: skip
            assert {e for a, e in errors if a == "coupang:main"} == {"PortalDown"}
            assert report.exit_code == DRIFT, "the worst of down (12), a person needed (10) and drift (11)"
            reports.sync_report(report)
            out = capsys.readouterr().out
            for account, why in (("coupang:main", "503"), ("ozon:main", "sign"), ("aliexpress:main", "dispute.reason")):
                assert any(account in line and why in line for line in out.splitlines()), (account, out)
            read = exported(ctx)
            for name, account in (("aliexpress", "main"), ("coupang", "second")):
                world = second["coupang"] if account == "second" else served[name]
                for case in world.truth():
                    if case["case_id"] == drifted["case_id"]:
                        assert named(case) not in read
                        continue
                    mine = read[named(case)]
                    assert differences(mine | {"account": "main"}, case) == {}, case["case_id"]
            kinds = {(alarm.scope.partition("/")[0], alarm.kind) for alarm in ctx.store.alarms.open()}
            assert kinds >= {
                ("coupang:main", "unavailable"), ("ozon:main", "needs_person"), ("aliexpress:main", "drift"),
            }, kinds  # fmt: skip
