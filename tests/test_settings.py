"""A typing error in the settings that is guessed at, or a password that is printed: what the settings prevent."""

from pathlib import Path

import pytest

from agent.errors import UsageFault
from agent.home import Home
from agent.settings import Settings, credentials, load_settings, secret

PORTALS = {"coupang", "ozon"}
WHOLE = """
operator = "li"
zone = "Asia/Shanghai"
language = "zh-CN"
four_eyes = true
pace_s = 1.5

[[account]]
portal = "coupang"
name = "main"
base_url = "http://127.0.0.1:8701/"
[account.options]
anything = 1

[[account]]
portal = "coupang"
name = "second"
browser = "http://127.0.0.1:9222"
"""
ACCOUNT = '[[account]]\nportal = "coupang"\nname = "main"\n'


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).create()


def load(home: Home, text: str | bytes, **more: bool) -> Settings:
    home.settings_file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_settings(home, PORTALS, **more)


def test_a_whole_file_is_read(home: Home) -> None:
    settings = load(home, WHOLE)
    assert (settings.operator, settings.zone, settings.language, settings.four_eyes) == (
        "li",
        "Asia/Shanghai",
        "zh-CN",
        True,
    )
    assert [a.store_name for a in settings.account] == ["coupang:main", "coupang:second"]
    assert settings.account[0].base_url == "http://127.0.0.1:8701"
    assert settings.account[0].options == {"anything": 1}
    assert settings.account[1].browser == "http://127.0.0.1:9222"
    assert (settings.approval_hours, settings.house_hours, settings.retention_days) == (24, 48, 540)


def test_an_empty_file_has_sane_defaults(home: Home) -> None:
    settings = load(home, "")
    assert settings.operator
    assert settings.account == ()
    assert settings.language is None
    assert not settings.four_eyes


def test_a_pace_may_be_a_whole_number(home: Home) -> None:
    assert load(home, "pace_s = 2").pace_s == 2.0


def test_a_byte_order_mark_of_a_windows_editor_is_no_fault(home: Home) -> None:
    assert load(home, b"\xef\xbb\xbf" + WHOLE.encode()).operator == "li"


