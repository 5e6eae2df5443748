"""Reports over all clients of an MSP: by course, and by client."""

from chalicelib.portal import reports
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.reporting.reports.states import KINDS_OF_MSP
from chalicelib.tenants.access.states import Permission

pages = Pages(Permission.ROLLOUTS)


@pages.get("/msp/reports")
def show(visit: Visit) -> Shown:
    return reports.show(visit, visit.msp_scope, KINDS_OF_MSP)


@pages.post("/msp/reports/refresh")
def refresh(visit: Visit) -> GoTo:
    return reports.refresh(visit, visit.msp_scope, KINDS_OF_MSP)


@pages.post("/msp/reports/export")
def export(visit: Visit) -> GoTo:
    return reports.export(visit, visit.msp_scope, KINDS_OF_MSP)
