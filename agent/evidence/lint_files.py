"""Looks over the evidence files: does the form take them, can they be read, will the reviewer believe them."""

from __future__ import annotations

from collections.abc import Iterator

from agent.evidence.files import EXTENSIONS, FileFacts
from agent.evidence.finding import Finding, finding
from agent.evidence.lint_fields import carriers_in, other_orders, refused_carriers
from agent.evidence.naming import kind_of
from agent.evidence.tone import ToneList
from agent.policy import ActionRule, FilesRule, Policy
from agent.records import Case
from agent.sending.packet import Draft, DraftFile
from agent.words import say

_PROGRAMS = ("exe", "com", "bat", "cmd", "scr", "msi", "ps1", "vbs", "js", "jar", "app", "sh", "lnk", "dll", "pif")


def lint_files(
    draft: Draft, case: Case, rule: ActionRule, files: list[FileFacts], *, tone: ToneList, policy: Policy
) -> list[Finding]:
    """Findings about the draft's files, `files` being their facts in the same order."""
    if len(files) != len(draft.files):
        raise ValueError(f"{len(draft.files)} files in the draft, facts of {len(files)}")
    if rule.files is None:
        return (
            [finding("form", "no_files", "block", say("The form takes no files. Take them out of the draft."))]
            if files
            else []
        )
    found = [*_together(rule.files, files), *_twice(rule.files, files), *_items(rule.files, draft, case)]
    for file, facts in zip(draft.files, files, strict=True):
        found.extend(_one(rule.files, file, facts, tone))
        found.extend(other_orders(facts.name, case, tone, facts.name))
        found.extend(refused_carriers(facts.name, case, tone, policy, facts.name))
    for item in case.items:
        if named := carriers_in(item.name, case, policy):
            found.append(
                finding(
                    tone.rule("carriers", "carriers"),
                    "carrier_item",
                    "warn",
                    say(
                        "The item “{item}” names {carriers}, whose waybills do not count here. Make sure that the proof is an"
                        " approved carrier's.",
                        item=item.name,
                        carriers=", ".join(named),
                    ),
                    item.id,
                )
            )
    return found


def _bytes(number: int) -> str:
    """A size for people: "11,534,336 bytes (11.0 MB)"."""
    return f"{number:,} bytes ({number / 1048576:.1f} MB)"


def _together(rule: FilesRule, files: list[FileFacts]) -> Iterator[Finding]:
    """Number and total size."""
    if len(files) < rule.min_count:
        yield finding(
            rule.rule,
            "too_few",
            "block",
            say(
                "{count} files are attached, and the form asks for at least {least}. Add evidence.",
                count=len(files),
                least=rule.min_count,
            ),
        )
    if len(files) > rule.max_count:
        yield finding(
            rule.rule,
            "count",
            "block",
            say(
                "{count} files are attached, and the form takes {limit}. Take {over} out; keep the strongest.",
                count=len(files),
                limit=rule.max_count,
                over=len(files) - rule.max_count,
            ),
        )
    total = sum(facts.size for facts in files)
    if rule.max_bytes_total is not None and total > rule.max_bytes_total:
        yield finding(
            rule.rule,
            "total",
            "block",
            say(
                "The files are {total} together, and the form takes {limit}. Take some out.",
                total=_bytes(total),
                limit=_bytes(rule.max_bytes_total),
            ),
        )


def _items(rule: FilesRule, draft: Draft, case: Case) -> Iterator[Finding]:
    """Which item each file is for, and which items no file is for (OZ9)."""
    ids = [item.id for item in case.items]
    named = [kind_of(file)[1] for file in draft.files]
    for item in dict.fromkeys(one for one in named if one and one not in ids):
        yield finding(
            rule.rule,
            "item",
            "block",
            say("“{item}” is no item of this case. Its items are: {items}.", item=item, items=", ".join(ids) or "–"),
            item,
        )
    if not rule.per_item or len(ids) < 2:
        return
    for file, item in zip(draft.files, named, strict=True):
        if not item:
            yield finding(
                rule.rule,
                "per_item",
                "block",
                say(
                    "The case has several items, and each file must name its own: write its kind as {kind}@{item}.",
                    kind=kind_of(file)[0],
                    item=ids[0],
                ),
                file.kind,
            )
    for item in ids:
        if item not in named:
            yield finding(
                rule.rule,
                "item_bare",
                "warn",
                say("No file is for the item {item}: the decision on it will stay as it is.", item=item),
                item,
            )


def _twice(rule: FilesRule, files: list[FileFacts]) -> Iterator[Finding]:
    """The same bytes attached more than once."""
    first: dict[str, str] = {}
    for facts in files:
        if facts.size and facts.sha256 in first:
            yield finding(
                rule.rule,
                "duplicate",
                "block",
                say(
                    "{name} has the same content as {other}. Take one of them out.",
                    name=facts.name,
                    other=first[facts.sha256],
                ),
                facts.name,
            )
        first.setdefault(facts.sha256, facts.name)


