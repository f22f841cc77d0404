"""What a migration may do while older code runs, read from its operations alone: see docs/deploy.md.

Each problem is a sentence with what to do instead. An operation that the rule does not know is a problem too.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from django.contrib.postgres import operations as postgres
from django.db import migrations, models
from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Value
from django.db.models.functions import Now

from slider.queries.upgrade import is_after

# Tables that grow with the items: nothing may read them through, or stop writers, while it is applied.
BIG = frozenset(
    {"item", "payload", "attempt", "score", "decision", "review", "move", "publication", "tally", "unheard"}
)
CONCURRENT = (postgres.AddIndexConcurrently, postgres.RemoveIndexConcurrently, postgres.ValidateConstraint)
HARMLESS = (
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.AlterModelTableComment,
    postgres.AddIndexConcurrently,
    postgres.ValidateConstraint,
    migrations.RemoveConstraint,  # older code was bound by it, and breaks nothing without
)
RENAMES = (migrations.RenameModel, migrations.RenameField, migrations.AlterModelTable)
TOGETHER = (migrations.AlterUniqueTogether, migrations.AlterIndexTogether, migrations.AlterOrderWithRespectTo)
# What an attribute of a field may become without a change of the table.
WORDS_ONLY = frozenset(
    {
        "choices",
        "help_text",
        "verbose_name",
        "validators",
        "default",
        "blank",
        "editable",
        "error_messages",
        "related_name",
        "limit_choices_to",
        "on_delete",
    }
)
SQL = {
    r"\bDROP\s+(TABLE|COLUMN|CONSTRAINT)\b": "takes away what older code may use",
    r"\bRENAME\b": "renames what older code calls by its old name",
    r"\bSET\s+NOT\s+NULL\b": "reads the whole table while everybody waits, and older code may leave the column empty",
    r"\bALTER\s+COLUMN\s+\S+\s+(SET\s+DATA\s+)?TYPE\b": "writes the whole table anew while everybody waits",
    r"\bCREATE\s+(UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)": "stops every writer for as long as it is built",
    r"\b(TRUNCATE|LOCK\s+TABLE|VACUUM\s+FULL|CLUSTER|REINDEX\s+(?!.*CONCURRENTLY))\b": "locks a table for everybody",
    r"^\s*(UPDATE|DELETE)\b": "changes rows together with tables: do it in pieces, in a RunPython of its own",
}


class Reader:
    """Reads one migration on the schema that stands before it."""

    def __init__(self, migration: Migration, state: ProjectState) -> None:
        self._migration, self._state = migration, state
        self._after = is_after(migration)
        self._widens = frozenset(getattr(migration, "widens", ()))
        self._made: set[str] = set()  # models of this migration: nobody else knows them yet
        self._added: dict[str, set[str]] = {}  # fields of this migration, by model

    def problems(self) -> list[str]:
        found = [*self._whole()]
        for operation in self._migration.operations:
            found += [f"{self._migration.name}: {operation.describe()}: {problem}." for problem in self._of(operation)]
            operation.state_forwards("slider", self._state)
        return found

    def _whole(self) -> Iterator[str]:
        """What is wrong with the migration as a whole."""
        name, operations = self._migration.name, self._migration.operations
        moves_rows = [one for one in operations if isinstance(one, migrations.RunPython)]
        builds = [one for one in operations if isinstance(one, CONCURRENT)]
        if not self._migration.atomic and len(operations) not in (len(builds), len(moves_rows)):
            yield (
                f"{name}: is not atomic, so it may hold nothing but concurrent builds, or rows that are moved in "
                "pieces: it can be cut off half-way."
            )
        if moves_rows and len(operations) > len(moves_rows):
            yield f"{name}: moves rows in the transaction that changes tables: give RunPython a migration of its own."

    def _of(self, operation: Operation) -> Iterable[str]:
        match operation:
            case migrations.SeparateDatabaseAndState():
                return [problem for one in operation.database_operations for problem in self._of(one)]
            case migrations.CreateModel():
                self._made.add(operation.name_lower)
                return []
            case migrations.AddField():
                return self._add_field(operation)
            case migrations.AlterField():
                return self._alter_field(operation)
            case migrations.RemoveField() | migrations.DeleteModel():
                return self._remove(operation)
            case postgres.AddConstraintNotValid():
                return self._add_constraint(operation)
            case migrations.AddConstraint():
                return [*self._add_constraint(operation), *self._reads_through(operation)]
            case migrations.AddIndex() if not isinstance(operation, postgres.AddIndexConcurrently):
                return self._add_index(operation)
            case migrations.RunSQL():
                return self._sql(operation)
        return self._other(operation)

    def _other(self, operation: Operation) -> list[str]:
        if isinstance(operation, (*HARMLESS, migrations.RunPython)):
            return []
        if isinstance(operation, RENAMES):
            return ["code before or after would look for the other name: add the new one, copy, drop the old one after"]
        if isinstance(operation, TOGETHER):
            return ["write it as a constraint or an index of its own, which can be checked"]
        if isinstance(operation, (migrations.RemoveIndex, postgres.RemoveIndexConcurrently)):
            return [] if self._after else ['older code may need it to be fast: do it with `when = "after"`']
        return ["the rule does not know it: teach tests/house/two_steps.py what it may break"]

    def _is_new(self, model: str) -> bool:
        return model.lower() in self._made

    def _add_field(self, operation: migrations.AddField) -> list[str]:
        field, model = operation.field, operation.model_name_lower
        self._added.setdefault(model, set()).add(operation.name_lower)
        if self._is_new(model) or field.many_to_many:
            return []
        found = []
        if not field.null and not field.has_db_default():
            found.append("older code knows nothing of it and can't write a row: give it a db_default, or null=True")
        if model in BIG:
            if getattr(field, "db_index", False) or field.unique:
                found.append("its index is built while writers wait: db_index=False, and AddIndexConcurrently")
            if field.has_db_default() and not isinstance(field.db_default, Value | Now | str | int | float | bool):
                found.append(
                    "a db_default that differs by row writes the whole table anew: add it empty, fill it later"
                )
        return found

    def _alter_field(self, operation: migrations.AlterField) -> list[str]:
        model = operation.model_name_lower
        if self._is_new(model):
            return []
        old, new = self._field(model, operation.name), operation.field
        found = []
        if old.null and not new.null:
            if not self._after:
                found.append('older code may leave it empty: do it with `when = "after"`')
            if model in BIG:
                found.append(
                    "it reads the whole table while everybody waits: AddConstraintNotValid, ValidateConstraint"
                )
        if old.has_db_default() and not new.has_db_default() and not new.null and not self._after:
            found.append('older code may count on the default: do it with `when = "after"`')
        if not _same_column(old, new):
            found.append("another type or size is another column: add a new one, copy, drop the old one after")
        return found

    def _remove(self, operation: migrations.RemoveField | migrations.DeleteModel) -> list[str]:
        if not self._after:
            return ['older code still uses it: do it with `when = "after"`']
        if isinstance(operation, migrations.RemoveField):
            field = self._field(operation.model_name_lower, operation.name)
            if not field.null and not field.has_db_default() and not field.many_to_many:
                return ["the new code runs before it is gone and gives it no value: make it null=True before"]
        return []

    def _add_constraint(self, operation: migrations.AddConstraint) -> list[str]:
        model, name = operation.model_name_lower, operation.constraint.name
        if self._is_new(model) or self._after or name in self._widens:
            return []
        if _named(operation.constraint) and _named(operation.constraint) <= self._added.get(model, set()):
            return []  # older code writes nothing but the defaults there
        words = f'`when = "after"`, or name it in `widens = ("{name}",)` where it allows all that the one before did'
        return [f"older code may write what it forbids: {words}"]

    def _reads_through(self, operation: migrations.AddConstraint) -> list[str]:
        model = operation.model_name_lower
        if self._is_new(model) or model not in BIG:
            return []
        if isinstance(operation.constraint, models.CheckConstraint):
            return ["it reads the whole table while everybody waits: AddConstraintNotValid, then ValidateConstraint"]
        return ["its index is built while everybody waits: a unique index, built concurrently, does the same"]

    def _add_index(self, operation: migrations.AddIndex) -> list[str]:
        if self._is_new(operation.model_name_lower) or operation.model_name_lower not in BIG:
            return []
        return ["it stops every writer for as long as it is built: AddIndexConcurrently in a migration of its own"]

    def _sql(self, operation: migrations.RunSQL) -> list[str]:
        text = re.sub(r"\$\$.*?\$\$", "$$", _text(operation.sql), flags=re.DOTALL)  # bodies of functions run later
        text = re.sub(r"--[^\n]*", "", text)
        found = [f"it {why}" for form, why in SQL.items() if re.search(form, text, re.IGNORECASE | re.MULTILINE)]
        made = {
            name.lower() for name in re.findall(r"CREATE\s+(?:OR\s+REPLACE\s+)?FUNCTION\s+(\w+)", text, re.IGNORECASE)
        }
        gone = {name.lower() for name in re.findall(r"DROP\s+FUNCTION\s+(?:IF\s+EXISTS\s+)?(\w+)", text, re.IGNORECASE)}
        if gone - made and not self._after:
            found.append(f"it drops {min(gone - made)}, which older code may call")
        return [] if self._after and found == ["it takes away what older code may use"] else found

    def _field(self, model: str, name: str) -> "models.Field[object, object]":
        field: models.Field[object, object] = self._state.models["slider", model].fields[name]
        return field


def problems(migrations_in_order: Sequence[Migration], state: ProjectState) -> list[str]:
    """What is wrong with these, on top of `state`, which they change."""
    return [problem for one in migrations_in_order for problem in Reader(one, state).problems()]


def _same_column(old: "models.Field[object, object]", new: "models.Field[object, object]") -> bool:
    """Whether a change leaves the stored rows as they are: other words, more room for a text, empty allowed."""
    if isinstance(old, models.CharField) and isinstance(new, models.CharField | models.TextField):
        longer = isinstance(new, models.TextField) or (new.max_length or 0) >= (old.max_length or 0)
        return longer and all(getattr(old, name) == getattr(new, name) for name in ("unique", "db_index"))
    if isinstance(old, models.OneToOneField) and type(new) is models.ForeignKey:
        return not old.primary_key  # as a constraint that goes: older code was bound by it, and breaks nothing without
    before, after = (one.deconstruct()[3] for one in (old, new))
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    return type(old) is type(new) and changed <= WORDS_ONLY | {"null", "db_default"}


def _named(constraint: models.BaseConstraint) -> set[str]:
    """The fields that a constraint speaks of; none where they can't be read."""
    if isinstance(constraint, models.UniqueConstraint):
        return {name.lower() for name in constraint.fields} if constraint.fields and not constraint.condition else set()
    condition = getattr(constraint, "condition", None)
    return {name.split("__")[0].lower() for name, _ in _leaves(condition)} if isinstance(condition, models.Q) else set()


def _leaves(condition: models.Q) -> Iterator[tuple[str, object]]:
    for child in condition.children:
        if isinstance(child, models.Q):
            yield from _leaves(child)
        elif isinstance(child, tuple):
            yield child
            if isinstance(child[1], models.F):
                yield str(child[1].name), None  # type: ignore[attr-defined]
        else:
            yield "an expression", None


def _text(sql: object) -> str:
    if isinstance(sql, str):
        return sql
    if isinstance(sql, list | tuple):
        return ";\n".join(_text(one[0] if isinstance(one, list | tuple) else one) for one in sql)
    return ""
