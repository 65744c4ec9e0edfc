"""Looks over what is typed, chosen and ticked: is it all there, does it fit, may it be said."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation

from agent.evidence.finding import Finding, finding
from agent.evidence.lint_buyer import lint_amount, lint_confirmation, lint_to_buyer
from agent.evidence.playbooks import PLACEHOLDER
from agent.evidence.tone import ToneList, harmful
from agent.policy import ActionRule, FieldRule, Policy
from agent.records import Case
from agent.sending.packet import Draft, nfc
from agent.words import say

_SCRIPTS = {
    "ko": {"HANGUL"},
    "en": {"LATIN"},
    "zh": {"CJK"},
    "ja": {"CJK", "HIRAGANA", "KATAKANA"},
    "ru": {"CYRILLIC"},
    "th": {"THAI"},
    "vi": {"LATIN"},
    "id": {"LATIN"},
    "pt": {"LATIN"},
    "es": {"LATIN"},
    "de": {"LATIN"},
}
"""The scripts in which each language is written."""


def portal_length(text: str) -> int:
    """How long a form finds `text`: in NFC, a line end as 1, a letter outside the basic plane (an emoji) as 2.

    Forms count UTF-16 units, servers often letters; the greater of both is taken, so that nothing is ever cut off.
    """
    return len(nfc(text).encode("utf-16-le", "surrogatepass")) // 2


def lint_fields(draft: Draft, case: Case, rule: ActionRule, *, tone: ToneList, policy: Policy) -> list[Finding]:
    """Findings about the draft's values, field by field in the form's order."""
    found: list[Finding] = []
    for key in draft.values:
        if key not in rule.fields:
            found.append(
                finding(
                    "form",
                    "unknown_field",
                    "block",
                    say(
                        "The form has no field “{key}”; it has: {fields}. Take it out of the draft.",
                        key=key,
                        fields=", ".join(rule.fields),
                    ),
                    key,
                )
            )
    for key, field in rule.fields.items():
        value = nfc(draft.values.get(key, "")).strip()
        if not field.shown_beside(draft.values):
            found.extend(_out_of_place(key, field, value))
        elif field.disabled:
            if value:
                found.append(
                    finding(
                        field.rule,
                        "disabled",
                        "block",
                        say("The portal fills “{key}” itself. Take it out of the draft.", key=key),
                        key,
                    )
                )
        elif field.kind == "tick":
            found.extend(_tick(key, field, value))
        elif field.kind == "message":
            found.extend(lint_confirmation(key, field, value, case))
        elif not value:
            if field.required or _asked_for(field, draft):
                found.append(
                    finding(
                        field.rule,
                        "missing",
                        "block",
                        say("“{key}” is empty, and the form asks for it. {todo}", key=key, todo=_todo(field)),
                        key,
                    )
                )
        elif field.kind == "choice":
            if value not in field.options and not field.own_list:
                found.append(
                    finding(
                        field.rule,
                        "option",
                        "block",
                        say(
                            "“{value}” is no option of “{key}”. Choose one of: {options}.",
                            value=value,
                            key=key,
                            options=", ".join(field.options),
                        ),
                        key,
                    )
                )
            else:
                found.extend(_left_out(key, field, value, draft))
        elif field.kind == "text":
            found.extend(_text(key, field, value, case, tone, policy))
            if field.to_buyer:
                found.extend(lint_to_buyer(key, field, value, draft, case, rule))
        elif not _readable(field, value):
            found.append(
                finding(
                    field.rule,
                    "value",
                    "block",
                    say(
                        "“{value}” in “{key}” is neither a plain number nor a date like 2026-05-01. Correct it.",
                        value=value,
                        key=key,
                    ),
                    key,
                )
            )
        elif field.kind == "amount":
            found.extend(_form(key, field, value))
            found.extend(lint_amount(key, field, value, case))
    return found


def _out_of_place(key: str, field: FieldRule, value: str) -> list[Finding]:
    """A value for a field that the form does not show beside what is chosen."""
    if not value:
        return []
    shown = ", ".join(f"{other} = {' / '.join(values)}" for other, values in field.shown_when.items())
    words = say("The form shows “{key}” only with {shown}. Take it out of the draft.", key=key, shown=shown)
    return [finding(field.rule, "out_of_place", "block", words, key)]


def _asked_for(field: FieldRule, draft: Draft) -> bool:
    """Does what stands in another field make this one required?"""
    return any(draft.values.get(other, "").strip() in values for other, values in field.required_when.items())


def _left_out(key: str, field: FieldRule, value: str, draft: Draft) -> list[Finding]:
    """An option that the portal does not offer beside what is chosen in another field."""
    for other, offered in field.options_when.items():
        chosen = draft.values.get(other, "").strip()
        left = offered.get(chosen, ())
        if chosen in offered and value not in left:
            return [
                finding(
                    field.rule,
                    "option",
                    "block",
                    say(
                        "“{value}” is no option of “{key}” beside “{chosen}”. Choose one of: {options}.",
                        value=value,
                        key=key,
                        chosen=chosen,
                        options=", ".join(left),
                    ),
                    key,
                )
            ]
    return []


def _todo(field: FieldRule) -> object:
    if field.own_list:
        return say("Write the entry as the portal's list shows it.")
    if field.kind == "choice":
        return say("Choose one of: {options}.", options=", ".join(field.options))
    return say("Fill it in.")


def _tick(key: str, field: FieldRule, value: str) -> list[Finding]:
    if value not in ("", "yes", "no"):
        return [
            finding(
                field.rule,
                "tick",
                "block",
                say("“{key}” is a tick: its value is “yes” or “no”, not “{value}”.", key=key, value=value),
                key,
            )
        ]
    if field.required and value != "yes":
        return [
            finding(
                field.rule,
                "tick",
                "block",
                say("“{key}” must be ticked, else the portal refuses the form. Read it, and set it to “yes”.", key=key),
                key,
            )
        ]
    return []


def _readable(field: FieldRule, value: str) -> bool:
    try:
        if field.kind == "amount":
            return re.fullmatch(r"\d+(\.\d+)?", value, re.ASCII) is not None and Decimal(value) >= 0
        return len(value) == 10 and bool(date.fromisoformat(value))
    except (InvalidOperation, ValueError):
        return False


def _text(key: str, field: FieldRule, text: str, case: Case, tone: ToneList, policy: Policy) -> list[Finding]:
    """Findings about one text."""
    return [
        *_length(key, field, text),
        *_form(key, field, text),
        *_letters(key, field, text),
        *_placeholders(key, field, text),
        *_language(key, field, text),
        *_tone(key, text, tone),
        *other_orders(text, case, tone, key),
        *refused_carriers(text, case, tone, policy, key),
    ]


def _length(key: str, field: FieldRule, text: str) -> list[Finding]:
    count = portal_length(text)
    if field.max_chars is not None and count > field.max_chars:
        return [
            finding(
                field.rule,
                "length",
                "block",
                say(
                    "“{key}” has {count} of {limit} characters. Shorten it by {over}.",
                    key=key,
                    count=count,
                    limit=field.max_chars,
                    over=count - field.max_chars,
                ),
                key,
            )
        ]
    if len(text) < field.min_chars:
        return [
            finding(
                field.rule,
                "short",
                "block",
                say(
                    "“{key}” has {count} characters, and needs at least {least}. Say what happened, and what the files show.",
                    key=key,
                    count=len(text),
                    least=field.min_chars,
                ),
                key,
            )
        ]
    return []


def _form(key: str, field: FieldRule, text: str) -> list[Finding]:
    """A value that must have a certain form, such as a tracking number (AE7)."""
    if field.pattern is None or re.fullmatch(field.pattern, text):
        return []
    return [
        finding(
            field.rule,
            "form",
            "block",
            say(
                "“{text}” in “{key}” does not have the form that the portal takes. Write it like {example}.",
                text=text[:40],
                key=key,
                example=field.example or field.pattern,
            ),
            key,
        )
    ]


def _letters(key: str, field: FieldRule, text: str) -> list[Finding]:
    """Characters that a form would drop or change, so that what arrives is not what was approved."""
    unseen = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn")}
    bad = sorted(unseen - {"\n", "\u200d"})  # U+200D joins emoji
    if not bad:
        return []
    return [
        finding(
            field.rule,
            "characters",
            "block",
            say(
                "“{key}” holds characters that can't be seen or typed ({codes}). Type the text anew, or paste it without"
                " format.",
                key=key,
                codes=", ".join(f"U+{ord(c):04X}" for c in bad[:5]),
            ),
            key,
        )
    ]


def _placeholders(key: str, field: FieldRule, text: str) -> list[Finding]:
    names = list(dict.fromkeys(PLACEHOLDER.findall(text)))
    if not names:
        return []
    return [
        finding(
            field.rule,
            "placeholder",
            "block",
            say(
                "“{key}” still has unfilled places: {names}. Write what belongs there, or take the sentence out.",
                key=key,
                names=", ".join(f"{{{name}}}" for name in names),
            ),
            key,
        )
    ]


def _script(letter: str) -> str:
    """The script a letter belongs to, by its Unicode name; "" for what has none."""
    first = unicodedata.name(letter, "").partition(" ")[0]
    return "CJK" if first.startswith("CJK") else first


def _language(key: str, field: FieldRule, text: str) -> list[Finding]:
    """The text's scripts against the languages the portal reads (CP6); Latin names may stand among other letters."""
    if not field.languages:
        return []
    native = {script for language in field.languages for script in _SCRIPTS.get(language, set())}
    letters = [c for c in unicodedata.normalize("NFKC", PLACEHOLDER.sub("", text)) if c.isalpha()]
    foreign = [c for c in letters if _script(c) not in native | {"LATIN"}]
    if foreign:
        return [
            finding(
                field.rule,
                "language",
                "block",
                say(
                    "“{key}” holds letters the portal's reviewer does not read: {letters}. Write it in: {languages}.",
                    key=key,
                    letters="".join(dict.fromkeys(foreign))[:20],
                    languages=", ".join(field.languages),
                ),
                key,
            )
        ]
    if letters and sum(_script(c) in native for c in letters) * 3 < len(letters):
        return [
            finding(
                field.rule,
                "language",
                "block",
                say(
                    "“{key}” is not written in a language the portal's reviewer reads. Write it in: {languages}.",
                    key=key,
                    languages=", ".join(field.languages),
                ),
                key,
            )
        ]
    if not letters:
        return [
            finding(
                field.rule,
                "language",
                "block",
                say(
                    "“{key}” has no words. Write sentences in: {languages}.",
                    key=key,
                    languages=", ".join(field.languages),
                ),
                key,
            )
        ]
    return []


