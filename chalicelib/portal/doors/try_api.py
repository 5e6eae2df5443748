"""A page to try the HTTP interface on: Swagger UI over /openapi.json, where the package has it."""

from chalicelib.portal.answer import Shown
from chalicelib.portal.site_map import EVERYBODY, Pages
from chalicelib.portal.visit import Visit
from chalicelib.web.html import root

pages = Pages(EVERYBODY)


@pages.get("/try")
def try_api(visit: Visit) -> Shown:
    return Shown("doors/try_api.html", {"api": root()})
