"""The secret of a task's coins stands unsealed, for the reason that docs/security.md gives; this holds the reason."""

import re
from pathlib import Path

import pytest

from slider.models import Decision, Entry, Mode
from tests import casts, logs

pytestmark = pytest.mark.django_db
PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text()
READING = """
SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'public' AND p.prosrc LIKE '%%coin_secret%%' ORDER BY 1
"""


def test_the_database_itself_draws_with_it() -> None:
    """Where none of its functions does any more, the secret can be sealed like the others."""
    section = PAGE.partition("## The secret of a task's coins")[2].partition("A seal helps")[0]
    named = re.findall(r"`(slider_\w+)`", section)
    assert logs.sql(READING) == [(name,) for name in sorted({*named} - {"slider_task"})] != []


def test_one_that_got_out_is_replaced_and_what_was_drawn_stays() -> None:
    cast = casts.company(share=1.0, mode=Mode.TRIAL)
    logs.link_now()
    for n in range(30):
        casts.one(cast.task, f"m{n}")
    drawn = list(Decision.objects.order_by("seq").values_list("item_id", "lane", "audit"))
    before = bytes(cast.task.coin_secret)
    (statement,) = re.findall(r"```sql\n(UPDATE slider_task\nSET coin_secret .*)\n```", PAGE)
    logs.sql(statement.replace("id = 7", f"id = {cast.task.pk}"))
    cast.task.refresh_from_db()
    assert len(bytes(cast.task.coin_secret)) == 32
    assert bytes(cast.task.coin_secret) != before
    assert list(Decision.objects.order_by("seq").values_list("item_id", "lane", "audit")) == drawn
    assert "coin_secret" in str(Entry.objects.filter(kind="setting").latest("pk").facts)
    assert before.hex() not in str(list(Entry.objects.values_list("facts", flat=True)))
    casts.one(cast.task, "another")
    assert logs.found() == []
