"""Every migration from now on can be applied while older code runs; and the rule that says so catches each kind."""

import re
from typing import Any

import pytest
from django.contrib.postgres import operations as postgres
from django.db import migrations, models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Q
from django.db.models.functions import Now, Random

from tests.house import two_steps

# Written before the rule was: whoever comes from there stops everything for `upgrade both`.
BEFORE_THE_RULE = "0019_own_keys_and_pictures"


@pytest.fixture(scope="module")
def loader() -> MigrationLoader:
    return MigrationLoader(None)


@pytest.fixture
def state(loader: MigrationLoader) -> ProjectState:
    """The schema as it stood when the rule began."""
    return loader.project_state(("slider", BEFORE_THE_RULE)).clone()


def test_every_migration_since_keeps_the_rule(loader: MigrationLoader, state: ProjectState) -> None:
    """A failure names the operation and what to do instead; docs/deploy.md tells the whole of it."""
    plan = loader.graph.forwards_plan(loader.graph.leaf_nodes("slider")[0])
    mine = [loader.graph.nodes[key] for key in plan if key[0] == "slider"]
    since = [one for one in mine if one.name > BEFORE_THE_RULE]
    assert two_steps.problems(since, state) == []


def test_every_big_table_is_one(state: ProjectState) -> None:
    assert {("slider", name) for name in two_steps.BIG} <= set(state.models)


def said(state: ProjectState, *operations: Operation, **more: Any) -> str:
    made: type[Migration] = type("Migration", (Migration,), {"operations": list(operations)} | more)
    return "\n".join(two_steps.problems([made("9001_it", "slider")], state))


def text(**more: Any) -> "models.CharField[str, str]":
    return models.CharField(max_length=20, **more)


BREAKS: dict[str, tuple[list[Operation], str]] = {
    "a column that older code can't fill": ([migrations.AddField("task", "colour", text(default=""))], "db_default"),
    "an index with a column": (
        [migrations.AddField("item", "colour", text(null=True, db_index=True))],
        "AddIndexConcurrently",
    ),
    "a foreign key with its index": (
        [migrations.AddField("move", "task", models.ForeignKey("slider.task", models.PROTECT, null=True))],
        "AddIndexConcurrently",
    ),
    "a default for each row": (
        [migrations.AddField("item", "luck", models.FloatField(db_default=Random()))],
        "writes the whole table anew",
    ),
    "a column that goes": ([migrations.RemoveField("task", "name")], 'when = "after"'),
    "a table that goes": ([migrations.DeleteModel("Tally")], 'when = "after"'),
    "a column with another name": ([migrations.RenameField("task", "name", "title")], "the other name"),
    "a table with another name": ([migrations.RenameModel("Tally", "Count")], "the other name"),
    "a column that must be filled": (
        [migrations.AlterField("item", "lease_until", models.DateTimeField())],
        "leave it empty",
    ),
    "another type": ([migrations.AlterField("item", "priority", models.TextField())], "another column"),
    "less room": ([migrations.AlterField("item", "external_id", models.CharField(max_length=5))], "another column"),
    "an index": ([migrations.AddIndex("item", models.Index(fields=["token"], name="i"))], "AddIndexConcurrently"),
    "an index that goes": ([migrations.RemoveIndex("publication", "publication_due")], "need it to be fast"),
    "a new rule on old columns": (
        [migrations.AddConstraint("task", models.CheckConstraint(condition=~Q(name="x"), name="c"))],
        "may write what it forbids",
    ),
    "a unique rule on old columns": (
        [migrations.AddConstraint("task", models.UniqueConstraint(fields=["name"], name="u"))],
        "may write what it forbids",
    ),
    "a rule that reads a big table": (
        [
            migrations.AddField("item", "colour", text(null=True)),
            migrations.AddConstraint("item", models.CheckConstraint(condition=~Q(colour=""), name="c")),
        ],
        "AddConstraintNotValid",
    ),
    "rules of many": ([migrations.AlterUniqueTogether("task", {("name", "slug")})], "a constraint"),
    "rows and tables at once": (
        [migrations.AddField("task", "a", text(null=True)), migrations.RunPython(migrations.RunPython.noop)],
        "migration of its own",
    ),
    **{
        f"sql: {sql}": ([migrations.RunSQL(sql)], words)
        for sql, words in {
            "ALTER TABLE slider_task DROP COLUMN name": "takes away",
            "alter table slider_task rename column name to title": "old name",
            "ALTER TABLE slider_item ALTER COLUMN lease_until SET NOT NULL": "leave the column empty",
            "ALTER TABLE slider_item ALTER COLUMN priority TYPE bigint": "anew",
            "CREATE UNIQUE INDEX i ON slider_item (token)": "stops every writer",
            "TRUNCATE slider_tally": "locks a table",
            "UPDATE slider_item SET priority = 0": "in pieces",
            "DROP FUNCTION slider_may_look(bigint, bigint, text, bigint)": "older code may call",
        }.items()
    },
}


