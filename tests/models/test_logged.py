"""Every table is told of by the log, or it is said why not; and the digests are the triggers' own."""

import importlib

from django.apps import apps
from django.db import models

from slider.models import Entry, Kind
from slider.models.logged import COUNTED, TOLD, UNTOLD

TRIGGERS = importlib.import_module("slider.migrations.0035_what_the_log_tells")


def test_the_log_tells_of_every_table_or_it_is_said_why_not() -> None:
    """A new table: give it a trigger as in migration 0035 and a line in `logged.py`, or say why it needs none."""
    told = {one.table for one in COUNTED.values()} | {one.table for one in TOLD.values()}
    known = {model.__name__: model._meta.db_table for model in apps.get_app_config("slider").get_models()}
    assert {name for name, table in known.items() if table not in told} == set(UNTOLD)
    assert all(len(why) > 5 for why in UNTOLD.values())


def test_what_is_checked_is_what_the_triggers_write() -> None:
    assert {(row[0], row[4]) for row in TRIGGERS.TOLD} == {(one.table, one.key) for one in TOLD.values() if one.whole}
    assert {one.table: one.key for one in COUNTED.values()} == TRIGGERS.COUNTED
    for name, row in (("decision", "DECISION"), ("publication", "RESULT"), ("review", "VERDICT")):
        assert COUNTED[name].row.split() == getattr(TRIGGERS, row).split()


def test_no_field_of_an_entry_locks_another_row() -> None:
    keys = [field for field in Entry._meta.fields if isinstance(field, models.ForeignKey)]
    assert {field.name for field in keys} == {"project", "task", "by"}
    assert not any(field.db_constraint for field in keys)  # type: ignore[attr-defined]  # the stubs forget it


def test_each_kind_has_its_words() -> None:
    assert len({kind.label for kind in Kind}) == len(Kind)
