"""Operators halt, resume and requeue; processes say that they live; what had no answer may go back to its worker."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

# As in migration 0012, and one move more: back to the worker, where nothing is left of the decision and its looks.
_MOVES = """
CREATE OR REPLACE FUNCTION slider_item_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'ready' THEN
            RAISE EXCEPTION 'an item is born ready, not %', NEW.state USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.token < OLD.token THEN
        RAISE EXCEPTION 'the token of item % may not go back', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state = 'done' AND NEW.state = 'review' THEN
        IF EXISTS (SELECT FROM slider_publication WHERE item_id = OLD.id) THEN
            RAISE EXCEPTION 'item % may not move from done to review: its result has left or is owed', OLD.id
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;{more}
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('ready', 'working'), ('ready', 'review'), ('ready', 'withdrawn'),
        ('working', 'ready'), ('working', 'review'), ('working', 'done'), ('working', 'withdrawn'),
        ('review', 'done'), ('review', 'withdrawn')
    ) THEN
        RAISE EXCEPTION 'item % may not move from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
_AGAIN = """
    IF OLD.state = 'review' AND NEW.state = 'ready' THEN
        IF EXISTS (SELECT FROM slider_decision WHERE item_id = OLD.id)
            OR EXISTS (SELECT FROM slider_review WHERE item_id = OLD.id)
            OR EXISTS (SELECT FROM slider_publication WHERE item_id = OLD.id) THEN
            RAISE EXCEPTION 'item % may not move from review to ready: it is decided, or people look at it', OLD.id
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;"""
MOVES, MOVES_AWAY = _MOVES.format(more=_AGAIN), _MOVES.format(more="")

STAYS = """
CREATE TRIGGER operation_append_only BEFORE UPDATE OR DELETE ON slider_operation
    FOR EACH ROW EXECUTE FUNCTION slider_append_only();
CREATE TRIGGER requeued_append_only BEFORE UPDATE OR DELETE ON slider_requeued
    FOR EACH ROW EXECUTE FUNCTION slider_append_only();
CREATE FUNCTION slider_decision_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM slider_requeued WHERE item_id = OLD.item_id AND seq = OLD.seq) THEN
        RAISE EXCEPTION 'slider_decision is append-only: one is only taken away once it stands among the requeued'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN OLD;
END $$;
DROP TRIGGER decision_append_only ON slider_decision;
CREATE TRIGGER decision_append_only BEFORE UPDATE ON slider_decision
    FOR EACH ROW EXECUTE FUNCTION slider_append_only();
CREATE TRIGGER decision_stays BEFORE DELETE ON slider_decision
    FOR EACH ROW EXECUTE FUNCTION slider_decision_stays();
CREATE FUNCTION slider_untally_decisions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE slider_tally t SET items = greatest(0, t.items - g.items)
    FROM (SELECT task_id, date_trunc('hour', created_at, 'UTC') AS hour, why, coalesce(bin, -1) AS bin, count(*) AS items
          FROM gone GROUP BY 1, 2, 3, 4) AS g
    WHERE (t.task_id, t.hour, t.why, t.bin) = (g.task_id, g.hour, g.why, g.bin);
    RETURN NULL;
END $$;
CREATE TRIGGER decision_untally AFTER DELETE ON slider_decision
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION slider_untally_decisions();
"""
STAYS_AWAY = """
DROP TRIGGER decision_untally ON slider_decision;
DROP FUNCTION slider_untally_decisions();
DROP TRIGGER operation_append_only ON slider_operation;
DROP TRIGGER requeued_append_only ON slider_requeued;
DROP TRIGGER decision_stays ON slider_decision;
DROP FUNCTION slider_decision_stays();
DROP TRIGGER decision_append_only ON slider_decision;
CREATE TRIGGER decision_append_only BEFORE UPDATE OR DELETE ON slider_decision
    FOR EACH ROW EXECUTE FUNCTION slider_append_only();
"""

