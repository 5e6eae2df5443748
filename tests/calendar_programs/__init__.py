"""What reads calendars in programs that people use: five parsers that nobody here wrote, behind one function."""
