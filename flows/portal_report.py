"""The portal's own export of a channel held against the records: a case no list showed, a field that differs (OZ6)."""

from __future__ import annotations

from collections.abc import Iterable

from agent.browser.tab import Tab
from agent.errors import PageDrift
from agent.portal import Channel
from agent.reading.unreadable import Unreadable
from agent.records import CaseKey
from agent.words import Words, say
from flows.context import Context


async def differences(ctx: Context, tab: Tab, channel: Channel, listed: Iterable[str]) -> list[Words]:
    """What the portal's report says otherwise than list and records; none where the portal has no report.

    A listed case that the report does not have is no difference: reports go back only some months. The file is kept.
    Raises `PageDrift` for a report that can't be read.
    """
    file = await channel.report(tab)
    if file is None:
        return []
    ctx.store.blobs.put(file.data, "document")
    try:
        lines = channel.read_report(file, tab.labels)
    except Unreadable as fault:
        raise PageDrift(
            say(
                "{portal}: the report {name} can't be read: {why}", portal=tab.portal, name=file.name, why=fault.wanted
            ),
            say("Look at the file that the portal gives; its columns may have changed."),
            portal=tab.portal,
            page="report",
            field="report",
            looked_for=(fault.wanted,),
            found=(fault.text[:120],),
        ) from None
    here, found = set(listed), []
    for line in lines:
        if line.case_id not in here:
            found.append(say("{case} is in the portal's report and in no list", case=line.case_id))
            continue
        case = ctx.store.cases.get(
            CaseKey(portal=tab.portal, account=tab.account, channel=channel.name, case_id=line.case_id)
        )
        differs = channel.agrees(line, case) if case is not None else None
        if differs:
            found.append(say("{case}: the portal's report says {what}", case=line.case_id, what=differs))
    return found
