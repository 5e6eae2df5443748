"""Kinds of mails about admins; the texts of each are in notifications/mails."""

ADMIN_APPOINTED = "admin_appointed"
