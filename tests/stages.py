"""What many tests begin with, made once for a module: each changes it in a savepoint, and leaves it as it was."""

import copy
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

T = TypeVar("T")


def of_module(make: Callable[[], T]) -> Any:
    """A fixture for a module that gives out copies of what `make` made, in a transaction that stays open.

    A test that takes a copy takes the fixture `db` as well: what it does to the rows is undone when it ends.
    PostgreSQL's `now()` stands still meanwhile; its `clock_timestamp()` does not.
    """

    @pytest.fixture(scope="module")
    def staged(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Callable[[], T]]:
        with django_db_blocker.unblock(), transaction.atomic():
            made = make()
            yield lambda: copy.deepcopy(made)
            transaction.set_rollback(True)

    return staged
