"""F6: the directory of an organization, and what an account knows of itself."""

from typing import Any

import pytest

from tests.harness import World

NOBODY = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
NAMELESS = ("prospect", "pending", "declined", "cancelled")


@pytest.fixture
def msp(world: World) -> str:
    return world.msp()


@pytest.fixture
def org(world: World, msp: str) -> str:
    return world.org(msp, courses=[])


@pytest.fixture
def admin(world: World, org: str) -> str:
    return world.org_admin(org)


def test_a_member_shows_all_that_the_organization_knows(world: World, org: str, admin: str) -> None:
    group, department, location = world.group(org), world.department(org), world.location(org)
    member_id = world.member(
        org, [group], email="Ann.Lee@Example.com", login_name="alee", first_name="Ann", last_name="Lee",
        department_id=department, location_id=location, fields={"job_title": "Welder"},
    )  # fmt: skip
    expected = {
        "member_id": member_id,
        "status": "active",
        "email": "Ann.Lee@Example.com",
        "login_name": "alee",
        "first_name": "Ann",
        "last_name": "Lee",
        "group_ids": [group],
        "department_id": department,
        "location_id": location,
        "fields": {"job_title": "Welder"},
        "created_at": "2027-01-04T10:00:00Z",
        "invitation": None,
        "mail": None,
        "mail_blocked": False,
    }
    assert world.get(f"/orgs/{org}/members/{member_id}", admin).json == expected
    assert world.get(f"/orgs/{org}/members", admin).json == {"items": [expected], "next_cursor": None}


# Names of people who have not accepted


@pytest.mark.parametrize("status", NAMELESS)
def test_a_person_who_has_not_accepted_has_no_name(world: World, org: str, admin: str, status: str) -> None:
    member_id = world.member(org, status=status, email="zoe@example.com", first_name="Zoe", last_name="Quist")
    for answer in (
        world.get(f"/orgs/{org}/members/{member_id}", admin),
        world.get(f"/orgs/{org}/members", admin),
        world.get(f"/orgs/{org}/members?search=zoe", admin),
        world.get(f"/orgs/{org}/members?status={status}", admin),
    ):
        assert answer.status == 200
        assert "zoe@example.com" in answer.text
        assert "Zoe" not in answer.text
        assert "Quist" not in answer.text


@pytest.mark.parametrize("status", NAMELESS)
def test_a_person_who_has_not_accepted_is_not_found_by_name(world: World, org: str, admin: str, status: str) -> None:
    world.member(org, status=status, email="nickname@example.com", first_name="Zoe", last_name="Quist")
    for search in ("zoe", "quist", "zoe%20quist"):
        assert _ids(world, org, admin, f"search={search}") == []
    assert len(_ids(world, org, admin, "search=nick")) == 1


def test_an_obsolete_search_entry_finds_nobody_who_has_not_accepted(world: World, org: str, admin: str) -> None:
    member_id = world.member(org, status="pending", first_name="Zoe", email="nickname@example.com")
    world.client("dynamodb").put_item(
        TableName=world.stage.table_names["core"],
        Item={"pk": {"S": f"ORG#{org}#SEARCH"}, "sk": {"S": f"zoe#{member_id}"}, "member_id": {"S": member_id}},
    )
    assert _ids(world, org, admin, "search=zoe") == []


# Search


@pytest.mark.parametrize(
    "search", ["ann", "ANN", "Lee", "ann lee", "ann l", "ann.l", "ann.lee@example.com", "alee", "%EF%BC%A1nn", "a"]
)
def test_search_takes_the_start_of_names_address_and_login(world: World, org: str, admin: str, search: str) -> None:
    wanted = world.member(org, first_name="Ann", last_name="Lee", email="Ann.Lee@example.com", login_name="alee")
    world.member(org, first_name="Bob", last_name="Kahn", email="bob@example.com")
    assert _ids(world, org, admin, f"search={search}") == [wanted]


