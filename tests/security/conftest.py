"""One company for all tests of a file: each test has it as it was made, since what it changes is taken back."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests import casts
from tests.standin import _process, model
from tests.views import addresses

__all__ = ["_process", "model"]


@pytest.fixture(scope="module")
def _stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[casts.Company]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield addresses.stage()
        transaction.set_rollback(True)


@pytest.fixture
def stage(_stage: casts.Company, db: None) -> casts.Company:
    """Something behind every address of the site; a test's own transaction lies within that of its file."""
    return _stage
