"""What older code has sent, owes or gave up becomes parcels of the receiver it was for; its secrets are sealed."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from slider.models import sealing

PIECE = 10_000
_PLAIN = "whsec_"

MOVE = """
WITH piece AS MATERIALIZED (
    SELECT p.*, p.delivery = 'due' AND EXISTS (SELECT FROM slider_emptied x WHERE x.item_id = p.item_id) AS gone
    FROM slider_publication p WHERE task_id = %(task)s AND id > %(after)s ORDER BY id LIMIT %(piece)s
), moved AS (
    INSERT INTO slider_parcel (endpoint_id, publication_id, event, webhook_id, state, tries, created_at, due_at,
                               next_try_at, delivered_at, last_problem)
    SELECT %(endpoint)s, p.id, CASE WHEN p.number = 1 THEN 'item.finished' ELSE 'item.corrected' END, p.webhook_id,
           CASE WHEN p.gone THEN 'failed' ELSE p.delivery END, p.tries, p.created_at, p.due_at, p.next_try_at,
           p.delivered_at, CASE WHEN p.gone THEN 'its contents were deleted' ELSE p.last_problem END
    FROM piece p WHERE p.delivery IN ('due', 'sent', 'failed') AND (%(was_there)s OR %(made)s <= p.created_at)
    ORDER BY p.id ON CONFLICT DO NOTHING
)
SELECT max(id) FROM piece
"""
# A receiver that was there when receivers could be several, give or take the clocks of two machines.
RECEIVERS = """
SELECT DISTINCT ON (e.task_id) e.id, e.task_id, e.created_at, e.created_at <= m.applied + interval '1 minute'
FROM slider_endpoint e
JOIN django_migrations m ON m.app = 'slider' AND m.name = '0039_parcels_for_receivers'
WHERE e.removed_at IS NULL ORDER BY e.task_id, e.id
"""


def move_over(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Piece by piece, each by itself; one that is done twice changes nothing.

    While older code ran there was one receiver a task, so the oldest is who it was for. Where that one was removed
    since and another came, what is older than that other was never for it.
    """
    with editor.connection.cursor() as cursor:
        cursor.execute(RECEIVERS)
        for endpoint, task, made, was_there in cursor.fetchall():
            after: int | None = 0
            known = {"endpoint": endpoint, "task": task, "made": made, "was_there": was_there, "piece": PIECE}
            while after is not None:
                cursor.execute(MOVE, known | {"after": after})
                (after,) = cursor.fetchone()


def seal(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    _rewrite(editor, lambda text: sealing.seal(text) if text.startswith(_PLAIN) else text)


def unseal(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    _rewrite(editor, lambda text: text if text.startswith(_PLAIN) else sealing.unseal(text))


def _rewrite(editor: BaseDatabaseSchemaEditor, made: Any) -> None:
    """Value by value: one that somebody replaces right now is left as they write it."""
    with editor.connection.cursor() as cursor:
        for column in ("secret", "old_secret"):
            cursor.execute(f"SELECT id, {column} FROM slider_endpoint WHERE {column} <> '' ORDER BY id")  # noqa: S608
            for key, secret in cursor.fetchall():
                if (new := made(secret)) != secret:
                    statement = f"UPDATE slider_endpoint SET {column} = %s WHERE id = %s AND {column} = %s"  # noqa: S608
                    cursor.execute(statement, [new, key, secret])


class Migration(migrations.Migration):
    atomic = False  # a history of millions in one transaction would hold back vacuum for as long
    when = "after"  # an older sender reads secrets as they are, and goes on with what it owes

    dependencies = (("slider", "0044_parcels_are_found"),)

    operations = (
        migrations.RunPython(move_over, migrations.RunPython.noop),
        migrations.RunPython(seal, unseal),
    )
