"""Enrolling in live trainings or courses, begun, and its first step: who."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chalicelib.core.errors import FieldError, Invalid, NotFound
from chalicelib.people.members.schemas import MemberOut
from chalicelib.people.members.states import MemberStatus
from chalicelib.people.search import service as search
from chalicelib.people.search.picked import picked
from chalicelib.people.search.schemas import MAX_PICKED, Filter
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.live_trainings.enroll_common import (
    COURSES,
    COURSES_DRAFT,
    DRAFT,
    ENROLL,
    change,
    draft_of,
    enroll_path,
    kind_of,
    next_step,
    show,
    to_step,
)
from chalicelib.portal.orgs import choices
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.states import Permission
from chalicelib.training.sessions import sessions
from chalicelib.training.sessions.enrolling.drafts import service as drafts
from chalicelib.training.sessions.enrolling.drafts.schemas import EnrollDraftForm
from chalicelib.web.paging import DEFAULT_LIMIT, PageQuery, Pager

pages = Pages(Permission.TRAININGS)

_QUERY = ("search", "by", "department_id", "group_id", "location_id", "field_name", "field_value")
# Goes along from a training's own page to the next step.
_ALONG = "training_id"
_BY = ("name", "email", "login")
_MAX_NAME = 200


@pages.get(ENROLL)
@pages.get(COURSES, needs=Permission.TRAINING)
def start(visit: Visit) -> Shown:
    return _start_page(visit, None)


@pages.post(ENROLL)
@pages.post(COURSES, needs=Permission.TRAINING)
def begin(visit: Visit) -> GoTo | Shown:
    """With the person, and the session, that the page was opened for."""
    people = picked(visit.org_scope, visit.form.many("member_id")[:MAX_PICKED], visit.now)
    form = EnrollDraftForm(kind=kind_of(visit), member_ids=[one.member_id for one in people])
    training_id, session_id = visit.form.one("training_id"), visit.form.one("session_id")
    if form.kind == "courses":
        form.name = " ".join(visit.form.one("name").split())[:_MAX_NAME]
        if not form.name:
            return _start_page(visit, Invalid(FieldError("name", "required", "Give it a name.")))
    elif training_id and session_id:
        sessions.session_of(visit.org_id, training_id, session_id)
        form.sessions = {training_id: session_id}
    draft = drafts.begin(visit.org_scope, visit.begun_id(form.model_dump_json()), form, visit.now)
    path = enroll_path(visit, draft.draft_id, next_step(drafts.form_of(draft)))
    return GoTo(visit.address(path, training_id=training_id if not session_id else ""))


@pages.get(DRAFT)
@pages.get(COURSES_DRAFT, needs=Permission.TRAINING)
def go_on(visit: Visit) -> GoTo:
    return to_step(visit, next_step(drafts.form_of(draft_of(visit))))


@pages.post(DRAFT + "/delete")
@pages.post(COURSES_DRAFT + "/delete", needs=Permission.TRAINING)
def delete(visit: Visit) -> GoTo:
    drafts.delete(visit.org_scope, kind_of(visit), visit.params["draft_id"], visit.now)
    return GoTo(visit.address(enroll_path(visit), done="deleted"))


@pages.get(DRAFT + "/users")
@pages.get(COURSES_DRAFT + "/users", needs=Permission.TRAINING)
def users(visit: Visit) -> GoTo | Shown:
    return _page(visit, None)


@pages.post(DRAFT + "/users")
@pages.post(COURSES_DRAFT + "/users", needs=Permission.TRAINING)
def choose_users(visit: Visit) -> GoTo | Shown:
    """Adds who is ticked, or whoever matches; takes somebody out; or goes on. The search stays in the address."""
    go, _, one = visit.form.one("go").partition(" ")
    given = {name: visit.query.one(name) for name in (*_QUERY, _ALONG, "all", "cursor")}
    if go == "next":
        if not drafts.form_of(draft_of(visit)).has_people and not visit.form.many("member_id"):
            return _page(visit, Invalid(FieldError("people", "required", "Choose someone first.")))
        if (error := _add(visit)) is not None:
            return _page(visit, error)
        return to_step(visit, "courses" if kind_of(visit) == "courses" else "trainings", training_id=given[_ALONG])
    if go == "all":
        asked = _filter(visit)
        change(visit, lambda form: {"filter": asked.model_dump(mode="json", exclude_defaults=True), "without": []})
    elif go == "clear":
        change(visit, lambda form: {"filter": None, "without": []})
    elif go == "remove":
        change(visit, lambda form: _without(form, one))
    elif (error := _add(visit)) is not None:
        return _page(visit, error)
    return to_step(visit, "users", **given)


def _add(visit: Visit) -> Invalid | None:
    found = picked(visit.org_scope, visit.form.many("member_id")[:MAX_PICKED], visit.now)
    ids = [person.member_id for person in found]
    before = drafts.form_of(draft_of(visit)).member_ids
    if len(set(before) | set(ids)) > MAX_PICKED:
        problem = f"You can pick up to {MAX_PICKED:,} people one by one. For more, add all that match a search."
        return Invalid(FieldError("people", "too_many", problem))
    change(
        visit,
        lambda form: {
            "member_ids": list(dict.fromkeys([*form.member_ids, *ids])),
            "without": [one for one in form.without if one not in ids],
        },
    )
    return None


def _without(form: EnrollDraftForm, member_id: str) -> dict[str, Any]:
    """Whom a search has found is left out of it as well."""
    left = [one for one in form.member_ids if one != member_id]
    return {"member_ids": left, "without": [*form.without, member_id][-MAX_PICKED:] if form.filter else []}


def _start_page(visit: Visit, error: Invalid | None) -> Shown:
    source = visit.form if error else visit.query
    given = {name: source.one(name)[:_MAX_NAME] for name in ("training_id", "session_id", "member_id", "name")}
    found = drafts.newest(visit.org_scope, kind_of(visit), visit.now)
    facts = {
        "kind": kind_of(visit),
        "drafts": [(draft, drafts.form_of(draft)) for draft in found],
        "given": given,
        "people": picked(visit.org_scope, [given["member_id"]], visit.now) if given["member_id"] else [],
        "problem": error,
        "done": visit.query.one("done"),
    }
    return Shown("trainings/enroll/start.html", facts, error.status if error else 200)


def _filter(visit: Visit) -> Filter:
    """What the address looks for. Raises Invalid."""
    given = {name: visit.query.one(name).strip()[:200] for name in _QUERY}
    by = given["by"] if given["by"] in _BY else "name"
    fields = {given["field_name"][:100]: [given["field_value"]]} if given["field_name"] and given["field_value"] else {}
    wanted: dict[str, Any] = {
        "statuses": [MemberStatus.ACTIVE],
        "fields": fields,
        "starts_with": {by: given["search"]} if given["search"] else {},
        **{f"{name}s": [given[name]] for name in ("department_id", "group_id", "location_id") if given[name]},
    }
    return visit.read(Filter, wanted)


def found_people(visit: Visit, asked: Filter, limit: int = DEFAULT_LIMIT) -> Any:
    """A page of whoever matches. Raises Forbidden for who may not look for people."""
    scope = access.org_or_departments(visit.account_id, visit.org_id, Permission.MEMBERS_READ)
    query = PageQuery(limit=limit, cursor=visit.query.one("cursor") or None)
    pager = Pager(visit.account_id, f"GET /portal{visit.path} {asked.model_dump_json()}", query)
    return search.page(scope, asked, pager, visit.now)


def _page(visit: Visit, error: Invalid | None) -> GoTo | Shown:
    given = {name: visit.query.one(name).strip()[:200] for name in _QUERY}
    scope = visit.org_scope
    sees_places = Permission.STRUCTURE_READ in scope.permissions
    is_asked = any(given[name] for name in _QUERY if name != "by")
    shown = found_people(visit, _filter(visit)) if is_asked or "all" in visit.query else None
    form = drafts.form_of(draft_of(visit))
    facts = {
        "given": {**given, _ALONG: visit.query.one(_ALONG)[:40]},
        "is_asked": is_asked,
        "shown": shown,
        "chosen_ids": set(form.member_ids),
        "by": [("name", "Name"), ("email", "Email"), ("login", "Login name")],
        "groups": choices.groups(scope) if sees_places else [],
        "departments": choices.department_names(scope) if sees_places else [],
        "locations": choices.locations(scope) if sees_places else [],
        "filter_words": words_of(visit, form),
        "cursor": visit.query.one("cursor"),
        "is_first": not visit.query.one("cursor"),
    }
    return show(visit, "users", facts, error)


def words_of(visit: Visit, form: EnrollDraftForm) -> str:
    """What the draft's search looks for, in words."""
    if form.filter is None:
        return ""
    scope, found = visit.org_scope, Filter.model_validate(form.filter)
    names: dict[str, str] = {}
    if Permission.STRUCTURE_READ in scope.permissions:
        names = dict([*choices.groups(scope), *choices.department_names(scope), *choices.locations(scope)])
    parts = [names.get(one, "a department") + " and below" for one in found.department_ids]
    parts += ["group " + names.get(one, "of another name") for one in found.group_ids]
    parts += ["location " + names.get(one, "of another name") for one in found.location_ids]
    parts += [f"{name} is {' or '.join(values)}" for name, values in found.fields.items()]
    starts = found.starts_with.model_dump()
    parts += [f"{kind} begins with {start}" for kind, start in starts.items() if start]
    return ", ".join(parts) or "everyone who is active"


@dataclass(frozen=True)
class Total:
    """How many will be enrolled, and those of them who are known by name.

    `number` is None while a job counts them, which `search_id` asks for.
    """

    number: int | str | None
    known: Sequence[MemberOut] = ()
    search_id: str | None = None


def people_total(visit: Visit, form: EnrollDraftForm, revision: int) -> Total:
    """A count that is a job goes on, by the address, while the draft stays as it is: `counted` is its id."""
    if form.filter is None:
        found = picked(visit.org_scope, form.member_ids, visit.now)
        return Total(len(found), found)
    told, _, of_revision = visit.query.one("counted").partition(".")
    if told.isalnum() and of_revision == str(revision):
        scope = access.org_or_departments(visit.account_id, visit.org_id, Permission.MEMBERS_READ)
        with suppress(NotFound):
            return Total(search.number_of(scope, told, visit.now).num_matching, search_id=told)
    page = found_people(visit, Filter.model_validate(form.people()["filter"]), 1)
    return Total(page.num_matching, search_id=page.search_id)