@pytest.mark.parametrize(
    ("name", "search"), [("N\u00fa\u00f1ez", "nunez"), ("N\u00fa\u00f1ez", "N%C3%BA\u00f1"), ("O\u2019Neil", "o'neil")]
)
def test_nunez_and_o_neil_are_found_however_they_are_typed(
    world: World, org: str, admin: str, name: str, search: str
) -> None:
    """Issue 10, 12."""
    member = world.member(org, first_name="Ann", last_name=name)
    world.member(org, first_name="Bob", last_name="Stone")
    assert _ids(world, org, admin, f"search={search}") == [member]


@pytest.mark.parametrize("search", ["nn", "ee", "example.com", "annlee", "ann%23", "_", "%25"])
def test_search_takes_nothing_but_the_start(world: World, org: str, admin: str, search: str) -> None:
    world.member(org, first_name="Ann", last_name="Lee", email="Ann.Lee@example.com", login_name="alee")
    assert _ids(world, org, admin, f"search={search}") == []


def test_who_is_found_by_several_words_is_shown_once(world: World, org: str, admin: str) -> None:
    names = {"first_name": "Ann", "last_name": "Annson"}
    made = [world.member(org, email=f"ann{k}@example.com", login_name=f"ann{k}", **names) for k in range(7)]
    found = _ids(world, org, admin, "search=ann&limit=2")
    assert sorted(found) == sorted(made)


def test_search_and_filters_narrow_each_other_down(world: World, org: str, admin: str) -> None:
    group = world.group(org)
    wanted = world.member(org, [group], first_name="Ann")
    world.member(org, first_name="Ann")
    world.member(org, [group], first_name="Bob", last_name="Kahn", email="bob@example.com")
    assert _ids(world, org, admin, f"search=ann&group_id={group}") == [wanted]


# Filters


def test_members_are_filtered_by_every_status(world: World, org: str, admin: str) -> None:
    made = {
        status: world.member(org, status=status)
        for status in ("prospect", "pending", "active", "declined", "cancelled", "archived")
    }
    for status, member_id in made.items():
        assert _ids(world, org, admin, f"status={status}") == [member_id]
    assert len(_ids(world, org, admin, "")) == 6


def test_members_are_filtered_by_group_department_and_location(world: World, org: str, admin: str) -> None:
    group, department, location = world.group(org), world.department(org), world.location(org)
    in_group = world.member(org, [group])
    in_department = world.member(org, department_id=department)
    in_location = world.member(org, location_id=location)
    in_all = world.member(org, [group], "pending", department_id=department, location_id=location)
    world.member(org)
    assert set(_ids(world, org, admin, f"group_id={group}")) == {in_group, in_all}
    assert set(_ids(world, org, admin, f"department_id={department}")) == {in_department, in_all}
    assert set(_ids(world, org, admin, f"location_id={location}")) == {in_location, in_all}
    both = f"group_id={group}&department_id={department}&location_id={location}"
    assert _ids(world, org, admin, both) == [in_all]
    assert _ids(world, org, admin, f"group_id={group}&status=active") == [in_group]


def test_a_department_includes_those_below_it(world: World, org: str, admin: str) -> None:
    top = world.department(org)
    below = world.department(org, parent_id=top)
    lowest = world.department(org, parent_id=below)
    beside = world.department(org)
    in_top, in_below, in_lowest = (world.member(org, department_id=one) for one in (top, below, lowest))
    world.member(org, department_id=beside)
    assert set(_ids(world, org, admin, f"department_id={top}&limit=1")) == {in_top, in_below, in_lowest}
    assert set(_ids(world, org, admin, f"department_id={below}")) == {in_below, in_lowest}
    assert _ids(world, org, admin, f"department_id={NOBODY}") == []


def test_who_has_left_is_in_no_group_department_or_location(world: World, org: str, admin: str) -> None:
    group, department, location = world.group(org), world.department(org), world.location(org)
    world.member(org, [group], "archived", department_id=department, location_id=location, first_name="Ann")
    for query in (f"group_id={group}", f"department_id={department}", f"location_id={location}"):
        assert _ids(world, org, admin, query) == []
        assert _ids(world, org, admin, f"{query}&search=ann") == []


