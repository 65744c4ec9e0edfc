"""A part of a page missed without a word, or a text taken for what it is not: small pages, read or refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent.errors import PageDrift
from agent.reading.ids import item_number
from agent.reading.labels import Labels
from agent.reading.page import SeenPage
from agent.reading.seen import Seen
from agent.reading.tree import Tree

LABELS = Labels(
    portal="shop",
    texts={
        "info.heading": ("Dispute information",),
        "info.id": ("Dispute number",),
        "info.buyer": ("Buyer",),
        "info.state": ("State",),
        "return.heading": ("Return parcel",),
        "return.number": ("Tracking number",),
        "goods.heading": ("Goods",),
        "goods.id": ("Product ID",),
        "goods.name": ("Product",),
        "goods.none": ("No answers yet.",),
        "help.heading": ("Help",),
        "words.party.buyer": ("Buyer",),
    },
)
INFO = "<section><h3>Dispute information</h3><dl><dt>Dispute number</dt><dd>77</dd></dl></section>"
PARCEL = "<{tag}>{title}</{tag}><dl><dt>Tracking number</dt><dd>LP1</dd></dl>"


def seen(html: str) -> Seen:
    return Seen(
        SeenPage(
            portal="shop",
            account="main",
            page="dispute",
            url="https://shop.example/77",
            title="",
            language="en",
            seen_at=datetime(2026, 3, 1, tzinfo=UTC),
            server_at=None,
            zone="UTC",
            html=f"<main>{html}</main>",
        ),
        LABELS,
    )


# -- a part that only some cases have --------------------------------------------------------------------------------


def test_a_part_that_is_not_there_is_said_to_be_none() -> None:
    assert seen(f"<h1>Dispute 77</h1>{INFO}").maybe_section("return.heading") is None


def test_the_return_under_a_renamed_heading_is_not_taken_for_none() -> None:
    page = seen(INFO + "<section>" + PARCEL.format(tag="h3", title="Details") + "</section>")
    with pytest.raises(PageDrift, match="heading") as caught:
        page.maybe_section("return.heading")
    assert caught.value.field == "return.heading"


def test_the_return_under_a_renamed_heading_that_is_a_plain_box_is_not_taken_for_none() -> None:
    with pytest.raises(PageDrift):
        seen(INFO + "<div>" + PARCEL.format(tag="div", title="Details") + "</div>").maybe_section("return.heading")


def test_an_unknown_heading_where_the_part_could_stand_is_drift_even_when_its_labels_changed_too() -> None:
    table = "<table><tr><th>Parcel no.</th><td>LP1</td></tr></table>"
    with pytest.raises(PageDrift) as caught:
        seen(f"{INFO}<section><h3>Details</h3>{table}</section>").maybe_section("return.heading")
    assert "Details" in caught.value.found


@pytest.mark.parametrize(
    "other",
    [
        "<h1>Details</h1><ul><li>Home</li></ul>",  # the page's own title is of another rank
        "<section><h3>New: faster pay-outs</h3><p>Read on.</p></section>",  # nothing stands there that we read
        "<section><h3>Help</h3><ul><li>Call us</li></ul></section>",  # a part that is known to be of no interest
        "<section><h3>Goods <em>2</em></h3><table><tr><th>Product</th><td>Mug</td></tr></table></section>",
    ],
)
def test_what_is_no_part_of_the_case_keeps_no_page_from_being_read(other: str) -> None:
    assert seen(INFO + other).maybe_section("return.heading") is None


# -- a text of which only the beginning is shown ---------------------------------------------------------------------


def test_two_clauses_of_which_the_page_cut_one_off_are_not_read_as_one() -> None:
    page = seen("<dl><dt>Dispute number</dt><dd>5.2, 6…</dd></dl>")
    with pytest.raises(PageDrift) as caught:
        page.labelled("info.id").read(lambda text: text)
    assert caught.value.field == "info.id"


# -- an item's number ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["7981691295031125", "B00AASEO00", "148884005", "215444648220"])
def test_an_item_s_number_is_read(text: str) -> None:
    assert item_number(text) == text


@pytest.mark.parametrize("text", ["1", "12", "2,650", "USD 937.50", "Blue mug", "2026-01-04 10:00:00", ""])
def test_a_running_number_in_a_shifted_column_is_no_item_s_number(text: str) -> None:
    with pytest.raises(ValueError, match="item"):
        item_number(text)


# -- labels ----------------------------------------------------------------------------------------------------------


def test_a_label_with_two_colons_stands_there_once() -> None:
    assert seen("<div><span>Dispute number::</span><b>77</b></div>").labelled("info.id").text == "77"


def test_in_a_run_of_labels_and_values_a_label_that_is_also_a_word_parts_two_pairs() -> None:
    run = ("Dispute number", "77", "Buyer", "a***n", "State", "open")
    page = seen(f"<section><div>{''.join(f'<div>{text}</div>' for text in run)}</div></section>")
    assert [page.labelled(key).text for key in ("info.id", "info.buyer", "info.state")] == ["77", "a***n", "open"]


def test_a_run_that_lost_a_value_is_still_refused() -> None:
    run = ("Dispute number", "Buyer", "a***n", "State")
    with pytest.raises(PageDrift):
        seen(f"<section><div>{''.join(f'<div>{text}</div>' for text in run)}</div></section>").labelled("info.id")


@pytest.mark.parametrize(
    "html",
    [
        "<dl><dt>Dispute number <button>?</button></dt><dd>77</dd></dl>",
        "<p><span>Dispute number: 77</span></p>",
        "<p><b>Dispute</b> <b>number</b></p>",
    ],
)
def test_a_label_is_given_as_the_page_words_it_wherever_it_stands(html: str) -> None:
    assert seen(html).worded("info.id") == "Dispute number"


# -- the stored page as flat arrays ----------------------------------------------------------------------------------


def test_an_element_is_given_back_as_it_was_stored() -> None:
    html = '<main><!-- a > b --><p title="1 > 0">x<br>y</p><script><p>no</p></script><i>open</main>'
    tree = Tree(html)
    assert [tree.tags[me] for me in tree.kids[1]] == ["p", "i"]
    paragraph = tree.tags.index("p")
    assert tree.outer_html(paragraph) == '<p title="1 > 0">x<br>y</p>'
    assert tree.attrs(paragraph) == {"title": "1 > 0"}
    assert tree.texts == ["x", "y", "open"]
    assert tree.outer_html(1) == html


def test_what_a_person_typed_is_read_with_its_line_ends() -> None:
    tree = Tree("<form><textarea name=why>one\n  two &amp; three</textarea></form>")
    assert tree.field_value(tree.tags.index("textarea")) == "one\n  two & three"


# -- that there is nothing -------------------------------------------------------------------------------------------

NOTHING = "<section><h3>Goods</h3>{shown}<p>No answers yet.</p></section>"


def test_a_part_is_empty_only_where_it_says_so_and_shows_nothing_dated() -> None:
    """An answer that is believed absent may be sent a second time."""

    def goods(shown: str) -> bool:
        return seen(NOTHING.format(shown=shown)).section("goods.heading").is_empty("goods.none")

    assert goods("")
    assert goods("<p>Total 0. Answers of the last 90 days.</p>")
    assert not seen("<section><h3>Goods</h3><p>…</p></section>").section("goods.heading").is_empty("info.state")
    for dated in ("<div><b>Seller</b><i>2026.03.07</i><p>Hello</p></div>", "<p>11:05</p>", "<p>7 марта 2026 г.</p>"):
        with pytest.raises(PageDrift, match="that there are none"):
            goods(dated)


@pytest.mark.parametrize(
    ("html", "marks"),
    [
        ("<h3>Dispute information <b>VIP</b></h3><dl><dt>Dispute number</dt><dd>77</dd></dl>", ("VIP",)),
        ("<div>Dispute information</div><b>VIP</b><dl><dt>Dispute number</dt><dd>77</dd></dl>", ("VIP",)),
        ("<div>Dispute information</div><span>Dispute number</span><span>77</span>", ()),  # a run of label and value
    ],
)
def test_what_a_heading_is_marked_with_is_told_wherever_it_stands(html: str, marks: tuple[str, ...]) -> None:
    # A mark that nobody sees is not found out to be unknown: a case under senior review reads as a plain one.
    assert seen(f"<section>{html}</section>").section("info.heading").marks == marks
