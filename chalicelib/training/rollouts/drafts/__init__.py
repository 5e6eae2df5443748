"""Drafts of launches: what an admin has chosen so far, kept at each step of the wizard."""
