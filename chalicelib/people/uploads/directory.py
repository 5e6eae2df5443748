"""What an upload is judged by: the organization's groups, departments, locations and members."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.people.uploads.name_matching import Names, written


@dataclass(frozen=True)
class Department:
    """`path` are the names from the root down to its own."""

    id: str
    name: str
    path: Sequence[str]


def _nobody(emails: Sequence[str]) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class Directory:
    """What the organization has. Groups and locations: name by id; `statuses_of`: addresses to the status of their
    members, by normalized address.
    """

    groups: Mapping[str, str] = field(default_factory=dict)
    departments: Sequence[Department] = ()
    locations: Mapping[str, str] = field(default_factory=dict)
    statuses_of: Callable[[Sequence[str]], Mapping[str, str]] = _nobody


class DirectoryNames:
    def __init__(self, directory: Directory) -> None:
        self.groups = Names((group_id, written(name, ";"), (name,)) for group_id, name in directory.groups.items())
        self.locations = Names((location_id, name, ()) for location_id, name in directory.locations.items())
        self.departments = Names((item.id, _path_text(item.path), _names_of(item)) for item in directory.departments)


def _path_text(path: Sequence[str]) -> str:
    return " / ".join(written(name, "/") for name in path)


def _names_of(department: Department) -> list[str]:
    """Its own, and the ends of its path: `EMEA`, `Sales / EMEA`, `Company / Sales / EMEA`."""
    path = department.path
    ends = [path[start:] for start in range(len(path))]
    return [department.name, *map(_path_text, ends), *(" / ".join(end) for end in ends)]
