"""What people hold comes back when they may not review there any more: they left, or were switched off."""

from django.db import connection

from slider.models.project import RIGHTS

REVIEWING = [str(role) for role, verbs in RIGHTS.items() if "review" in verbs]


def free_held() -> int:
    """Open the looks held by people who may not review there any more, and write down whose they were; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH gone AS (
                SELECT r.id, r.holder_id, r.token, r.taken_at FROM slider_review r
                JOIN slider_task t ON t.id = r.task_id
                WHERE r.state = 'held' AND NOT EXISTS (
                    SELECT FROM slider_membership m JOIN auth_user u ON u.id = m.user_id
                    WHERE m.project_id = t.project_id AND m.user_id = r.holder_id AND m.role = ANY(%s) AND u.is_active
                )
                ORDER BY r.id FOR UPDATE OF r SKIP LOCKED
            ), told AS (
                INSERT INTO slider_freed (review_id, holder_id, token, taken_at, words, at)
                SELECT id, holder_id, token, taken_at, '', clock_timestamp() FROM gone ON CONFLICT DO NOTHING
            )
            UPDATE slider_review r SET
                state = 'open', last_holder_id = r.holder_id, holder_id = NULL, lease_until = NULL, taken_at = NULL,
                page = ''
            FROM gone WHERE r.id = gone.id
            """,
            [REVIEWING],
        )
        return int(cursor.rowcount)
