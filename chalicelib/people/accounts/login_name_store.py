"""Reads and writes of login names that admins give."""

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.errors import ConditionFailed
from chalicelib.people.accounts.models import LOGIN_NAME_SK, LoginNameClaim, login_name_pk


def claim(name: str, org_id: str, member_id: str) -> LoginNameClaim | None:
    """Claim the name for the member; None when it was free, else who has it."""
    item = LoginNameClaim(login_name_pk(name), LOGIN_NAME_SK, org_id=org_id, member_id=member_id)
    try:
        table.transact([put_new(item)])
    except ConditionFailed:
        return table.get(LoginNameClaim, *item.key)
    return None


def take_over(claimed: LoginNameClaim, member_id: str) -> None:
    """ConditionFailed when somebody else did so meanwhile."""
    same = LoginNameClaim.member_id == claimed.member_id
    table.transact([Write("update", LoginNameClaim(*claimed.key), same, (LoginNameClaim.member_id.set(member_id),))])


def claim_check(name: str, member_id: str) -> Write:
    """ConditionFailed when the name is another's."""
    item = LoginNameClaim(login_name_pk(name), LOGIN_NAME_SK)
    return Write("check", item, LoginNameClaim.member_id == member_id)
