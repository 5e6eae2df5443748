"""HTTP: the directory of people, as a whole."""
