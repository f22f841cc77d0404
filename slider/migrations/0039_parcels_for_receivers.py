"""Several receivers a task, each with its own parcels, tries and secrets; older code goes on owing results by their rows."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models
from django.db.models.functions import Now

import slider.models.endpoint

EVENTS = [
    ("item.finished", "an item has its result"),
    ("item.corrected", "a result was corrected"),
    ("item.waiting", "an item went to people"),
    ("item.withdrawn", "an item was withdrawn"),
    ("slider.moved", "the slider moved"),
    ("guard.pulled_back", "the guard pulled the slider back"),
    ("webhook.test", "somebody pressed the test button"),
]
STATES = [("due", "to be sent"), ("sent", "delivered"), ("failed", "given up")]
NOTICES = [
    ("pulled_back", "Pulled back"),
    ("released", "Released"),
    ("reopened", "Reopened by evidence"),
    ("suspicion", "Under suspicion"),
    ("quarantine", "In quarantine"),
    ("cleared", "Cleared"),
    ("receiver_off", "A receiver was turned off"),
]

# What has left can't be made as if it had never been; what has not takes its parcels with it.
RESULTS_LEAVE = """
CREATE OR REPLACE FUNCTION slider_result_has_left() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_out bool;
    was jsonb;
BEGIN
    -- The deletion waits for a sender that has one in its hands, and then sees that it was tried.
    WITH gone AS (DELETE FROM slider_parcel WHERE publication_id = OLD.id RETURNING tries, state)
    SELECT bool_or(tries > 0 OR state <> 'due') INTO is_out FROM gone;
    -- Older code owes it by the row itself, until those columns go.
    was := to_jsonb(OLD);
    is_out := is_out OR (was ->> 'tries')::int > 0 OR was ->> 'delivery' NOT IN ('due', 'none');
    IF OLD.due_at <= clock_timestamp() OR is_out THEN
        RAISE EXCEPTION 'result % of item % has left: correct it instead', OLD.number, OLD.item_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN OLD;
END $$;
"""
RESULTS_LEAVE_AS_BEFORE = """
CREATE OR REPLACE FUNCTION slider_result_has_left() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.due_at <= clock_timestamp() OR OLD.tries > 0 OR OLD.delivery NOT IN ('due', 'none') THEN
        RAISE EXCEPTION 'result % of item % has left: correct it instead', OLD.number, OLD.item_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN OLD;
END $$;
"""

# How a receiver is doing is no setting of it, and the old secret is told as the new one: by a digest.
_TOLD = """
DO $$ BEGIN
    DROP TRIGGER endpoint_told ON slider_endpoint;
    CREATE TRIGGER endpoint_told AFTER INSERT OR UPDATE OR DELETE ON slider_endpoint FOR EACH ROW
        EXECUTE FUNCTION slider_log_row('setting', 'task', 'task_id', 'id', '', '{digested}', '{left_out}');
