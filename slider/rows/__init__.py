"""Files of items, read row by row with flat memory: CSV, JSON Lines and worksheets, plain or (for text) gzipped."""

from slider.rows.columns import EMPTY, Columns
from slider.rows.kinds import Kind, clean_name, kind_of
from slider.rows.mappings import BESIDE, ColumnMap, Unmapped, propose
from slider.rows.naming import Namer
from slider.rows.paced import paced
from slider.rows.peek import Peek, peek, sampled
from slider.rows.reader import Reader, open_file, open_raw, understanding
from slider.rows.records import Bad, Broken, Pieces, Record
from slider.rows.tables import Table, Values, open_table

__all__ = [
    "BESIDE",
    "EMPTY",
    "Bad",
    "Broken",
    "ColumnMap",
    "Columns",
    "Kind",
    "Namer",
    "Peek",
    "Pieces",
    "Reader",
    "Record",
    "Table",
    "Unmapped",
    "Values",
    "clean_name",
    "kind_of",
    "open_file",
    "open_raw",
    "open_table",
    "paced",
    "peek",
    "propose",
    "sampled",
    "understanding",
]