def _tone(key: str, text: str, tone: ToneList) -> list[Finding]:
    """One blocking finding for each whom the text attacks (CP10); a person may let it stand with a reason."""
    attacks: dict[str, list[str]] = {}
    for found in harmful(text, tone):
        attacks.setdefault(found.target, []).append(found.text)
    rule = tone.rule("tone", "tone")
    whom = {"platform": say("the platform"), "buyer": say("the buyer")}
    out: list[Finding] = []
    for target, phrases in attacks.items():
        shown = ", ".join(f"“{phrase}”" for phrase in phrases)
        if target == "threat":
            words = say(
                "“{key}” threatens: {phrases}. Write what happened and what the files show, or override with a reason.",
                key=key,
                phrases=shown,
            )
        else:
            words = say(
                "“{key}” blames {whom}, which can bring a warning: {phrases}. Write what happened and what the"
                " files show, or override with a reason.",
                key=key,
                whom=whom[target],
                phrases=shown,
            )
        out.append(finding(rule, f"tone.{target}", "block", words, key, overridable=True))
    return out


def other_orders(text: str, case: Case, tone: ToneList, concerns: str) -> list[Finding]:
    """Other order ids of the same shape in `text` (CP8: one order an appeal).

    Ids with letters or hyphens have a shape of their own and block; bare numbers of the same length only warn.
    """
    shape, certain = _shape(case.order_id)
    if shape is None:
        return []
    own = {case.order_id.casefold(), case.case_id.casefold(), *(item.id.casefold() for item in case.items)}
    text = unicodedata.normalize("NFKC", text)
    others = [o for o in dict.fromkeys(m.group() for m in shape.finditer(text)) if o.casefold() not in own]
    if not others:
        return []
    words = say(
        "Another order is named: {others}. An answer is for one order, here {order_id}: take the others out, and answer"
        " them on their own cases.",
        others=", ".join(others),
        order_id=case.order_id,
    )
    return [
        finding(
            tone.rule("one_order", "one_order"),
            "other_order",
            "block" if certain else "warn",
            words,
            concerns,
            overridable=True,
        )
    ]


