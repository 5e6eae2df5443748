"""What is stored about a learner, as a file for them."""

from chalicelib.portal.answer import GoTo, Shown, ToFile
from chalicelib.portal.live import live
from chalicelib.portal.site_map import ACCOUNT, Pages
from chalicelib.portal.visit import Visit
from chalicelib.reporting.exports import own
from chalicelib.reporting.exports.schemas import ExportOut
from chalicelib.reporting.exports.states import ExportStatus
from chalicelib.web.idempotency import idempotent

pages = Pages(ACCOUNT)


@pages.get("/me/data")
def my_data(visit: Visit) -> Shown:
    found = own.latest(visit.account_id, visit.now)
    is_running = found is not None and found.status == ExportStatus.RUNNING
    return Shown("me/data.html", {"export": found, "live": live(visit, is_running)})


@pages.post("/me/data")
def ask(visit: Visit) -> GoTo:
    idempotent(visit.call(), ExportOut, lambda seed: own.start(visit.account_id, seed, visit.now))
    return GoTo("/me/data")


@pages.get("/me/data/file")
def my_data_file(visit: Visit) -> GoTo:
    """To the file, or to the page that waits for it."""
    found = own.latest(visit.account_id, visit.now)
    return ToFile(found.url) if found is not None and found.url else GoTo("/me/data")
