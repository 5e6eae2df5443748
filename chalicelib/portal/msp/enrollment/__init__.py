"""The wizard: a draft in five steps, each at an address of its own."""
