"""The HTTP interface: one file for each part of it. A route parses, makes one service call, and answers."""
