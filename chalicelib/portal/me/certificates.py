"""A learner's certificates: the file, the badge, and the page by which others check it."""

from chalicelib.core.errors import Conflict, NotFound
from chalicelib.portal.answer import GoTo, Shown, ToFile
from chalicelib.portal.live import live
from chalicelib.portal.me import own
from chalicelib.portal.site_map import ACCOUNT, Pages
from chalicelib.portal.visit import Visit
from chalicelib.training.certificates import pdf_file
from chalicelib.training.certificates.badges import badges
from chalicelib.training.certificates.badges.states import BadgeStatus
from chalicelib.training.certificates.states import CertificateState, FileStatus

pages = Pages(ACCOUNT)

_CERTIFICATE = "/me/certificates/{certificate_id}"


@pages.get("/me/certificates")
def certificates(visit: Visit) -> Shown:
    found = own.certificates(visit)
    only_valid = visit.query.one("show") == "valid"
    shown = [one for one in found if one.state == CertificateState.VALID] if only_valid else found
    return Shown("me/certificates.html", {"certificates": shown, "only_valid": only_valid, "num_all": len(found)})


@pages.get(_CERTIFICATE)
def certificate(visit: Visit) -> Shown:
    """With the file and the badge, or the news that they are being made. Nobody has a badge who did not ask for one."""
    certificate_id = visit.params["certificate_id"]
    found = next((one for one in own.certificates(visit) if one.certificate_id == certificate_id), None)
    if found is None:
        raise NotFound("There is no such certificate")
    try:
        file = pdf_file.ask(visit.account_id, certificate_id, visit.now)
    except Conflict:
        # Revoked: its page says so.
        file = None
    badge = badges.seen(visit.account_id, certificate_id, visit.now)
    is_running = file is not None and file.status == FileStatus.BEING_MADE
    is_running = is_running or (badge is not None and badge.status == BadgeStatus.BEING_MADE)
    facts = {"certificate": found, "file": file, "badge": badge, "live": live(visit, is_running)}
    return Shown("me/certificate.html", facts)


@pages.post(_CERTIFICATE + "/badge")
def ask_badge(visit: Visit) -> GoTo:
    """Back to the page, which waits for it. Asking again changes nothing."""
    certificate_id = visit.params["certificate_id"]
    badges.ask(visit.account_id, certificate_id, visit.now)
    return GoTo(f"/me/certificates/{certificate_id}")


@pages.get(_CERTIFICATE + "/file")
def certificate_file(visit: Visit) -> GoTo:
    """To the file, or to the page that waits for it."""
    certificate_id = visit.params["certificate_id"]
    file = pdf_file.ask(visit.account_id, certificate_id, visit.now)
    return ToFile(file.url) if file.url else GoTo(f"/me/certificates/{certificate_id}")