def _shape(order_id: str) -> tuple[re.Pattern[str] | None, bool]:
    """A pattern for ids like this one, and whether nothing else looks like them."""
    digits = sum(c.isdigit() for c in order_id)
    if digits < 5:
        return None, False
    letters = re.match(r"[A-Za-z]{2,}", order_id)
    # 260501ABC1DE23: a date, then letters and digits mixed
    if not letters and (mixed := re.fullmatch(r"(\d+)([A-Za-z][A-Za-z0-9]*)", order_id)):
        body = rf"\d{{{len(mixed[1])}}}[A-Z0-9]{{{len(mixed[2])}}}(?![A-Z0-9])"
        return re.compile(rf"(?<![A-Z0-9]){body}", re.IGNORECASE | re.ASCII), True
    parts = [
        (rf"\d{{{max(5, len(p) - 2)},}}" if letters else rf"\d{{{len(p)}}}") if p.isdigit() else re.escape(p)
        for p in re.findall(r"\d+|\D+", order_id)
    ]
    pattern = re.compile(r"(?<![A-Za-z0-9])" + "".join(parts) + r"(?![0-9])", re.IGNORECASE | re.ASCII)
    return pattern, not order_id.isdigit()


def refused_carriers(text: str, case: Case, tone: ToneList, policy: Policy, concerns: str) -> list[Finding]:
    """Carriers named in `text` whose waybills the portal does not count (CP11)."""
    named = carriers_in(text, case, policy)
    if not named:
        return []
    channel = policy.channels.get(case.channel)
    approved = (channel.rules if channel else {}).get("approved_carriers") or policy.rules.get("approved_carriers")
    return [
        finding(
            tone.rule("carriers", "carriers"),
            "carrier",
            "block",
            say(
                "{carriers}: waybills of this carrier do not count here. Show the waybill of an approved one ({approved}), or"
                " override with a reason.",
                carriers=", ".join(named),
                approved=", ".join(approved.value) if approved and isinstance(approved.value, tuple) else "–",
            ),
            concerns,
            overridable=True,
        )
    ]


def carriers_in(text: str, case: Case, policy: Policy) -> list[str]:
    """Refused carriers that `text` names, as the policy writes them."""
    channel = policy.channels.get(case.channel)
    refused = (channel.rules if channel else {}).get("refused_carriers") or policy.rules.get("refused_carriers")
    if refused is None or not isinstance(refused.value, tuple):
        return []
    plain = unicodedata.normalize("NFKC", text).casefold()
    named = []
    for name in refused.value:
        words = r"[\s_\-]*".join(map(re.escape, unicodedata.normalize("NFKC", name).casefold().split()))
        edge = r"(?![a-z])" if name.isascii() else ""
        if re.search((r"(?<![a-z])" if name.isascii() else "") + words + edge, plain):
            named.append(name)
    return named
