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
    SELECT * FROM slider_publication WHERE task_id = %(task)s AND id > %(after)s ORDER BY id LIMIT %(piece)s
), moved AS (
    INSERT INTO slider_parcel (endpoint_id, publication_id, event, webhook_id, state, tries, created_at, due_at,
                               next_try_at, delivered_at, last_problem)
    SELECT %(endpoint)s, p.id, CASE WHEN p.number = 1 THEN 'item.finished' ELSE 'item.corrected' END, p.webhook_id,
           p.delivery, p.tries, p.created_at, p.due_at, p.next_try_at, p.delivered_at, p.last_problem
    FROM piece p WHERE p.delivery IN ('due', 'sent', 'failed')
    ORDER BY p.id ON CONFLICT DO NOTHING
)
SELECT max(id) FROM piece
"""


def move_over(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Piece by piece. While older code ran there was one receiver a task, so the oldest is who it was for."""
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT min(id), task_id FROM slider_endpoint WHERE removed_at IS NULL GROUP BY task_id")
        for endpoint, task in cursor.fetchall():
            after: int | None = 0
            while after is not None:
                cursor.execute(MOVE, {"endpoint": endpoint, "task": task, "after": after, "piece": PIECE})
                (after,) = cursor.fetchone()


def seal(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    _rewrite(editor, lambda text: sealing.seal(text) if text.startswith(_PLAIN) else text)


def unseal(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    _rewrite(editor, lambda text: text if text.startswith(_PLAIN) else sealing.unseal(text))


def _rewrite(editor: BaseDatabaseSchemaEditor, made: Any) -> None:
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT id, secret FROM slider_endpoint ORDER BY id")
        for key, secret in cursor.fetchall():
            if (new := made(secret)) != secret:
                cursor.execute("UPDATE slider_endpoint SET secret = %s WHERE id = %s", [new, key])


class Migration(migrations.Migration):
    when = "after"  # an older sender reads secrets as they are, and goes on with what it owes

    dependencies = (("slider", "0043_less_is_left_behind"),)

    operations = (
        migrations.RunPython(move_over, migrations.RunPython.noop),
        migrations.RunPython(seal, unseal),
    )