# A handful of rows that are written every few seconds: they find room on their own page.
VACUUM = """
ALTER TABLE slider_presence SET (fillfactor = 50, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);
ALTER TABLE slider_sign SET (fillfactor = 50, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);
"""
VACUUM_AWAY = """
ALTER TABLE slider_presence RESET (fillfactor, autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor);
ALTER TABLE slider_sign RESET (fillfactor, autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("slider", "0025_pumps"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Halt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "profile",
                    models.CharField(
                        blank=True, help_text="The name of a worker. Empty: the whole task.", max_length=80
                    ),
                ),
                ("host", models.CharField(blank=True, help_text="A machine that pumps run on.", max_length=255)),
                (
                    "stance",
                    models.CharField(
                        choices=[
                            ("paused", "paused: it begins nothing new"),
                            ("draining", "draining: it finishes what it holds and takes nothing"),
                        ],
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(max_length=500)),
                ("since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Operation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("pause", "paused"),
                            ("drain", "drained"),
                            ("resume", "resumed"),
                            ("requeue", "requeued"),
                        ],
                        max_length=8,
                    ),
                ),
                ("profile", models.CharField(blank=True, max_length=80)),
                ("host", models.CharField(blank=True, max_length=255)),
                ("reason", models.CharField(max_length=500)),
                ("facts", models.JSONField(default=dict, help_text="What it was done to and to how many, by name.")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("host", models.CharField(max_length=255)),
                ("pid", models.PositiveIntegerField()),
                (
                    "node",
                    models.CharField(blank=True, help_text="The Celery worker that it belongs to.", max_length=255),
                ),
                ("queues", models.CharField(blank=True, help_text="The queues that it listens to.", max_length=120)),
                ("profile", models.CharField(blank=True, max_length=80)),
                ("held", models.PositiveIntegerField(default=0, help_text="Items in its hands.")),
                ("flying", models.PositiveIntegerField(default=0, help_text="Calls in the air.")),
                ("started_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Requeued",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seq", models.BigIntegerField(help_text="The place that the decision had in the routing order.")),
                ("decision", models.JSONField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Sign",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(
                condition=models.Q(("why", "no_answer")), fields=["task", "-item"], name="decision_no_answer"
            ),
        ),
        migrations.AddIndex(
            model_name="publication",
            index=models.Index(
                condition=models.Q(("delivery", "failed")), fields=["task", "id"], name="publication_stuck"
            ),
        ),
        migrations.AddField(
            model_name="halt",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="halt",
            name="task",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="halts", to="slider.task"
            ),
        ),
        migrations.AddField(
            model_name="operation",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="operation",
            name="task",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="operations", to="slider.task"
            ),
        ),
        migrations.AddField(
            model_name="presence",
            name="task",
            field=models.ForeignKey(
                help_text="What it pumps right now.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="slider.task",
            ),
        ),
        migrations.AddField(
            model_name="requeued",
            name="item",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="requeued", to="slider.item"
            ),
        ),
        migrations.AddField(
            model_name="requeued",
            name="operation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="requeued", to="slider.operation"
            ),
        ),
        migrations.AddConstraint(
            model_name="halt",
            constraint=models.CheckConstraint(
                condition=models.Q(("stance__in", ["paused", "draining"])), name="halt_stance"
            ),
        ),
        migrations.AddConstraint(
            model_name="halt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("host", ""), ("task__isnull", False)),
                    models.Q(("profile", ""), ("task", None), models.Q(("host", ""), _negated=True)),
                    _connector="OR",
                ),
                name="halt_names_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="halt",
            constraint=models.UniqueConstraint(
                condition=models.Q(("host", "")), fields=("task", "profile"), name="one_halt_a_worker"
            ),
        ),
        migrations.AddConstraint(
            model_name="halt",
            constraint=models.UniqueConstraint(
                condition=models.Q(("host", ""), _negated=True), fields=("host",), name="one_halt_a_host"
            ),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(fields=["task", "-id"], name="operation_newest"),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(
                condition=models.Q(("host", ""), _negated=True), fields=["host", "-id"], name="operation_of_host"
            ),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["pause", "drain", "resume", "requeue"])), name="operation_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="operation_says_why"
            ),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("host", ""), ("task__isnull", False)),
                    models.Q(("profile", ""), ("task", None), models.Q(("host", ""), _negated=True)),
                    _connector="OR",
                ),
                name="operation_names_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=models.UniqueConstraint(fields=("host", "pid"), name="one_presence_a_process"),
        ),
        migrations.AddConstraint(
            model_name="requeued",
            constraint=models.UniqueConstraint(fields=("item", "seq"), name="one_requeue_a_decision"),
        ),
        migrations.RunSQL(MOVES, MOVES_AWAY),
        migrations.RunSQL(STAYS, STAYS_AWAY),
        migrations.RunSQL(VACUUM, VACUUM_AWAY),
    ]
