"""The base of every room: errors, settings, time, ids, text. It knows no room and no AWS."""
