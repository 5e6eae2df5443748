"""Personal data: what is kept about a person, handed out and erased (F9)."""
