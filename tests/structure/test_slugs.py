"""The addresses of Muster's own pages cannot be taken by a join page."""

import app  # noqa: F401  (registers every route)
from chalicelib.people.join_page.settings import is_reserved, is_slug
from chalicelib.portal import PATHS
from chalicelib.web.routing import ROUTES


def test_no_join_page_can_have_the_address_of_a_page_of_muster() -> None:
    """Issue 10, 12."""
    own = {route.path.split("/")[1].split(".")[0] for route in ROUTES} | {path.split("/")[1] for path in PATHS}
    assert {"msp", "orgs", "me", "guide", "openapi", "health"} <= own
    # `me` is too short for a slug anyway.
    assert not {word for word in own if is_slug(word) and not is_reserved(word)}


def test_no_join_page_looks_like_what_every_company_has() -> None:
    assert all(map(is_reserved, ("sign-in", "signin", "log-in", "privacy", "terms", "legal", "contact")))
