"""Builders of the mails about admins."""

from datetime import datetime

from chalicelib.notifications.models import Mail
from chalicelib.notifications.rendering import MailContent, Suppressed
from chalicelib.tenants.access import store as access_store
from chalicelib.tenants.access.models import msp_pk, org_pk
from chalicelib.tenants.access.states import Role
from chalicelib.tenants.admins import store
from chalicelib.tenants.organizations import store as organizations_store

_TITLE_BY_ROLE = {
    Role.MSP_ADMIN: "an MSP admin",
    Role.ORG_ADMIN: "an organization admin",
    Role.DEPARTMENT_ADMIN: "a department admin",
    Role.CUSTOM: "an admin with a custom role",
}


def admin_appointed(mail: Mail, now: datetime) -> MailContent | Suppressed:
    msp_id, org_id, account_id = mail.about["msp_id"], mail.about.get("org_id"), mail.about["account_id"]
    admin = store.admin(org_pk(org_id) if org_id else msp_pk(msp_id), account_id)
    if admin is None:
        return Suppressed("removed_meanwhile")
    org = organizations_store.org(msp_id, org_id) if org_id else None
    msp = None if org_id else access_store.msp(msp_id)
    tenant = org.name if org else msp.name if msp else "Muster"
    return MailContent(
        to=admin.email,
        sender_name=tenant,
        reply_to=org.reply_to if org else None,
        facts={"tenant": tenant, "role": _TITLE_BY_ROLE[Role(admin.role)], "email": admin.email},
    )
