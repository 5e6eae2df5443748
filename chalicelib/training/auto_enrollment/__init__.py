"""Members who join a group are enrolled in its courses, through a batch of the group's own (I6)."""
