"""Kinds of mails about accounts; the texts of each are in notifications/mails."""

EMAIL_CODE = "email_code"
EMAIL_CHANGED = "email_changed"
