"""A request imports what its own wing and room need: every page has to be among that."""

from chalicelib.portal.site_map import MODULES_BY_WING, every_page


def test_the_module_of_every_page_is_imported_for_its_address() -> None:
    missing = []
    for page in every_page():
        parts = page.path.split("/")
        imported = (*MODULES_BY_WING.get(parts[1], ()), *MODULES_BY_WING.get("/".join((parts[1], *parts[3:4])), ()))
        if page.handler.__module__.removeprefix("chalicelib.portal.") not in imported:
            missing.append(page.name)
    assert missing == []