def test_members_are_filtered_by_any_profile_field(world: World, org: str, admin: str) -> None:
    welder = world.member(org, fields={"job_title": "Welder", "shift": "Late"})
    late = world.member(org, fields={"job_title": "Cook", "shift": "Late"})
    world.member(org)
    assert _ids(world, org, admin, "field.job_title=welder") == [welder]
    assert set(_ids(world, org, admin, "field.shift=Late")) == {welder, late}
    assert _ids(world, org, admin, "field.shift=Late&field.job_title=Cook") == [late]
    assert _ids(world, org, admin, "field.colour=red") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=lazy", "status"),
        ("group_id=a%23b", "group_id"),
        ("group_id=", "group_id"),
        ("colour=red", "colour"),
        ("fields=red", "fields"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("cursor=rubbish", "cursor"),
        ("status=active&status=pending", "status"),
        ("field.x=1&field.x=2", "field.x"),
    ],
)
def test_a_wrong_filter_is_refused_by_its_name(world: World, org: str, admin: str, query: str, field: str) -> None:
    answer = world.get(f"/orgs/{org}/members?{query}", admin)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, field)


# Pages


@pytest.mark.parametrize("query", ["", "status=active", "group_id=G", "field.x=1", "search=person"])
def test_the_directory_comes_in_pages_and_each_member_once(world: World, org: str, admin: str, query: str) -> None:
    group = world.group(org)
    made = [world.member(org, [group], fields={"x": "1"}) for _ in range(7)]
    listed = _ids(world, org, admin, f"limit=3&{query}".replace("=G", f"={group}"))
    assert sorted(listed) == sorted(made)


def test_a_request_looks_at_500_people_and_then_gives_a_cursor(world: World, org: str, admin: str) -> None:
    world.members(org, 620)
    wanted = world.members(org, 3, fields={"shift": "Night"})
    pages = []
    cursor = ""
    while True:
        page = world.get(f"/orgs/{org}/members?field.shift=night{cursor}", admin).json
        pages.append(len(page["items"]))
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(pages) == 2
    assert sum(pages) == len(wanted)


def test_a_large_group_is_read_over_its_pages(world: World, org: str, admin: str) -> None:
    group = world.group(org)
    made = world.members(org, 250, [group])
    assert sorted(_ids(world, org, admin, f"group_id={group}&limit=100")) == sorted(made)


def test_a_cursor_is_good_for_its_list_its_filters_and_its_caller_only(
    world: World, msp: str, org: str, admin: str
) -> None:
    for _ in range(3):
        world.member(org)
    cursor = world.get(f"/orgs/{org}/members?limit=1", admin).json["next_cursor"]
    path = f"/orgs/{org}/members?cursor={cursor}"
    assert world.get(path, admin).status == 200
    for refused in (
        world.get(f"{path}&status=active", admin),
        world.get(path, world.org_admin(org)),
        world.get(f"/orgs/{org}/groups?cursor={cursor}", admin),
        world.get(f"/orgs/{world.org(msp)}/members?cursor={cursor}", world.msp_admin(msp)),
        world.get(f"{path}x", admin),
    ):
        assert (refused.status, refused.json["errors"][0]["code"]) == (422, "invalid_cursor")


# Who may


def test_a_department_admin_sees_the_people_of_their_departments_and_below(world: World, org: str) -> None:
    top, other = world.department(org), world.department(org)
    below = world.department(org, parent_id=top)
    group = world.group(org)
    in_top = world.member(org, [group], department_id=top, first_name="Ann")
    in_below = world.member(org, department_id=below, first_name="Ann", last_name="Low")
    elsewhere = world.member(org, [group], department_id=other, first_name="Ann")
    nowhere = world.member(org, first_name="Ann")
    admin = world.org_admin(org, role="department_admin", department_ids=[top])
    assert set(_ids(world, org, admin, "")) == {in_top, in_below}
    assert set(_ids(world, org, admin, "status=active&limit=1")) == {in_top, in_below}
    assert set(_ids(world, org, admin, "search=ann")) == {in_top, in_below}
    assert _ids(world, org, admin, f"group_id={group}") == [in_top]
    assert _ids(world, org, admin, f"department_id={below}") == [in_below]
    assert world.get(f"/orgs/{org}/members?department_id={other}", admin).status == 403
    assert world.get(f"/orgs/{org}/members/{in_below}", admin).status == 200
    for hidden in (elsewhere, nowhere, NOBODY):
        assert world.get(f"/orgs/{org}/members/{hidden}", admin).status == 403


