"""Live mutants of the appeal form: a real Chromium, the mock's form changed under it, filled from a packet up to the click.

Judged in the page itself, by the true elements that the change kept: either the form holds exactly the packet and the
button aimed at is the approved one, or everything stopped before arming.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

from rich.console import Console
from rich.table import Table as Printed

from agent.browser.tab import Tab
from agent.errors import RebuttalError
from agent.policy import ActionRule, load_policy
from agent.records import Case
from agent.sending.packet import Packet, PacketField, PacketFile, nfc
from agent.sending.send import Sending
from fixtures import serving
from portals.coupang import PORTAL
from portals.coupang.pages import AppealForm
from tests.mutants.corpus import CHANNEL, NOW, signed_in, tab_for
from tests.mutants.judge import known_labels, use
from tests.mutants.run import Counted

_SCRIPT = Path(__file__).with_name("live.js")
_FRESH = 20
"""A new page after so many mutants, so that nothing of an old one lingers."""
_ROWS_MS = 1_500
GOOD = 0.95
"""At least so many of the forms that a person still fills in must be filled right."""

READABLE = {
    "untouched": "nothing changed",
    "names": "ids, names and classes renamed",
    "wrappers": "wrappers added",
    "reordered": "fields in another order",
    "untied": "labels no longer tied to their fields",
    "untied_plain": "labels are plain text",
    "wrapping_labels": "labels wrap their fields",
    "value_first": "field before label",
    "aria_labels": "fields named by aria-label",
    "boxes": "list of terms → boxes",
    "table": "list of terms → table",
    "synonyms": "labels and button re-worded within the known synonyms",
    "options_shuffled": "options in another order",
    "option_values": "option values changed",
    "options_added": "similar options added",
    "options_grouped": "options in groups",
    "files_decoy_outside": "a decoy file input outside the form",
    "submit_elsewhere": "a second submit button outside the form",
    "banner": "a banner above",
    "tour": "a guided tour over the page",
    "token_added": "a hidden token added",
    "note_prefilled": "the note holds an old text",
    "type_prefilled": "another type is chosen already",
    "submit_as_input": "the button is an input",
    "hints": "stars and icons beside the labels",
    "radios": "the choice as radio buttons",
    "note_editable": "the note as an editable box",
    "in_shadow": "the note in an open shadow root",
    "note_single_line": "the note as a single line",
    "second_note_unseen": "a second, unseen note field",
    "submit_twice_unseen": "a second, unseen submit button in the form",
    "submit_outside": "the button outside its form",
    "select_preset": "a list added that stands at the portal's own choice",
}
TROUBLE = {
    "buttons_for_choice": "the choice as buttons",
    "label_unknown": "a label re-worded to an unknown word",
    "option_unknown": "the wanted option re-worded",
    "option_twice": "the wanted option there twice",
    "option_disabled": "the wanted option disabled",
    "tick_added": "a box to tick added",
    "tick_preset": "a ticked box added",
    "radio_preset": "a chosen radio button added",
    "text_preset": "a filled field added",
    "hidden_choice": "a hidden choice added",
    "second_note": "a second note field",
    "label_of_another": "the note's label tied to another field",
    "labels_exchanged": "labels tied to each other's fields",
    "files_decoy_inside": "a second file input in the form",
    "files_row_before": "a file attached already",
    "files_row_renamed": "file rows renamed by the page",
    "files_row_lost": "a file row lost",
    "files_row_extra": "a file row doubled",
    "files_table_renamed": "the file table's header re-worded",
    "files_single": "the file input takes one file only",
    "submit_twice": "a second submit button in the form",
    "submit_renamed": "the submit button re-worded",
    "submit_exchanged": "draft and submit buttons exchange words",
    "submit_disabled": "the button disabled",
    "submit_covers_another": "the button sends to another order",
    "submit_withdraws": "the button sends to another action",
    "field_outside": "a field outside the form",
    "two_forms": "the form there twice",
    "split_forms": "fields in two forms",
    "order_shown_other": "another order shown",
    "order_hidden_other": "another order in a hidden field",
    "order_action_other": "the form sends to another order",
    "note_short": "the note takes few letters",
    "note_readonly": "the note can't be changed",
    "note_disabled": "the note is disabled",
    "note_rewritten": "the page rewrites the note",
    "note_rewritten_late": "the page rewrites the note a moment later",
    "type_resets": "the choice falls back",
    "type_jumps": "the choice jumps to another",
    "type_changes_late": "the choice changes when files come",
    "type_multiple": "the list takes several, one is chosen already",
    "heading_gone": "the heading re-worded",
}
_TITLES = {name: (title, True) for name, title in READABLE.items()} | {
    name: (title, False) for name, title in TROUBLE.items()
}
PAIR, PAIR_TROUBLE = "two_at_once", "two_at_once_trouble"
_TITLES |= {PAIR: ("two changes at once, each still readable", True), PAIR_TROUBLE: ("two, one of them trouble", False)}
_ALONE = frozenset(
    {"radios", "in_shadow", "note_editable", "note_single_line", "boxes", "table", "wrapping_labels", "two_forms"}
)
"""Changes that take the form apart; only one of them at a time."""


@dataclass(frozen=True)
class LiveMutant:
    """The changes of one live mutant."""

    kind: str
    number: int
    kinds: tuple[str, ...]
    seed: int

    @property
    def readable(self) -> bool:
        """Would a person still fill it in?"""
        return all(_TITLES[k][1] for k in self.kinds)


def schedule(seed: int, count: int) -> Iterator[LiveMutant]:
    """`count` live mutants: every kind in turn, then pairs."""
    singles = [*READABLE, *TROUBLE]
    numbers: dict[str, int] = {}
    for place in range(count):
        spot = place % (len(singles) + 30)
        name = singles[spot] if spot < len(singles) else PAIR if spot % 2 else PAIR_TROUBLE
        numbers[name] = numbers.get(name, 0) + 1
        yield made(seed, name, numbers[name])


def made(seed: int, name: str, number: int) -> LiveMutant:
    """The live mutant of that kind and number."""
    random = Random(f"{seed}:live:{name}:{number}")
    kinds: tuple[str, ...] = (name,)
    if name in (PAIR, PAIR_TROUBLE):
        first = random.choice([k for k in READABLE if k not in _ALONE])
        rest = [k for k in (READABLE if name == PAIR else TROUBLE) if k != first]
        kinds = (random.choice(rest), first) if name == PAIR_TROUBLE else (first, random.choice(rest))
    return LiveMutant(name, number, kinds, random.randrange(2**31))


class Rehearsal(AppealForm):
    """The appeal form as it is, but for the look at the case, which no mutant here touches."""

    async def look(self) -> Case:
        return self.case


class Forms:
    """Open cases of a mock, and packets to fill their forms with."""

    def __init__(self, cases: list[Case], rule: ActionRule, folder: Path) -> None:
        self.cases = cases
        self.rule = rule
        self.folder = folder

    def packet(self, random: Random) -> tuple[Case, Packet]:
        """A case with an approved packet: a type, a note of one or two lines, one to three files."""
        case = random.choice(self.cases)
        labels = known_labels()
        key, label = random.choice(sorted(self.rule.fields["appeal_type"].options.items()))
        note = random.choice(
            (
                "배송 완료 증빙을 첨부드리오니 재검토 부탁드립니다.",
                "상품은 2026-03-02 14:21에 수령인에게 전달되었습니다.\n배송 조회 화면을 첨부합니다.",
                "The parcel was delivered and signed for; please see the attached tracking page.",
            )
        )
        files = []
        for number in range(random.randint(1, 3)):
            path = self.folder / f"{number}.jpg"
            data = b"\xff\xd8\xff\xe0" + bytes([number]) * random.randint(200, 2000)
            path = self.folder / f"{hashlib.sha256(data).hexdigest()[:12]}.jpg"
            path.write_bytes(data)
            kind = ("DeliveryProof", "ShipmentPhoto", "MessageLog")[number]
            files.append(
                PacketFile(
                    kind=kind,
                    upload_name=f"{case.order_id}_{kind}.jpg",
                    size=len(data),
                    sha256=hashlib.sha256(data).hexdigest(),
                    media_type="image/jpeg",
                    path=str(path),
                )
            )
        fields = (
            PacketField(key="appeal_type", kind="choice", value=key, shown=labels.in_language(label, "ko")),
            PacketField(key="note", kind="text", value=note),
        )
        return case, Packet(
            case=case.key,
            order_id=case.order_id,
            case_revision=case.revision,
            action="appeal",
            fields=fields,
            files=tuple(files),
            policy_version="test",
            by="li",
        )


async def tried(tab: Tab, forms: Forms, mutant: LiveMutant) -> tuple[str, str]:
    """Fill one changed form up to the click: verdict and what was said."""
    random = Random(f"{mutant.seed}:packet")
    case, packet = forms.packet(random)
    choice = packet.fields[0].shown
    spec = {"kinds": mutant.kinds, "seed": mutant.seed, "words": _words(), "choice": choice}
    cookie = quote(json.dumps(spec, ensure_ascii=True, separators=(",", ":")), safe="")
    await tab.context.add_cookies([{"name": "mutant", "value": cookie, "url": tab.base_url}])
    form = Rehearsal(tab, forms.rule, CHANNEL, case)
    sending = Sending(ledger=None, lease=None, form=form, guard=None, one_shot=True, allowed=1)  # type: ignore[arg-type]
    try:
        await sending.rehearse(packet)
    except RebuttalError as error:
        return "refused", f"{error.name}: {error.said.in_language('en')}"
    except Exception as fault:  # nothing was armed, but nobody was told in words either
        return "wrong", f"it broke: {type(fault).__name__}: {str(fault).splitlines()[0]}"
    wrong = await judged(tab, form, packet)
    return ("wrong", "; ".join(wrong)) if wrong else ("right", "")


async def judged(tab: Tab, form: AppealForm, packet: Packet) -> list[str]:
    """What the page's true elements hold that is not the packet."""
    held: dict[str, Any] = await tab.page.evaluate("() => window.__mutant.held()")
    want = {f.key: f for f in packet.fields}
    wrong = []
    if held["refuse"]:
        wrong.append("it went on where it had to stop")
    if held["type"] != want["appeal_type"].shown:
        wrong.append(f"type: {held['type']!r} is {want['appeal_type'].shown!r}")
    if nfc(held["note"]) != want["note"].value:
        wrong.append(f"note: {held['note']!r} is {want['note'].value!r}")
    if held["others"]:
        wrong.append(f"other fields were changed: {held['others']}")
    if held["preset"]:
        wrong.append(f"fields that nobody approved hold something: {held['preset']}")
    if held["given"]:
        wrong.append("files went to another input")
    if held["files"] != [[f.upload_name, f.size] for f in packet.files]:
        wrong.append(f"files: {held['files']}")
    button = form._button
    if button is None or not await button.evaluate("e => window.__mutant.aimed(e)"):
        wrong.append("another button is aimed at")
    return wrong


