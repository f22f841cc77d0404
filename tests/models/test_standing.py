"""Standing queries: what they give is what the query set itself gives."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Count
from django.test import Client
from django.test.utils import CaptureQueriesContext

from slider.models import Review, Task, standing, whole
from slider.models.standing import Given, Standing, among
from slider.queries import sheet
from tests import casts

pytestmark = pytest.mark.django_db


def test_it_gives_the_objects_of_the_query_set_for_each_value() -> None:
    cast = casts.company()
    tasks = Standing(lambda: Task.objects.filter(project=Given("of")).select_related("project").order_by("pk"))
    other = casts.task(casts.project("Another"), by=cast.admin, slug="other", name="Other")
    for task in (cast.task, other, cast.task):
        (found,) = tasks.all(of=task.project_id)
        kept = Task.objects.get(pk=task.pk)
        names = [field.attname for field in Task._meta.concrete_fields]
        assert [getattr(found, name) for name in names] == [getattr(kept, name) for name in names]
        with CaptureQueriesContext(connection) as captured:
            assert found.project.name == task.project.name
        assert not captured.captured_queries
    assert tasks.all(of=0) == []
    assert tasks.first(of=0) is None


def test_annotations_and_several_ids() -> None:
    cast = casts.company()
    names = ["m1", "m2", "m3"]
    for name in names:
        casts.one(cast.task, name)
    counted = Standing(lambda: Review.objects.annotate(skips=Count("declines")).filter(among("ids")).order_by("pk"))
    ids = list(Review.objects.order_by("pk").values_list("pk", flat=True))
    assert [one.pk for one in counted.all(ids=ids[:2])] == ids[:2]
    assert {getattr(one, "skips") for one in counted.all(ids=ids)} == {0}  # noqa: B009  # the type knows of none
    assert counted.all(ids=[]) == []


def test_a_look_read_whole_has_all_that_its_sheet_shows() -> None:
    cast = casts.company()
    casts.one(cast.task)
    look = Review.objects.get()
    before = sheet.of(look)
    read = whole.looks([look.pk])[look.pk]
    with CaptureQueriesContext(connection) as captured:
        after = sheet.of(read)
    assert not captured.captured_queries
    assert after == replace(before, review=read)
    assert whole.looks([]) == {}


def test_without_an_answer_a_look_read_whole_makes_the_same_sheet_too() -> None:
    cast = casts.company()
    casts.one(cast.task, "m1", casts.fails())
    look = Review.objects.get()
    read = whole.looks([look.pk])[look.pk]
    assert sheet.of(read) == replace(sheet.of(look), review=read)
    assert sheet.of(read).proposal is None


def test_a_name_that_asks_for_trouble_is_a_value_and_no_text() -> None:
    with standing.cursor() as cursor:
        cursor.execute("SELECT %s::text", ["'; DROP TABLE slider_task; --"])
        assert cursor.fetchone() == ("'; DROP TABLE slider_task; --",)


def test_a_session_that_is_over_or_signed_out_lets_nobody_in() -> None:
    cast = casts.company()
    client = Client()
    client.force_login(cast.reviewer)
    assert client.get("/desk/").status_code == 200
    Session.objects.update(expire_date="2020-01-01T00:00:00Z")
    assert client.get("/desk/").status_code == 302
    client.force_login(cast.reviewer)
    client.post("/logout")
    assert client.get("/desk/").status_code == 302
    client.force_login(cast.reviewer)
    User.objects.filter(pk=cast.reviewer.pk).update(password="another")
    assert client.get("/desk/").status_code == 302
