"""Advanced search: who matches a filter, how many, and a page of them (O2)."""
