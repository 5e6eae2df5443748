"""The directory of an organization: its members, search entries and rosters (F6)."""
