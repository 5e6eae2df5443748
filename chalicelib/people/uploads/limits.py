"""What an upload may hold."""

MAX_ROWS = 500
MAX_COLUMNS = 50
MAX_CELL = 1000

# Of one row, once it is judged.
MAX_NAME = 200
MAX_VALUE = 500
MAX_GROUPS = 20
MAX_FIELDS = 30
# As the directory's filter takes it, chalicelib/people/members/schemas.py.
MAX_FIELD_NAME = 100