END $$;
"""
TOLD = _TOLD.format(digested="secret,old_secret", left_out="failing_since,failures,rest_until")
TOLD_AS_BEFORE = _TOLD.format(digested="secret", left_out="")


class Migration(migrations.Migration):
    dependencies = (("slider", "0038_contents_may_go"),)
    widens = ("notice_kind",)

    operations = (
        migrations.AlterField(
            "endpoint",
            "task",
            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="endpoints", to="slider.task"),
        ),
        migrations.AlterField(
            "endpoint",
            "secret",
            models.CharField(default=slider.models.endpoint.new_secret, editable=False, max_length=250),
        ),
        migrations.AddField("endpoint", "description", models.CharField(blank=True, db_default="", max_length=120)),
        migrations.AddField(
            "endpoint",
            "events",
            models.JSONField(
                db_default=models.Value(["item.finished", "item.corrected"], models.JSONField()),
                default=slider.models.endpoint.usual,
            ),
        ),
        migrations.AddField(
            "endpoint", "old_secret", models.CharField(blank=True, db_default="", editable=False, max_length=250)
        ),
        migrations.AddField(
            "endpoint",
            "old_until",
            models.DateTimeField(help_text="Until then the old secret signs beside the new one.", null=True),
        ),
        migrations.AddField("endpoint", "created_at", models.DateTimeField(db_default=Now())),
        migrations.AddField(
            "endpoint",
            "removed_at",
            models.DateTimeField(help_text="It is gone for everybody; the sweep clears it away.", null=True),
        ),
        migrations.AddField(
            "endpoint",
            "failing_since",
            models.DateTimeField(help_text="The first failed try since it took something.", null=True),
        ),
        migrations.AddField(
            "endpoint",
            "failures",
            models.PositiveIntegerField(db_default=0, help_text="Rounds in a row in which it took nothing."),
        ),
        migrations.AddField(
            "endpoint", "rest_until", models.DateTimeField(help_text="Until then it is left alone.", null=True)
        ),
        migrations.AddConstraint(
            "endpoint",
            models.CheckConstraint(
                condition=models.Q(("events__contained_by", [name for name, _ in EVENTS[:-1]]))
                & models.Q(("events", []), _negated=True),
                name="endpoint_events",
            ),
        ),
        migrations.AddConstraint(
            "endpoint",
            models.CheckConstraint(
                condition=models.Q(("old_until__isnull", False), ("old_secret", ""), _connector="OR"),
                name="endpoint_old_secret",
            ),
        ),
        migrations.RemoveConstraint("notice", "notice_kind"),
        migrations.AlterField("notice", "kind", models.CharField(choices=NOTICES, max_length=12)),
        migrations.AddConstraint(
            "notice",
            models.CheckConstraint(condition=models.Q(("kind__in", [name for name, _ in NOTICES])), name="notice_kind"),
        ),
        migrations.CreateModel(
            name="Parcel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event", models.CharField(choices=EVENTS, max_length=20)),
                ("webhook_id", models.UUIDField(help_text="The same for all endpoints, and at each try.")),
                (
                    "body",
                    models.TextField(
                        help_text="The bytes of news. Those of a result are made from its row.", null=True
                    ),
                ),
                ("state", models.CharField(choices=STATES, db_default="due", max_length=6)),
                ("tries", models.PositiveSmallIntegerField(db_default=0)),
                ("created_at", models.DateTimeField(db_default=Now())),
                (
                    "due_at",
                    models.DateTimeField(
                        db_default=Now(), help_text="When it may leave: a result's undo window has passed."
                    ),
                ),
                ("next_try_at", models.DateTimeField(db_default=Now())),
                ("delivered_at", models.DateTimeField(null=True)),
                ("last_problem", models.CharField(blank=True, db_default="", max_length=200)),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parcels",
                        to="slider.endpoint",
                    ),
                ),
                (
                    "publication",
                    models.ForeignKey(
                        db_index=False,
                        help_text="The result.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="parcels",
                        to="slider.publication",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("publication", "endpoint"), name="one_parcel_a_result"),
                    models.UniqueConstraint(
                        condition=models.Q(("publication", None)),
                        fields=("endpoint", "webhook_id"),
                        name="one_parcel_a_word",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("event__in", [name for name, _ in EVENTS])), name="parcel_event"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", [name for name, _ in STATES])), name="parcel_state"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("body__isnull", False), ("publication", None)),
                            models.Q(("body", None), ("publication__isnull", False)),
                            _connector="OR",
                        ),
                        name="parcel_holds_one_thing",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "due")), fields=["endpoint", "next_try_at"], name="parcel_due"
                    ),
                    models.Index(fields=["endpoint", "id"], name="parcel_newest"),
                    models.Index(
                        condition=models.Q(("state", "failed")), fields=["endpoint", "id"], name="parcel_dead"
                    ),
                    models.Index(
                        condition=models.Q(("event", "webhook.test"), ("state", "due")),
                        fields=["endpoint"],
                        name="parcel_test",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Try",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField(db_default=Now())),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="Why it failed, as a word. Empty: delivered.", max_length=16
                    ),
                ),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("took_ms", models.PositiveIntegerField()),
                ("problem", models.CharField(blank=True, max_length=200)),
                ("said", models.TextField(blank=True, help_text="The beginning of the answer: 1 KiB at most.")),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="slider.endpoint",
                    ),
                ),
                (
                    "parcel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="log", to="slider.parcel"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["endpoint", "-id"], name="try_newest"),
                    models.Index(fields=["at"], name="try_by_age"),
                ]
            },
        ),
        # New code writes none of these any more.
        migrations.AlterField(
            "publication",
            "delivery",
            models.CharField(choices=[("none", "no webhook"), *STATES], db_default="none", default="due", max_length=6),
        ),
        migrations.AlterField("publication", "tries", models.PositiveSmallIntegerField(db_default=0, default=0)),
        migrations.AlterField("publication", "next_try_at", models.DateTimeField(db_default=Now())),
        migrations.AlterField(
            "publication", "last_problem", models.CharField(blank=True, db_default="", max_length=200)
        ),
        migrations.RunSQL(RESULTS_LEAVE, RESULTS_LEAVE_AS_BEFORE),
        migrations.RunSQL(TOLD, TOLD_AS_BEFORE),
    )
