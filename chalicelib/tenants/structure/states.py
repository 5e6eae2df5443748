"""The kinds of what makes up an organization: in reserved names, audit targets and `Uses`."""

GROUP, DEPARTMENT, LOCATION = "group", "department", "location"
