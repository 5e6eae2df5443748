"""Adding learners by hand: their addresses, a group, and when the mails go out."""

from collections.abc import Iterator
from typing import Any

from chalicelib.core.errors import FieldError, Invalid, MusterError
from chalicelib.core.ids import new_id
from chalicelib.people.invitations import invite
from chalicelib.people.invitations.schemas import MAX_BY_HAND, InviteForm, InvitesOut
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.orgs import choices, when
from chalicelib.portal.orgs.learners import LEARNERS
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.web.idempotency import idempotent

pages = Pages(Permission.INVITES)

_TYPED = ("group_id", "department_id", "emails", "when", "date", "time")


@pages.get(LEARNERS + "/add")
def show_add(visit: Visit) -> Shown:
    return _form(visit, None)


@pages.post(LEARNERS + "/add")
def add(visit: Visit) -> GoTo | Shown:
    """Each address has an answer of its own. The same form again answers the same, and mails nobody twice."""
    try:
        if not visit.form.one("group_id"):
            raise Invalid(FieldError("group_id", "required", "Choose a group."))
        given: dict[str, Any] = {
            "group_id": visit.form.one("group_id"),
            "emails": _addresses(visit.form.one("emails")),
            "department_id": visit.form.one("department_id") or None,
        }
        given |= when.notify_of(visit)
        form = visit.read(InviteForm, given)
        key = visit.form_key or new_id(visit.now)
        idempotent(visit.call(key), InvitesOut, lambda seed: invite.invite(visit.org_scope, form, seed, visit.now))
    except Invalid as error:
        return _form(visit, error)
    return GoTo(visit.address(f"/orgs/{visit.org_id}/learners/added/{key}"))


@pages.get(LEARNERS + "/added/{added_id}")
def added(visit: Visit) -> GoTo | Shown:
    """An address of its own: it can be loaded again, and gone back to, without sending anything anew."""
    learners = f"/orgs/{visit.org_id}/learners"
    found = visit.answered(f"{learners}/add", visit.params["added_id"], InvitesOut)
    if found is None:
        return GoTo(visit.address(learners, done="over"))
    num_invited = sum(one.result == "invited" for one in found.results)
    return Shown("orgs/added.html", {"results": found.results, "num_invited": num_invited})


def _addresses(text: str) -> list[str]:
    """A pasted list: one on each line, or with commas, semicolons or spaces between, with or without names.

    Raises Invalid for none, or too many.
    """
    found = [one for line in text.replace(";", "\n").splitlines() for one in _of_line(line)]
    if not 1 <= len(found) <= MAX_BY_HAND:
        problem = f"Enter 1 to {MAX_BY_HAND} addresses. You entered {len(found)}. For more, upload a file."
        raise Invalid(FieldError("emails", "wrong_number", problem))
    return found


def _of_line(line: str) -> Iterator[str]:
    """Mail programs write `Lee, Ann <ann@example.com>`: a comma within a name parts nobody."""
    names: list[str] = []
    for part in filter(None, map(str.strip, line.split(","))):
        if "@" not in part:
            names.append(part)
            continue
        if "<" in part:
            part = ", ".join([*names, part])
        else:
            yield from names
        names = []
        words = part.split()
        # A name may be an address itself; several in brackets are several.
        is_list = all("@" in word and ("<" not in part or word.startswith("<")) for word in words)
        yield from words if is_list else [part]
    yield from names


def _form(visit: Visit, error: MusterError | None) -> Shown:
    scope = visit.org_scope
    # From the page of a group, it is chosen already.
    group = {"group_id": visit.query.one("group_id")} if "group_id" not in visit.form else {}
    facts = {
        "groups": choices.groups(scope),
        "departments": choices.department_names(scope),
        "typed": {name: visit.form.one(name) for name in _TYPED} | group,
        "zone": str(zone_in(scope.msp_id, scope.org)),
        "is_limited": scope.department_ids is not None,
        "most": MAX_BY_HAND,
        "problem": error,
    }
    return Shown("orgs/add.html", facts, error.status if error else 200)