def _words() -> dict[str, list[str]]:
    """Synonyms of the form's labels, as the product knows them."""
    labels = known_labels()
    found = {}
    for key in ("appeal.type", "appeal.note", "appeal.submit"):
        texts = [t for t in labels.by_language[key]["ko"]]
        found[texts[0]] = [*texts[1:], *labels.by_language[key]["en"]]
    return found


# -- running ---------------------------------------------------------------------------------------------------------


async def rehearsed(seed: int, mutants: list[LiveMutant]) -> dict[str, Counted]:
    """All of them at one mock, which nothing may reach but reading."""
    table: dict[str, Counted] = {}
    use(PORTAL.name)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(("coupang",), seed=seed, cases=24, now=NOW, options={"others": "0"}) as portals,
        patch("agent.browser.form.ROWS_MS", _ROWS_MS),
    ):
        served = portals["coupang"]
        async with signed_in(served, Path(folder)) as tab:
            rule = load_policy(PORTAL.folder).action("refund_disputes", "appeal")
            assert rule is not None
            open_cases = [c["case_id"] for c in served.truth() if "appeal" in c["actions"]]
            cases = []
            for case_id in open_cases[:6]:
                seen, documents = await CHANNEL.visit(tab, case_id, f"/orders/{case_id}")
                cases.append(CHANNEL.read_subject(seen, documents, case_id))
            forms = Forms(cases, rule, Path(folder))
            await tab.context.add_init_script(_SCRIPT.read_text(encoding="utf-8"))
            for place, mutant in enumerate(mutants):
                if place % _FRESH == 0:
                    page = await tab.context.new_page()
                    await tab.page.close()
                    tab = tab_for(tab.context, page, served.base_url, Path(folder))
                    tab.wait_ms = 1_500
                verdict, said = await tried(tab, forms, mutant)
                counted = table.setdefault(mutant.kind, Counted(mutant.readable))
                setattr(counted, verdict, getattr(counted, verdict) + 1)
                name = f"live:{mutant.kind}:{mutant.number}"
                if verdict == "wrong":
                    counted.failures.append((name, f"{'+'.join(mutant.kinds)}: {said}"))
                elif verdict == "refused" and mutant.readable:
                    counted.refusals.append((name, f"{'+'.join(mutant.kinds)}: {said}"))
                print(f"\r… {place + 1} of {len(mutants)} forms", end="", file=sys.stderr)
        sent = [r for r in served.received("write") if not re.search(r"/login", r["path"])]
        assert not sent, f"something left although nothing was armed: {sent}"
    print(file=sys.stderr)
    return table


