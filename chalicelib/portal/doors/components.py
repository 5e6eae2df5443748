"""Every component on one page, to be looked at while pages are built. Not there in production."""

from chalicelib.core.errors import FieldError
from chalicelib.portal.answer import Shown
from chalicelib.portal.site_map import EVERYBODY, Pages
from chalicelib.portal.visit import Visit

pages = Pages(EVERYBODY, only_dev=True)


@pages.get("/components")
def components(visit: Visit) -> Shown:
    return Shown("doors/components.html", {"errors": [FieldError("sample", "required", "Enter a name.")]})
