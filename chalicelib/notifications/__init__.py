"""Mails and in-account notifications, and their texts."""