async def run_live(seed: int, count: int, *, markdown: bool = False, refusals: bool = False) -> bool:
    """Fill `count` changed forms and print the table; True when anything was filled or aimed wrongly, or too much was refused."""
    began = time.perf_counter()
    table = await rehearsed(seed, list(schedule(seed, count)))
    seconds = time.perf_counter() - began
    whole, readable = Counted(True), Counted(True)
    printed = Printed("kind", "change", "readable", "forms", "right", "refused", "wrong")
    if markdown:
        print(
            "| change of the form | a person still fills it in | forms | filled right | refused | filled or aimed wrongly |"
        )
        print("| --- | --- | ---: | ---: | ---: | ---: |")
    for name, (title, is_) in _TITLES.items():
        c = table.get(name)
        if c is None:
            continue
        whole.add(c)
        if is_:
            readable.add(c)
        cells = [title, "yes" if is_ else "no", *map(str, (c.all, c.right, c.refused, c.wrong))]
        if markdown:
            print(f"| {' | '.join(cells)} |")
        printed.add_row(name, *cells)
    if markdown:
        print(f"| **all** | | **{whole.all}** | **{whole.right}** | **{whole.refused}** | **{whole.wrong}** |")
    else:
        Console(width=150).print(printed)
    print(
        f"filled or aimed wrongly: {whole.wrong} of {whole.all} forms; of {readable.all} that a person still fills in, "
        f"{readable.right} ({readable.right / max(readable.all, 1):.2%}) were filled right. {seconds / whole.all:.2f} s each."
    )
    for name, said in whole.failures:
        print(f"WRONG {name} {said}\n      again: python -m tests.mutants --seed {seed} --only {name}")
    if refusals:
        for name, said in readable.refusals:
            print(f"refused {name} {said[:300]}")
    return whole.wrong > 0 or readable.right < GOOD * readable.all


async def replay(seed: int, name: str) -> int:
    """One live mutant once more."""
    _, kind, number = name.split(":")
    table = await rehearsed(seed, [made(seed, kind, int(number))])
    for counted in table.values():
        print(f"{name}: right {counted.right}, refused {counted.refused}, wrong {counted.wrong}")
        for _, said in (*counted.failures, *counted.refusals):
            print(said)
    return 1 if any(c.wrong for c in table.values()) else 0