def _one(rule: FilesRule, file: DraftFile, facts: FileFacts, tone: ToneList) -> Iterator[Finding]:
    """One file by itself."""
    if rule.kinds and kind_of(file)[0] not in rule.kinds:
        yield finding(
            rule.rule,
            "kind",
            "block",
            say(
                "“{kind}” is no kind of evidence here. Choose one of: {kinds}.",
                kind=file.kind,
                kinds=", ".join(rule.kinds),
            ),
            facts.name,
        )
    if facts.size > rule.max_bytes_each:
        yield finding(
            rule.rule,
            "size",
            "block",
            say(
                "{name} is {size}, and the form takes {limit} a file. Take it anew in a smaller size at its source.",
                name=facts.name,
                size=_bytes(facts.size),
                limit=_bytes(rule.max_bytes_each),
            ),
            facts.name,
        )
    if facts.size == 0:
        yield finding(
            rule.rule,
            "empty",
            "block",
            say("{name} is empty. Save it anew, or take it out.", name=facts.name),
            facts.name,
        )
        return
    if facts.named_ext in _PROGRAMS:
        yield finding(
            rule.rule,
            "program",
            "block",
            say(
                "{name} is called a program. Portals refuse such names: use the picture or PDF itself.", name=facts.name
            ),
            facts.name,
        )
    accepted = facts.ext in rule.types and facts.media_type in EXTENSIONS
    if not accepted:
        yield _not_taken(rule, facts, tone)
        return
    if facts.named_ext != facts.ext and facts.named_ext not in _PROGRAMS:
        yield finding(
            tone.rule("name", "name"),
            "extension",
            "block",
            say(
                "{name} is really a {ext} file. Check that it is the right one and save it under its true ending, or"
                " override with a reason: it would be uploaded as .{ext}.",
                name=facts.name,
                ext=facts.ext,
            ),
            facts.name,
            overridable=True,
        )
    if not facts.decodable and (facts.is_picture or facts.ext == "pdf"):
        yield finding(
            rule.rule,
            "damaged",
            "block",
            say(
                "{name} can't be opened: {why}. Save it anew, or take it out.",
                name=facts.name,
                why=facts.trouble or say("it is damaged"),
            ),
            facts.name,
        )
        return
    if facts.is_picture:
        yield from _picture(rule, file, facts, tone)
    if facts.edited:
        yield finding(
            tone.picture.rule,
            "edited",
            "warn",
            say(
                "{name} bears the mark of an editing program ({marks}); edited pictures are void. Use the original.",
                name=facts.name,
                marks=", ".join(facts.edited),
            ),
            facts.name,
        )


def _not_taken(rule: FilesRule, facts: FileFacts, tone: ToneList) -> Finding:
    """A type that the form refuses, in the words that fit."""
    types = ", ".join(kind.upper() for kind in rule.types)
    if facts.is_video:
        return finding(
            tone.rule("video", rule.rule),
            "video",
            "block",
            say(
                "{name} is a video, and the form takes none, only {types}. Use pictures from it as its camera saved them,"
                " and keep the video for the support ticket.",
                name=facts.name,
                types=types,
            ),
            facts.name,
        )
    if facts.named_ext == "pdf" and facts.media_type != "application/pdf":
        words = say(
            "{name} is called PDF, but is none. Save the document as PDF anew; the form takes {types}.",
            name=facts.name,
            types=types,
        )
    elif facts.media_type in EXTENSIONS:
        words = say(
            "{name} is a {ext} file, and the form takes only {types}. Use another form of this evidence.",
            name=facts.name,
            ext=facts.ext.upper(),
            types=types,
        )
    else:
        words = say(
            "{name} is neither a picture nor a document we know; the form takes only {types}. Use another form"
            " of this evidence.",
            name=facts.name,
            types=types,
        )
    return finding(rule.rule, "type", "block", words, facts.name)


def _picture(rule: FilesRule, file: DraftFile, facts: FileFacts, tone: ToneList) -> Iterator[Finding]:
    """Size in pixels, sharpness and time mark (CP12)."""
    width, height, want = facts.width or 0, facts.height or 0, tone.picture
    if (rule.min_width and width < rule.min_width) or (rule.min_height and height < rule.min_height):
        yield finding(
            rule.rule,
            "pixels",
            "block",
            say(
                "{name} has {width}×{height} pixels, and the portal asks for {least_width}×{least_height}. Take it anew,"
                " larger.",
                name=facts.name,
                width=width,
                height=height,
                least_width=rule.min_width or 1,
                least_height=rule.min_height or 1,
            ),
            facts.name,
        )
    elif min(width, height) < want.min_short_side:
        yield finding(
            want.rule,
            "resolution",
            "warn",
            say(
                "{name} has only {width}×{height} pixels: number, time and name may not be readable. Take it anew, larger.",
                name=facts.name,
                width=width,
                height=height,
            ),
            facts.name,
        )
    if facts.sharpness is not None and facts.sharpness < want.min_sharpness:
        yield finding(
            want.rule,
            "blurred",
            "warn",
            say(
                "{name} looks blurred or empty (sharpness {value}, at least {least}); such pictures are void. Take it"
                " anew.",
                name=facts.name,
                value=facts.sharpness,
                least=want.min_sharpness,
            ),
            facts.name,
        )
    if kind_of(file)[0] in want.time_mark_kinds and facts.taken is None:
        yield finding(
            want.rule,
            "time_mark",
            "warn",
            say(
                "{name} does not tell when it was taken. Make sure that a time mark can be seen in the picture itself.",
                name=facts.name,
            ),
            facts.name,
        )
