"""What the database refuses is logged without what was to be written."""

import pytest
from django.db import DataError, IntegrityError, transaction

from slider.models import Project
from tasks.logged import plainly

pytestmark = pytest.mark.django_db


def test_a_rule_is_named_and_the_row_is_not_quoted() -> None:
    Project.objects.create(name="Robinson", slug="robinson")
    with pytest.raises(IntegrityError, match="robinson") as caught, transaction.atomic():
        Project.objects.create(name="Robinson", slug="robinson")
    told = plainly(caught.value)
    assert told["sqlstate"] == "23505"
    assert "slug" in told["constraint"]
    assert "robinson" not in str(told).casefold()


def test_what_never_reached_the_database_has_a_name_at_least() -> None:
    assert plainly(DataError("PostgreSQL text fields cannot hold Robinson")) == {"error": "DataError"}
