"""Standing queries: asked so often that neither their SQL is made nor their plan thought out anew each time.

Django takes longer to write a query down than PostgreSQL to answer it, and PostgreSQL longer to plan one than to run
it. What stands here is written once a process and planned once a connection.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper
from django.db.models import BooleanField, Expression, F, Func, IntegerField, Model, QuerySet
from django.db.models import query as django_query

M = TypeVar("M", bound=Model)
_SERVER_BINDING: Any = base.ServerBindingCursor  # which the stubs take for another class
_populators: Any = django_query.get_related_populators  # as Django's own `ModelIterable` uses it


@contextmanager
def cursor() -> Iterator[CursorWrapper]:
    """A cursor whose statements PostgreSQL plans once a connection, wherever SLIDER_DB_PREPARE is on.

    Values go beside the text, never into it: each statement must be one, and say of each value what it is.
    """
    with connection.cursor() as made:
        plain, made.cursor = made.cursor, _SERVER_BINDING(connection.connection)
        plain.close()
        yield made


class Given(Expression):
    """A value that is known when the query is asked; it stands in it as `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(output_field=IntegerField())
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:  # noqa: ARG002  # Django's own names
        return "%s", [self]


def among(name: str, *, field: str = "pk") -> Func:
    """The condition that a field is one of several ids, which are known when the query is asked."""
    shape = "%(expressions)s::bigint[])"
    return Func(F(field), Given(name), template=shape, arg_joiner=" = ANY(", output_field=BooleanField())


@dataclass(frozen=True, slots=True)
class _Written:
    """A query set as it goes to the database, and how its rows become objects."""

    sql: str
    values: tuple[Any, ...]
    model: type[Model]
    fields: list[str]
    start: int
    end: int
    related: Sequence[Any]
    annotations: dict[str, int]
    converters: list[tuple[int, tuple[Sequence[Callable[..., Any]], Any]]]


class Standing(Generic[M]):
    """A query set that is written once. Its objects are the same as the query set's: relations, annotations and all."""

    def __init__(self, queryset: Callable[[], QuerySet[M, Any]]) -> None:
        self._queryset = queryset
        self._written: _Written | None = None

    def all(self, **given: Any) -> list[M]:
        """The objects, for these values of what is `Given`."""
        written = self._written
        if written is None:
            written = self._written = _write(self._queryset())
        values = [given[value.name] if isinstance(value, Given) else value for value in written.values]
        with cursor() as asked:
            asked.execute(written.sql, values)
            rows = asked.fetchall()
        return [_made(written, list(row)) for row in rows]

    def first(self, **given: Any) -> M | None:
        """The first object, or None."""
        return next(iter(self.all(**given)), None)


def _write(queryset: QuerySet[Any, Any]) -> _Written:
    compiler: Any = queryset.query.get_compiler(connection=connection)
    sql, values = compiler.as_sql()
    info, select = compiler.klass_info, compiler.select
    start, end = info["select_fields"][0], info["select_fields"][-1] + 1
    return _Written(
        sql,
        tuple(values),
        info["model"],
        [column.target.attname for column, *_ in select[start:end]],
        start,
        end,
        _populators(info, select, connection.alias),
        compiler.annotation_col_map,
        list(compiler.get_converters([column for column, *_ in select]).items()),
    )


def _made(written: _Written, row: list[Any]) -> Any:
    for place, (converters, expression) in written.converters:
        for convert in converters:
            row[place] = convert(row[place], expression, connection)
    made = written.model.from_db(connection.alias, written.fields, row[written.start : written.end])
    for related in written.related:
        related.populate(row, made)
    for name, place in written.annotations.items():
        setattr(made, name, row[place])
    return made
