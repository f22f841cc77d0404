"""Files of items, read row by row with flat memory: CSV, JSON Lines and worksheets, plain or (for text) gzipped."""

from slider.rows.columns import EMPTY, Columns
from slider.rows.kinds import Kind, clean_name, kind_of
from slider.rows.naming import Namer
from slider.rows.reader import Reader, open_file
from slider.rows.records import Bad, Broken, Pieces, Record
from slider.rows.tables import Table, Values, open_table

__all__ = [
    "EMPTY",
    "Bad",
    "Broken",
    "Columns",
    "Kind",
    "Namer",
    "Pieces",
    "Reader",
    "Record",
    "Table",
    "Values",
    "clean_name",
    "kind_of",
    "open_file",
    "open_table",
]