@pytest.mark.parametrize("kind", BREAKS)
def test_what_breaks_older_code_or_stops_everybody_is_caught(state: ProjectState, kind: str) -> None:
    operations, words = BREAKS[kind]
    assert re.search(words, said(state, *operations))


GOOD: dict[str, list[Operation]] = {
    "a new table with all its rules": [
        migrations.CreateModel("Colour", [("id", models.BigAutoField(primary_key=True)), ("name", text())]),
        migrations.AddConstraint("colour", models.UniqueConstraint(fields=["name"], name="u")),
        migrations.AddIndex("colour", models.Index(fields=["name"], name="i")),
        migrations.AddField("colour", "shade", text(default="")),
    ],
    "a column that the database fills": [migrations.AddField("item", "colour", text(db_default=""))],
    "a moment that the database fills": [migrations.AddField("item", "at", models.DateTimeField(db_default=Now()))],
    "a column that may be empty": [migrations.AddField("move", "colour", text(null=True))],
    "a rule on a new column alone": [
        migrations.AddField("task", "colour", text(db_default="")),
        migrations.AddConstraint("task", models.CheckConstraint(condition=~Q(colour="x"), name="c")),
    ],
    "other words": [migrations.AlterField("task", "name", models.CharField(max_length=500, help_text="What."))],
    "what was one a row may be several": [
        migrations.AlterField("endpoint", "task", models.ForeignKey("slider.task", models.CASCADE))
    ],
    "a rule that goes": [migrations.RemoveConstraint("review", "review_kind")],
    "a function in place of another": [
        migrations.RunSQL(
            "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ UPDATE a SET b = 1; SELECT 1 $$"
        )
    ],
}


@pytest.mark.parametrize("kind", GOOD)
def test_what_older_code_can_live_with_is_let_through(state: ProjectState, kind: str) -> None:
    assert said(state, *GOOD[kind]) == ""


def test_a_rule_that_only_allows_more_says_so(state: ProjectState) -> None:
    wider = migrations.AddConstraint("task", models.CheckConstraint(condition=~Q(name="x"), name="wider"))
    assert said(state, wider)
    assert said(state, wider, widens=("wider",)) == ""


def test_an_index_is_built_concurrently_and_alone(state: ProjectState) -> None:
    index = postgres.AddIndexConcurrently("item", models.Index(fields=["token"], name="i"))
    assert said(state, index, atomic=False) == ""
    beside = migrations.AddField("item", "colour", text(null=True))
    assert "nothing but concurrent builds" in said(state, index, beside, atomic=False)
    moved = migrations.RunPython(migrations.RunPython.noop)
    assert said(state, moved, moved, atomic=False) == "", "piece by piece, each by itself"
    assert "nothing but concurrent builds" in said(state, index, moved, atomic=False)


def test_what_goes_goes_after_and_only_if_new_code_can_live_with_it_till_then(state: ProjectState) -> None:
    gone = migrations.RemoveField("task", "name")
    assert "gives it no value" in said(state.clone(), gone, when="after")
    emptied = migrations.AlterField("task", "name", models.CharField(max_length=500, null=True))
    assert said(state, emptied) == ""
    assert said(state, gone, when="after") == ""
    assert said(state, migrations.RunSQL("ALTER TABLE slider_task DROP COLUMN x"), when="after") == ""


def test_an_operation_that_nobody_thought_of_is_refused(state: ProjectState) -> None:
    class Odd(Operation):
        def state_forwards(self, app_label: str, state: ProjectState) -> None:
            """Nothing."""

    assert "the rule does not know it" in said(state, Odd())
