"""Stable fakes for whatever could name a person, a parcel or an account, and the proof that a text holds only such.

Nothing is looked up in a list of dangers: what is not known for harmless is replaced. Harmless are the portal's own
labels and words, dates, times, amounts, countdowns and small numbers. Letters become letters of a small alphabet of
their script, long numbers become numbers with a check, so that a fake is known as one by itself, without any list.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from agent.reading.countdowns import read_countdown
from agent.reading.deadlines import read_due
from agent.reading.grammar import grammar
from agent.reading.labels import Labels, norm
from agent.reading.money import read_money
from agent.reading.unreadable import Unreadable

ALPHABETS = {
    "HANGUL": "가나다라마바사아자차카타파하",
    "LATIN": "aeinorst",
    "CYRILLIC": "аеинорст",
    "CJK": "甲乙丙丁戊己庚辛",
    "HIRAGANA": "あいうえお",
    "KATAKANA": "アイウエオ",
    "THAI": "กขคงจ",
}
"""The letters of fakes, by script; every other script becomes Latin."""
_FAKE_LETTERS = frozenset("".join(ALPHABETS.values()) + ALPHABETS["LATIN"].upper() + ALPHABETS["CYRILLIC"].upper())
RESERVED = (".example", ".test", ".invalid", ".localhost")
"""Top level domains that nobody can own (RFC 2606): the only ones of fakes."""
_CHECK, _REST = 997, 1
_LONG = 7
"""A number of so many digits names something; a shorter one counts it."""
_PERSONS = re.compile(
    r"[^\W\d_]\*+|[가-힣]{2,4}\s?(?:님|씨)(?![가-힣])|\b(?:Mr|Mrs|Ms|Dr)\.\s?\w|[^\W\d_](?:先生|女士|小姐)"
)
"""What shows that a person is named, whatever the name."""
_OF = re.compile(r"\d{1,3}\s*(?:/|из|of)\s*\d{1,3}", re.IGNORECASE)
"""How many of how many (`0 из 1`): a measure, of which no name is made."""
_UNITS = frozenset(("kb", "mb", "gb", "kg", "cm", "mm", "ml", "ea", "pcs", "시간", "개월", "小时", "分钟", "шт"))
_PREFIX = re.compile(r"((?:[A-Z]{1,4}-)?[A-Z]{0,4}(?=[^A-Z]))?(.*)", re.DOTALL)
"""Capitals before an id name its kind (COO, AP, JJD)."""
_POLITE = ("고객님", "구매자님", "판매자님", "셀러님", "회원님", "담당자님")
"""How portals and sellers address people without naming them."""

_TOKEN = re.compile(
    r"""
    (?P<url>https?://[^\s<>"'）)]+)
  | (?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
  | (?P<when>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?
      | (?<!\d)\d{4}\s?[-./年년]\s?\d{1,2}\s?[-./月월]\s?\d{1,2}\s?[日일]?(?!\d)
      | (?<!\d)\d{1,2}[./-]\d{1,2}[./-]\d{4}(?!\d)
      | (?<!\d)20[12]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)
      | (?<![\d:])\d{1,3}:\d\d(?::\d\d)?(?![\d:]))
  | (?P<amount>(?<![\d,.])\d{1,3}(?:[,\u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?(?![\d])
      | (?<![\d,.])\d{1,3}(?:\ \d{3})+(?:,\d{1,2})?(?=\s?[₽€$¥₩฿]))
  | (?P<blob>(?<![A-Za-z0-9+/=-])(?=(?:[A-Za-z+/=-]*\d){2})(?=[\d+/=-]*[A-Za-z])[A-Za-z0-9+/=-]{20,}(?![A-Za-z0-9+/=-]))
  | (?P<house>(?<![\d,.])\d{1,5}(?:-\d{1,4})?\ ?(?:번지|번길|동|호|号|室|栋|幢|单元))
  | (?P<phone>(?<![\w*])\+?\(?[\d*]{1,4}\)?(?:[\ .-](?!20\d\d[-./]\d)\(?[\d*]{2,5}\)?){1,4}(?![\w*]))
  | (?P<mask>(?<![\w*])[\d*]*\*[\d*]*(?![\w*]))
  | (?P<code>(?<![A-Za-z0-9])(?:[A-Z]{1,4}-)?(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{7,}(?![A-Za-z0-9]))
  | (?P<number>\d+(?:[.,]\d+)*)
  | (?P<letters>[^\W\d_]+)
  | (?P<mark>[^\W_])
    """,
    re.VERBOSE,
)


class Token(NamedTuple):
    """One piece of a text: its kind (a group of the pattern above), where it stands, what it says."""

    kind: str
    start: int
    end: int
    text: str


def tokens(text: str) -> Iterator[Token]:
    """The pieces of a text that say something; what stands between them is punctuation."""
    for match in _TOKEN.finditer(text):
        kind = str(match.lastgroup)
        if kind == "phone" and sum(c.isdigit() or c == "*" for c in match[0]) < _LONG:
            kind = "number"
        yield Token(kind, match.start(), match.end(), match[0])


# -- what is harmless ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 14)
def is_measure(text: str) -> bool:
    """Is the text as a whole a date, a deadline, a countdown, an amount, or how many of how many?"""
    if _OF.fullmatch(text.strip()):
        return True
    tries: tuple[Callable[[], object], ...] = (
        lambda: read_due(text, zone="UTC"),
        lambda: read_countdown(text),
        lambda: read_money(text, currency="KRW"),
        lambda: read_money(text),
    )
    # a bare row of digits is no amount, however it is grouped: it may be a phone
    sure = sum(c.isdigit() for c in text) < _LONG or any(c.isalpha() or unicodedata.category(c) == "Sc" for c in text)
    for attempt in tries if sure else tries[:2]:
        try:
            attempt()
        except Unreadable:
            continue
        return True
    return False


def known_forms(labels: Labels) -> frozenset[str]:
    """Compared forms of every text the portal itself is known to show, and of the names of zones."""
    return frozenset(form for forms in labels.forms.values() for form in forms) | frozenset(
        map(norm, grammar()["zones"])
    )


@lru_cache(maxsize=1)
def _date_words() -> frozenset[str]:
    """Months, units and countdown words of all languages. “April” is one beside a number only."""
    found: set[str] = set()
    rest: list[object] = [grammar()]
    while rest:
        one = rest.pop()
        if isinstance(one, dict):
            found |= {norm(str(key)) for key in one}
            rest += one.values()
        elif isinstance(one, list):
            rest += one
        elif isinstance(one, str):
            found |= {norm(word) for word in (one, *one.split())}
    return frozenset(form for form in found if any(c.isalpha() for c in form))


def _counts(token: Token, alone: bool) -> bool:
    """Does a number only count or measure something? Standing alone it may have six digits, within a text four."""
    digits = [len(run) for run in re.findall(r"\d+", token.text)]
    return sum(digits) < _LONG if alone else all(n <= 4 for n in digits)


# -- what is fake --------------------------------------------------------------------------------------------------


def is_checked(digits: str) -> bool:
    """Is it a long number as only fakes are?"""
    return len(digits) >= _LONG and int(digits) % _CHECK == _REST


def is_fake(token: Token) -> bool:
    """Is the token one that scrubbing makes?"""
    text = token.text
    if token.kind == "url":
        return _reserved(urlsplit(text).hostname or "")
    if token.kind == "email":
        return _reserved(text.rpartition("@")[2])
    if token.kind in ("letters", "mark", "blob"):
        return set(text) <= _FAKE_LETTERS
    runs = re.findall(r"\d+", text)
    if token.kind == "house":
        return not "".join(runs).strip("0")
    joined = "".join(runs)
    if token.kind == "phone":
        return not joined.strip("0") or is_checked(joined)
    if token.kind == "number" and is_checked(joined):
        return True  # `83.149812` is replaced as one number
    rest = _PREFIX.fullmatch(text)
    letters = {c for c in (rest[2] if rest else text) if c.isalpha()}
    return letters <= _FAKE_LETTERS and all(not run.strip("0") or is_checked(run) for run in runs)


def _reserved(host: str) -> bool:
    return f".{host}".endswith(RESERVED) or host == "127.0.0.1"


def leaks(text: str) -> list[str]:
    """What in a text looks like a mail address, a phone, a long number, a token or a person, and is no known fake."""
    found = []
    for token in tokens(text) if not is_measure(text) else ():
        named = token.kind in ("email", "phone", "blob") or (
            token.kind in ("code", "number") and max(map(len, re.findall(r"\d+", token.text)), default=0) >= _LONG
        )
        if named and not is_fake(token):
            found.append(token.text)
    for match in _PERSONS.finditer(text):
        letters = [c for c in match[0] if c.isalpha()]
        if not set(letters) <= _FAKE_LETTERS and match[0] not in _POLITE:
            found.append(match[0])
    return found


_DAY = re.compile(r"(?<!\d)\d{1,2}([-./])\d{1,2}\1\d{4}(?: \d{1,2}:\d{2}(?::\d{2})?)?(?!\d)")


def is_known(text: str, known: frozenset[str]) -> bool:
    """Is it a text that the portal is known to show, or a known sentence with a day in it (`{date}` in the labels)?"""
    return norm(text) in known or norm(_DAY.sub("{date}", text)) in known


def strange(text: str, known: frozenset[str]) -> list[str]:
    """What in a shown text is neither known, nor a measure, nor a fake: empty is the proof that it is scrubbed."""
    if is_known(text, known) or is_measure(text):
        return []
    return [t.text for t in tokens(text) if not _harmless(t, text, known) and not is_fake(t)] + leaks(text)


def _harmless(token: Token, text: str, known: frozenset[str]) -> bool:
    if token.kind in ("when", "amount"):
        return True
    if token.kind == "letters":
        if norm(token.text) in known and (len(token.text) > 1 or not token.text.isascii()):
            return True
        beside = text[max(0, token.start - 1) : token.start] + text[token.end : token.end + 1]
        if len(token.text) == 1 and any(c.isdigit() for c in beside) and "*" not in beside:
            return True
        if norm(token.text) in _date_words():
            return any(
                c.isdigit() for c in text[max(0, token.start - 2) : token.start] + text[token.end : token.end + 2]
            )
        return token.text.lower() in _UNITS and text[: token.start].rstrip()[-1:].isdigit()
    return token.kind == "number" and _counts(token, alone=token.text == text.strip())


# -- making fakes --------------------------------------------------------------------------------------------------


class Fakes:
    """Makes fakes: the same input gives the same fake, and without `salt` none can be traced back."""

    def __init__(self, salt: bytes, known: frozenset[str], hosts: tuple[str, ...] = (), portal: str = "portal") -> None:
        self._salt = salt
        self.known = known
        self._hosts = hosts
        self._portal = portal
        self.originals: set[str] = set()
        """Mail addresses, phones, long numbers and tokens that were replaced."""

    def _stream(self, text: str) -> Iterator[int]:
        """Endless bytes that hang on `text` alone."""
        block, count = b"", 0
        while True:
            if not block:
                block = hmac.digest(self._salt, f"{count}:{text}".encode(), hashlib.sha256)
                count += 1
            yield block[0]
            block = block[1:]

    def letters(self, text: str) -> str:
        """As many letters of the same scripts."""
        bytes_ = self._stream(text)
        out = []
        for letter in text:
            if unicodedata.category(letter).startswith("M"):
                continue
            alphabet = ALPHABETS.get(unicodedata.name(letter, "").partition(" ")[0], ALPHABETS["LATIN"])
            fake = alphabet[next(bytes_) % len(alphabet)]
            out.append(fake.upper() if letter.isupper() else fake)
        return "".join(out)

    def digits(self, text: str, *, part: bool = False) -> str:
        """As many digits: with a check where there are seven or more, else zeros. Other characters stay.

        `part`: of an id, which is itself noted among the originals.
        """
        places = [n for n, c in enumerate(text) if c.isdigit()]
        if len(places) < _LONG:
            return "".join("0" if c.isdigit() else c for c in text)
        plain = "".join(text[n] for n in places)
        if not part:
            self.originals.add(plain)
        bytes_ = self._stream(plain)
        head = "".join(str(next(bytes_) % 10) for _ in places[:-3])
        head = str(1 + int(head[0]) % 9) + head[1:]
        tail = next(n for n in range(1000) if int(f"{head}{n:03d}") % _CHECK == _REST)
        out = list(text)
        for place, digit in zip(places, f"{head}{tail:03d}", strict=True):
            out[place] = digit
        return "".join(out)

    def code(self, text: str) -> str:
        """An id of letters and digits: a prefix of up to four capitals stays, it names the kind."""
        match = _PREFIX.fullmatch(text)
        assert match is not None
        self.originals.add(text)
        runs = re.findall(r"\d+|[A-Za-z]+", match[2])
        return (match[1] or "") + "".join(
            self.digits(run, part=True) if run[0].isdigit() else self.letters(run) for run in runs
        )

    def _word(self, text: str, length: int) -> str:
        """So many small Latin letters for `text`."""
        bytes_ = self._stream(text)
        return "".join(ALPHABETS["LATIN"][next(bytes_) % 8] for _ in range(length))

    def blob(self, text: str) -> str:
        """A token or hash: letters only, about as long."""
        self.originals.add(text)
        return self._word(text, min(len(text), 40))

    def email(self, text: str) -> str:
        """A mail address that nobody can have."""
        self.originals.add(text)
        return f"{self._word(text.lower(), 8)}@mail.example"

    def url(self, text: str) -> str:
        """An address: a reserved host, ids in path and query replaced, small plain words kept."""
        parts = urlsplit(text)
        host = f"{self._portal}.example" if parts.hostname in self._hosts else "elsewhere.example"
        path = "/".join(self._piece(unquote(piece)) for piece in parts.path.split("/"))
        query = []
        for pair in filter(None, parts.query.split("&")):
            name, _, value = pair.partition("=")
            query.append(f"{self._piece(unquote(name))}={self._piece(unquote(value))}")
        return urlunsplit(("https", host, path, "&".join(query), ""))

    def _piece(self, text: str) -> str:
        """One part of an address, or of a machine's attribute: short plain words stay, all else is replaced."""
        if re.fullmatch(r"[A-Za-z_.-]{0,32}|\d{0,4}", text):
            return text
        return re.sub(r"[^\w.-]+", "-", self._replaced(text, machine=True))

    def machine(self, text: str) -> str:
        """An attribute that is written for scripts (`order:COO123 state:lost`): only what may name something goes."""
        return self._replaced(text, machine=True)

    def text(self, text: str) -> str:
        """A shown text: whole where it is harmless, else piece by piece."""
        if is_known(text, self.known) or is_measure(text):
            return text
        return self._replaced(text)

    def _replaced(self, text: str, *, machine: bool = False) -> str:
        out, at = [], 0
        for token in tokens(text):
            out.append(text[at : token.start])
            out.append(self._fake(token, text, machine))
            at = token.end
        return "".join([*out, text[at:]])

    def _fake(self, token: Token, text: str, machine: bool) -> str:
        if _harmless(token, text, self.known):
            return token.text
        if token.kind == "url":
            return self.url(token.text)
        if token.kind == "email":
            return self.email(token.text)
        if token.kind == "blob":
            return self.blob(token.text)
        if token.kind == "code":
            return self.code(token.text)
        if token.kind == "house":
            return re.sub(r"\d", "0", token.text)
        if token.kind == "mask":
            return re.sub(r"\d", "0", token.text)
        if token.kind in ("phone", "number"):
            if machine and token.kind == "number" and _counts(token, alone=True):
                return token.text
            return self.digits(token.text)
        if machine and token.text.isascii() and len(token.text) <= 24:
            return token.text
        return self.letters(token.text)