def test_a_custom_role_needs_the_permission_to_read_members(world: World, org: str) -> None:
    member_id = world.member(org)
    reader = world.org_admin(org, role="custom", permissions=["members_read"])
    other = world.org_admin(org, role="custom", permissions=["settings", "audit"])
    limited = world.org_admin(org, role="custom", permissions=["settings"], department_ids=[world.department(org)])
    assert _ids(world, org, reader, "") == [member_id]
    for account in (other, limited, world.learner(org)[0]):
        assert world.get(f"/orgs/{org}/members", account).status == 403
        assert world.get(f"/orgs/{org}/members/{member_id}", account).status == 403


def test_members_of_another_organization_are_not_found(world: World, msp: str, org: str) -> None:
    member_id = world.member(org)
    other = world.org(msp)
    stranger = world.org_admin(other)
    assert world.get(f"/orgs/{org}/members", stranger).status == 404
    assert world.get(f"/orgs/{org}/members/{member_id}", stranger).status == 404
    assert world.get(f"/orgs/{other}/members/{member_id}", stranger).status == 404
    assert world.every(f"/orgs/{other}/members", stranger) == []
    assert world.get(f"/orgs/{NOBODY}/members", stranger).status == 404


def test_an_msp_admin_sees_the_members_of_its_clients(world: World, msp: str, org: str) -> None:
    member_id = world.member(org)
    assert _ids(world, org, world.msp_admin(msp), "") == [member_id]
    assert world.get(f"/orgs/{org}/members", world.msp_admin(world.msp("Other"))).status == 404


# The caller's own account


def test_an_account_sees_its_roles_and_memberships(world: World, msp: str, org: str) -> None:
    second = world.org(msp, "Globex")
    department = world.department(second)
    account, member_id = world.learner(org)
    world.msp_admin(msp, account)
    world.org_admin(org, account)
    world.org_admin(second, account, role="custom", permissions=["audit", "members_read"], department_ids=[department])
    archived = world.learner(second, account_id=account, status="archived")[1]
    me = world.get("/me", account).json
    assert me["account_id"] == account
    assert _by_org(me["roles"]) == {
        None: _role("msp_admin", msp, None, "Northwind Managed IT"),
        org: _role("org_admin", msp, org, "Acme Industries"),
        second: _role("custom", msp, second, "Globex", [department], ["audit", "members_read"]),
    }
    assert _by_org(me["memberships"]) == {
        org: {"org_id": org, "name": "Acme Industries", "member_id": member_id, "status": "active"},
        second: {"org_id": second, "name": "Globex", "member_id": archived, "status": "archived"},
    }


def test_an_account_without_any_role_sees_that(world: World) -> None:
    account = world.account()
    assert world.get("/me", account).json == {"account_id": account, "roles": [], "memberships": []}


def _ids(world: World, org: str, admin: str, query: str) -> list[str]:
    return [item["member_id"] for item in world.every(f"/orgs/{org}/members?{query}".rstrip("?"), admin)]


def _by_org(entries: list[dict[str, Any]]) -> dict[str | None, dict[str, Any]]:
    return {entry["org_id"]: entry for entry in entries}


def _role(
    role: str, msp: str, org: str | None, name: str, departments: list[str] | None = None,
    permissions: list[str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "role": role,
        "msp_id": msp,
        "org_id": org,
        "name": name,
        "department_ids": departments or [],
        "permissions": permissions or [],
    }
