"""What entries of the audit trail are about: names and pages for the ids in them, as far as the visitor may know."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.people.members import service as directory
from chalicelib.people.members.schemas import MemberOut
from chalicelib.portal.orgs import choices
from chalicelib.portal.rendering import local, words
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.audit.schemas import AuditEntryOut

# By the kind of a target: its page below the organization's, and what this requires.
_PAGES: Mapping[str, tuple[str, Permission]] = {
    "member": ("/learners/{}", Permission.MEMBERS_READ),
    "group": ("/groups/{}", Permission.STRUCTURE),
    "department": ("/departments/{}", Permission.STRUCTURE),
    "location": ("/locations/{}", Permission.STRUCTURE),
    "import": ("/imports/{}", Permission.INVITES),
    "role": ("/admins/roles/{}", Permission.ORG_ADMINS),
    "admin": ("/admins", Permission.ORG_ADMINS),
    "bulk_action": ("/actions/{}", Permission.MEMBERS_READ),
    "batch": ("/training/{}", Permission.TRAINING_READ),
    "training": ("/trainings/{}", Permission.TRAINING_READ),
    "enroll": ("/trainings/enrolled/{}", Permission.TRAININGS),
    "join_page": ("/join-page", Permission.SETTINGS),
    "organization": ("/settings", Permission.SETTINGS),
}
# Their pages are gone with them.
_GONE = ("deleted",)
# As many people as one call reads; entries about more show ids.
_MOST_PEOPLE = 100
_STATUSES = ("status", "role", "permissions")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")


@dataclass(frozen=True)
class Target:
    """`name` and `path`, which lies below the organization's, are empty where there is none, or none to be told."""

    kind: str
    name: str
    path: str
    course: str


def names_in(visit: Visit, entries: Sequence[AuditEntryOut], admins: Mapping[str, str]) -> dict[str, str]:
    """By their ids: people, groups, departments, locations and courses in these entries, and `admins`."""
    scope = visit.org_scope
    wanted = list(dict.fromkeys(_ids(entries)))
    names = dict(admins)
    if not wanted:
        return names
    if Permission.STRUCTURE_READ in scope.permissions:
        names |= {**dict(choices.groups(scope)), **dict(choices.department_names(scope))}
        names |= dict(choices.locations(scope))
    if Permission.TRAINING_READ in scope.permissions:
        names |= dict(choices.courses(scope))
        trainings = [one for one in wanted if one not in names] if any(map(_names_training, entries)) else []
        names |= _titles(scope, trainings)
    people = [one for one in wanted if one not in names] if Permission.MEMBERS_READ in scope.permissions else []
    for one, person in directory.members_by_id(scope, people[:_MOST_PEOPLE], visit.now).items():
        names[one] = _name_of(person)
    return names


def target_of(entry: AuditEntryOut, names: Mapping[str, str], permissions: Collection[Permission]) -> Target:
    kind, item_id, *below = [*entry.target.split("/"), ""][:4]
    path, needs = _PAGES.get(kind, ("", None))
    is_open = needs is not None and needs in permissions and not entry.action.endswith(_GONE)
    course = names.get(below[1], "") if below[:1] == ["course"] and len(below) > 1 else ""
    # A session has no name of its own, and where it was made the entry says of what training.
    training = names.get(str((entry.after or {}).get("training_id")), "") if kind == "session" else ""
    return Target(
        kind, names.get(item_id) or training or _own_name(entry), path.format(item_id) if is_open else "", course
    )


def changes_of(entry: AuditEntryOut, names: Mapping[str, str], zone: str) -> list[tuple[str, str | None, str | None]]:
    """What changed: its label, and its text before and after, None where there is none."""
    before, after = entry.before or {}, entry.after or {}
    return [
        (
            names.get(key) or _label(key),
            _text(key, before[key], names, zone) if key in before else None,
            _text(key, after[key], names, zone) if key in after else None,
        )
        for key in dict.fromkeys([*before, *after])
    ]


def _label(key: str) -> str:
    """`group_ids` as "groups", `num_people` as "people"."""
    text = key.removeprefix("num_")
    text = f"{text.removesuffix('_ids')}s" if text.endswith("_ids") else text.removesuffix("_id")
    return words(text)


def _text(key: str, value: Any, names: Mapping[str, str], zone: str) -> str:
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(
            f"{names.get(one) or _label(one)}: {_text(one, its, names, zone)}" for one, its in value.items()
        )
    if isinstance(value, list):
        if key == "sessions":
            # Pairs of a training and its session: the title says more.
            value = [one[0] if isinstance(one, list) and one else one for one in value]
        return ", ".join(_text(key, one, names, zone) for one in value)
    if isinstance(value, str):
        if value in names:
            return names[value]
        if _INSTANT.fullmatch(value):
            return local(value, zone)
        return words(value) if key in _STATUSES else value
    return str(value)


def _names_training(entry: AuditEntryOut) -> bool:
    return entry.target.startswith(("training/", "enroll/")) or "training_id" in (entry.after or {})


def _titles(scope: Scope, training_ids: Sequence[str]) -> dict[str, str]:
    if not training_ids:
        return {}
    from chalicelib.training.sessions import trainings

    return trainings.titles(scope, training_ids[:_MOST_PEOPLE])


def _own_name(entry: AuditEntryOut) -> str:
    """As the entry itself has it; the later one, where it was renamed."""
    for values in (entry.after, entry.before):
        for name in ("name", "title"):
            if values and isinstance(values.get(name), str):
                return str(values[name])
    return ""


def _name_of(person: MemberOut) -> str:
    name = f"{person.first_name or ''} {person.last_name or ''}".strip()
    return name or person.email or person.login_name or ""


def _ids(entries: Sequence[AuditEntryOut]) -> Iterable[str]:
    """Those of targets first: they matter most where there are too many."""
    for entry in entries:
        yield from _ID.findall(entry.target)
    for entry in entries:
        yield from _in_value(entry.before)
        yield from _in_value(entry.after)


def _in_value(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield from _ID.findall(value)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _in_value(key)
            yield from _in_value(one)
    elif isinstance(value, list):
        for one in value:
            yield from _in_value(one)
