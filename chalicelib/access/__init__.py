"""Who may do what, and who did what: principals, roles, permissions, admins, the audit trail."""
