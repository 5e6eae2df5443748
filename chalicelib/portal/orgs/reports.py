"""Reports of an organization: by course, training, session and department."""

from chalicelib.portal import reports
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.reporting.reports.states import KINDS_OF_ORG
from chalicelib.tenants.access.states import Permission

pages = Pages(Permission.TRAINING_READ)

_REPORTS = "/orgs/{org_id}/reports"


@pages.get(_REPORTS)
def show(visit: Visit) -> Shown:
    return reports.show(visit, visit.org_scope, KINDS_OF_ORG)


@pages.post(_REPORTS + "/refresh")
def refresh(visit: Visit) -> GoTo:
    return reports.refresh(visit, visit.org_scope, KINDS_OF_ORG)


@pages.post(_REPORTS + "/export")
def export(visit: Visit) -> GoTo:
    return reports.export(visit, visit.org_scope, KINDS_OF_ORG)
