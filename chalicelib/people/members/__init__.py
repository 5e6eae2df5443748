"""The directory of an organization: its people, how they are found, and the rosters they stand on (F6)."""
