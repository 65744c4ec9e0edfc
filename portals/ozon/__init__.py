"""Ozon (RU): refund disputes, return requests, support requests."""

from pathlib import Path

from agent.portal import Portal
from agent.words import say
from portals.ozon.pages import GATE, Accruals, Ratings, RefundDisputes, Returns, Tickets
from portals.ozon.store import choose_store

PORTAL = Portal(
    name="ozon",
    title="Ozon",
    base_url="https://seller.ozon.ru",
    hosts=("seller.ozon.ru", "sso.ozon.ru", "id.ozon.ru"),
    zone="Europe/Moscow",
    locale="ru-RU",
    language="ru",
    currency="RUB",
    folder=Path(__file__).parent,
    gate=GATE,
    channels=(RefundDisputes(), Returns(), Tickets()),
    cookies=({"name": "x-o3-language", "value": "ru"},),
    health=(Ratings(),),
    settlement=Accruals(),
    zone_assumed=True,
    checklist=(
        say("If the sign-in has several companies, give the name of this one as options.store in rebuttal.toml."),
    ),
    store_label="account.company",
    choose_store=choose_store,
)
