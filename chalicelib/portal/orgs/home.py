"""An organization's first page: what there is, and where to begin."""

from chalicelib.portal.answer import Shown
from chalicelib.portal.orgs import choices
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.training.batches import views
from chalicelib.web.paging import Walk

pages = Pages(Permission.MEMBERS_READ)

_BATCHES = 5


@pages.get("/orgs/{org_id}")
def home(visit: Visit) -> Shown:
    scope = visit.org_scope
    sees_training = Permission.TRAINING_READ in scope.permissions
    batches = views.client(scope, scope.org, Walk(_BATCHES, None)).items if sees_training else []
    sees_groups = Permission.STRUCTURE_READ in scope.permissions
    facts = {"batches": batches, "has_groups": bool(choices.groups(scope)) if sees_groups else True}
    return Shown("orgs/home.html", {**facts, "sees_training": sees_training})
