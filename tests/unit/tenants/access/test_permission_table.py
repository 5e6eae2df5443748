"""Who has which permission, written down a second time: no change of the table is an accident."""

import pytest

from chalicelib.tenants.access.permissions import (
    CHOOSABLE,
    PERMISSIONS_BY_ROLE,
    TABLE,
    beyond_departments,
    with_included,
)
from chalicelib.tenants.access.states import Permission, Role

OF_MSPS = {"clients", "rollouts", "msp_admins"}
OF_ORGANIZATIONS = {"settings", "structure", "audit", "org_admins"}
OF_DEPARTMENTS = {
    "structure_read", "members_read", "members", "invites", "training_read", "training", "results", "trainings",
}  # fmt: skip


def test_each_role_has_what_it_needs_and_no_more() -> None:
    assert set(PERMISSIONS_BY_ROLE) == {Role.MSP_ADMIN, Role.ORG_ADMIN, Role.DEPARTMENT_ADMIN}
    assert PERMISSIONS_BY_ROLE[Role.MSP_ADMIN] == OF_MSPS | OF_ORGANIZATIONS | OF_DEPARTMENTS == set(Permission)
    assert PERMISSIONS_BY_ROLE[Role.ORG_ADMIN] == OF_ORGANIZATIONS | OF_DEPARTMENTS
    assert PERMISSIONS_BY_ROLE[Role.DEPARTMENT_ADMIN] == OF_DEPARTMENTS


def test_a_custom_role_chooses_among_what_is_of_the_organization_except_appointing() -> None:
    assert sorted(CHOOSABLE) == sorted((OF_ORGANIZATIONS | OF_DEPARTMENTS) - {"org_admins"})


def test_every_permission_is_in_the_table_and_says_what_it_permits() -> None:
    assert set(TABLE) == set(Permission)
    assert all(rule.permits for rule in TABLE.values())


@pytest.mark.parametrize(
    ("chosen", "all_of_them"),
    [
        ([], set()),
        (["structure"], {"structure", "structure_read"}),
        (["members"], {"members", "members_read"}),
        (["training"], {"training", "training_read"}),
        (["trainings"], {"trainings", "training_read"}),
        (["members", "audit", "members_read"], {"members", "audit", "members_read"}),
        (["invites", "results", "settings"], {"invites", "results", "settings"}),
    ],
)
def test_who_may_change_something_may_read_it(chosen: list[str], all_of_them: set[str]) -> None:
    assert with_included(chosen) == all_of_them


def test_what_concerns_all_is_nothing_for_departments() -> None:
    assert beyond_departments(list(Permission)) == sorted(OF_MSPS | OF_ORGANIZATIONS)
    assert beyond_departments(sorted(OF_DEPARTMENTS)) == []
