"""Who joins a group gets its courses, through a batch of the group's own (I6)."""