@pytest.mark.parametrize(
    ("text", "where", "said", "todo"),
    [
        ('operater = "li"', "line 1", "“operater” is unknown", "operator"),
        ("\n\nqqq = 1\n", "line 3", "“qqq” is unknown", "Known keys"),
        (ACCOUNT + 'passwort = "x"\n', "line 4", "“passwort” is unknown", "Known keys"),
        (
            ACCOUNT + ACCOUNT.replace("main", "two") + 'brouser = "launch"\n',
            "line 7",
            "“brouser” is unknown",
            "browser",
        ),
        ('four_eyes = "yes"', "line 1", 'must be true or false, without quotes, not "yes"', ""),
        ("operator = 5", "line 1", "must be a text in quotes, not 5", ""),
        ('operator = ""', "line 1", "must be a text that is not empty", ""),
        ('approval_hours = "24"', "line 1", "must be a whole number", ""),
        ("approval_hours = 0", "line 1", "must be at least 1, not 0", ""),
        ("retention_days = 90", "line 1", "must be at least 180, not 90", ""),
        ('pace_s = "fast"', "line 1", "must be a number, without quotes", ""),
        ('pace_s = "2"', "line 1", "must be a number, without quotes", ""),
        ("pace_s = true", "line 1", "must be a number, without quotes, not true", ""),
        ("pace_s = -1", "line 1", "must be at least 0", ""),
        ("pace_s = inf", "line 1", "must be a number", ""),
        ("browser = 5", "line 1", "must be a path in quotes", ""),
        ('zone = "Asia/Bejing"', "line 1", "must be an IANA zone", ""),
        ('zone = "../../etc/passwd"', "line 1", "must be an IANA zone", ""),
        ('zone = "Asia"', "line 1", "must be an IANA zone", ""),
        ('language = "de"', "line 1", 'must be one of "zh-CN", "en"', ""),
        (ACCOUNT.replace("coupang", "coupan"), "line 2", "there is no portal “coupan”", "coupang"),
        (
            ACCOUNT.replace("coupang", "taobao!"),
            "line 2",
            "there is no portal “taobao!”",
            "Known portals: coupang, ozon",
        ),
        ("\n" + ACCOUNT + ACCOUNT, "line 7", "the account coupang:main is there twice", "own name"),
        (ACCOUNT + ACCOUNT.replace("main", "MAIN"), "line 6", "there twice", "capitals"),
        (ACCOUNT.replace('"main"', '"主店"'), "line 3", "must be up to 40 of the letters", ""),
        (ACCOUNT.replace('"main"', '"../x"'), "line 3", "must be up to 40 of the letters", ""),
        ('[[account]]\nportal = "coupang"\n', "line 1", "the key “name” is missing", 'name = "main"'),
        (ACCOUNT + 'base_url = "127.0.0.1:8701"\n', "line 4", "must be an address", ""),
        (ACCOUNT + 'sign_in_hosts = ["https://accounts.shopee.ph"]\n', "line 4", "must be a host's name", ""),
        (ACCOUNT + 'sign_in_hosts = "accounts.shopee.ph"\n', "line 4", "must be a list in brackets", ""),
        (ACCOUNT + 'base_url = "http://[::1"\n', "line 4", "must be an address", ""),
        (ACCOUNT + 'browser = "firefox"\n', "line 4", '"persistent" or the address', ""),
        (ACCOUNT + 'zone = "KST+9"\n', "line 4", "must be an IANA zone", ""),
        (ACCOUNT + "options = 3\n", "line 4", "must be a table", ""),
        ('[account]\nportal = "coupang"\n', "line 1", "written as [[account]] tables", "two brackets"),
        ('account = ["coupang"]\n', "line 1", "written as [[account]] tables", "two brackets"),
        ("operator = li\n", "line 1", "not valid TOML", "Correct that line"),
        ('operator = "a"\noperator = "b"\n', "line 2", "not valid TOML", ""),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_the_next_step(
    home: Home, text: str, where: str, said: str, todo: str
) -> None:
    with pytest.raises(UsageFault) as fault:
        load(home, text)
    sentence = fault.value.said.in_language("en")
    assert str(home.settings_file) in sentence
    assert where in sentence
    assert said in sentence
    assert fault.value.todo is not None
    assert todo in fault.value.todo.in_language("en")
    assert "\n" not in sentence
    assert fault.value.exit_code == 2


def test_another_encoding_is_named(home: Home) -> None:
    with pytest.raises(UsageFault, match="not written in UTF-8"):
        load(home, 'operator = "李"'.encode("gb18030"))


def test_no_settings_are_named(home: Home) -> None:
    with pytest.raises(UsageFault, match="does not exist"):
        load_settings(home, PORTALS)


def test_no_account_is_a_fault_only_where_one_is_needed(home: Home) -> None:
    load(home, 'operator = "li"')
    with pytest.raises(UsageFault, match="names no account"):
        load_settings(home, PORTALS, need_accounts=True)


def test_an_account_is_found_by_what_is_clear(home: Home) -> None:
    settings = load(home, WHOLE)
    assert settings.named("coupang:main").name == "main"
    assert settings.named("second").name == "second"
    with pytest.raises(UsageFault, match="more than one"):
        settings.named("coupang")
    with pytest.raises(UsageFault, match="no account “coupang:mian”") as fault:
        settings.named("coupang:mian")
    assert "coupang:main" in str(fault.value.todo)


def test_secrets_come_from_the_env_file_and_the_environment_wins(home: Home) -> None:
    settings = load(home, WHOLE)
    home.env_file.write_bytes(
        b"\xef\xbb\xbfREBUTTAL_COUPANG_MAIN_USERNAME=li@example.com\nREBUTTAL_COUPANG_MAIN_PASSWORD='a${HOME}#\\'b'\n"
    )
    kept = credentials(home, settings.account[0], {})
    assert kept.username == "li@example.com"
    assert kept.password is not None
    assert kept.password.get_secret_value() == "a${HOME}#'b"
    kept = credentials(home, settings.account[0], {"REBUTTAL_COUPANG_MAIN_PASSWORD": "of-the-environment"})
    assert kept.password is not None
    assert kept.password.get_secret_value() == "of-the-environment"
    assert credentials(home, settings.account[1], {}) == (None, None)


def test_a_password_hides_when_printed(home: Home) -> None:
    settings = load(home, WHOLE)
    kept = credentials(home, settings.account[0], {"REBUTTAL_COUPANG_MAIN_PASSWORD": "tr0ub4dor"})
    assert "tr0ub4dor" not in f"{kept} {kept!r}"


def test_a_line_of_the_env_file_that_is_none_is_named_without_its_secret(home: Home) -> None:
    home.env_file.write_text("A=1\nREBUTTAL_X_PASSWORD='tr0ub4dor\n", encoding="utf-8")
    with pytest.raises(UsageFault, match=r"\.env, line 2") as fault:
        secret(home, "A", {})
    assert "tr0ub4dor" not in str(fault.value.said)


def test_an_env_file_in_another_encoding_is_named(home: Home) -> None:
    home.env_file.write_bytes("A=李".encode("gb18030"))
    with pytest.raises(UsageFault, match="not written in UTF-8"):
        secret(home, "A", {})


def test_two_homes_keep_their_own_secrets(tmp_path: Path) -> None:
    one, two = Home(tmp_path / "one").create(), Home(tmp_path / "two").create()
    one.env_file.write_text("A=1\n", encoding="utf-8")
    assert (secret(one, "A", {}), secret(two, "A", {})) == ("1", None)
