"""A note typed into a frame of another marketplace: what is the portal's own is told by its origin, not by how it begins."""

import pytest

from agent.browser.tab import Tab


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://sellercentral.amazon.com/help/hub", True),
        ("https://sellercentral.amazon.com.au/help/hub", False),
        ("https://sellercentral.amazon.com.evil.example/help/hub", False),
        ("http://sellercentral.amazon.com/help/hub", False),
        ("about:blank", False),
    ],
)
def test_only_the_portals_own_origin_is_its_own(url: str, own: bool) -> None:
    tab = Tab.__new__(Tab)  # nothing of a tab but its address is asked
    tab.base_url = "https://sellercentral.amazon.com"
    assert tab.own(url) is own
