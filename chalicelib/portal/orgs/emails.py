"""What was mailed to one person and what became of it, and what people are told before they are invited."""

from chalicelib.people.invitations import invite
from chalicelib.people.members import service as directory
from chalicelib.portal.answer import Shown
from chalicelib.portal.orgs.learners import LEARNERS
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.lookups import zone_in

pages = Pages(Permission.TRAINING_READ)


@pages.get(LEARNERS + "/announcement", needs=Permission.INVITES)
def announcement(visit: Visit) -> Shown:
    return Shown("orgs/announcement.html", {"text": invite.announcement(visit.org_scope)})


@pages.get(LEARNERS + "/{member_id}/mails")
def mails(visit: Visit) -> Shown:
    from chalicelib.training.course_mails.member_mails import mails_of_member

    scope = visit.org_scope
    person = directory.member(scope, visit.params["member_id"], visit.now)
    facts = {
        "person": person,
        "shown": mails_of_member(scope, person.member_id, visit.pager()),
        "zone": str(zone_in(scope.msp_id, scope.org)),
        "is_first": not visit.query.one("cursor"),
    }
    return Shown("orgs/mails.html", facts)
