"""Now, or at an instant that a form names in the organization's time zone."""

from datetime import datetime, time

from chalicelib.core.clock import to_date
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.portal.visit import Visit
from chalicelib.tenants.organizations.lookups import zone_in

# Fields of the form, as `when.html` has them.
FIELDS = ("when", "date", "time")


def notify_of(visit: Visit) -> dict[str, datetime]:
    """`notify` for the schemas that take one; nothing for now. Raises Invalid."""
    if visit.form.one("when") != "later":
        return {}
    try:
        at = datetime.combine(to_date(visit.form.one("date")), time.fromisoformat(visit.form.one("time") or "09:00"))
    except ValueError:
        raise Invalid(FieldError("date", "required", "Choose the day when the emails go out.")) from None
    return {"notify": at.replace(tzinfo=zone_in(visit.org_scope.msp_id, visit.org_id))}
