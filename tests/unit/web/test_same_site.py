"""Which posts are taken for ours, by what browsers say of where they come from."""

import pytest

from chalicelib.portal import same_site

OURS, THEIRS = "https://muster.example", "https://evil.example"


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site", "origin": OURS}, False),
        ({"sec-fetch-site": "same-site", "origin": "https://sibling.muster.example"}, False),
        ({"sec-fetch-site": ""}, False),
        ({"origin": OURS}, True),
        ({"origin": THEIRS}, False),
        ({"origin": OURS + ".evil.example"}, False),
        ({"origin": "http://muster.example"}, False),
        ({"origin": "null"}, False),
        ({"referer": OURS}, False),
        ({}, False),
    ],
)
def test_a_post_is_ours_only_when_its_browser_says_so(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], is_ours: bool
) -> None:
    class Ours:
        public_url = OURS + "/dev"

    monkeypatch.setattr(same_site, "settings", lambda: Ours)
    assert same_site.is_ours(headers) == is_ours
