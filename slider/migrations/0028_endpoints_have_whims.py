"""What all processes know together of an endpoint, and what a worker does when it has whims."""

import uuid

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    widens = ("decision_why",)

    dependencies = [
        ("slider", "0027_line_of_items"),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "mark",
                    models.UUIDField(
                        default=uuid.uuid4, help_text="Its name at the endpoint, known beforehand.", unique=True
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("gathered", "its items are claimed"),
                            ("uploaded", "its file is at the endpoint"),
                            ("sent", "the endpoint works on it"),
                            ("back", "its answers are being collected"),
                            ("ended", "every item of it has gone on"),
                        ],
                        default="gathered",
                        max_length=8,
                    ),
                ),
                (
                    "file_id",
                    models.CharField(blank=True, help_text="The endpoint's name of its questions.", max_length=200),
                ),
                (
                    "submitting",
                    models.BooleanField(
                        default=False, help_text="It may have been sent: look for it before it is again."
                    ),
                ),
                ("batch_id", models.CharField(blank=True, help_text="The endpoint's name of it.", max_length=200)),
                (
                    "results",
                    models.JSONField(default=list, help_text="The endpoint's names of the files with its answers."),
                ),
                (
                    "cancelling",
                    models.BooleanField(default=False, help_text="The endpoint was asked to stop working on it."),
                ),
                (
                    "ending",
                    models.CharField(blank=True, help_text="How it ended at the endpoint, in words.", max_length=300),
                ),
                (
                    "problem",
                    models.CharField(
                        blank=True, help_text="What went wrong when it was last asked after.", max_length=300
                    ),
                ),
                (
                    "tries",
                    models.PositiveIntegerField(default=0, help_text="Times in a row that asking after it failed."),
                ),
                (
                    "next_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), help_text="When to ask after it again."
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("sent_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="BatchItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.BigIntegerField()),
                ("tries", models.PositiveSmallIntegerField()),
                ("settled", models.BooleanField(default=False, help_text="Its answer is written, or it went back.")),
            ],
        ),
        migrations.CreateModel(
            name="Circuit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("base_url", models.CharField(max_length=400)),
                ("model", models.CharField(max_length=120)),
                (
                    "key_name",
                    models.CharField(
                        blank=True, help_text="Quotas are a key's. Empty: the installation's.", max_length=60
                    ),
                ),
                (
                    "points",
                    models.PositiveIntegerField(
                        default=0, help_text="Failures since the last answer, by their weight."
                    ),
                ),
                ("reason", models.CharField(blank=True, help_text="The last failure, in words.", max_length=300)),
                ("opened_at", models.DateTimeField(help_text="Empty: closed.", null=True)),
                ("probe_at", models.DateTimeField(help_text="While it is open: when it is asked again.", null=True)),
                (
                    "probing_until",
                    models.DateTimeField(help_text="So long nobody else asks: a probe is in the air.", null=True),
                ),
                ("probes", models.PositiveIntegerField(default=0, help_text="Probes that failed since it opened.")),
                (
                    "quiet_until",
                    models.DateTimeField(help_text="The endpoint asked for silence until then.", null=True),
                ),
                (
                    "apart",
                    models.BooleanField(
                        default=False, help_text="It gives one sample a call, whatever it is asked for."
                    ),
                ),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="decision",
            name="decision_why",
        ),
        migrations.AddField(
            model_name="attempt",
            name="instead_of",
            field=models.CharField(
                blank=True,
                choices=[
                    ("out", "the endpoint has not answered for a while"),
                    ("refused", "the model refused, or a content filter stepped in"),
                    ("too_long", "the answer was cut off or too long"),
                    ("unusable", "the answer could not be read"),
                    ("rejected", "the endpoint refused the request"),
                ],
                db_default="",
                default="",
                help_text="Its worker is a fallback: why the task's own did not answer. Empty: it did.",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="pump",
            name="fallback_seats",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="Calls that it may have in the air at the fallback's endpoint."
            ),
        ),
        migrations.AddField(
            model_name="worker",
            name="batch",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Whether items are sent as batches, for half the price within a day.",
            ),
        ),
        migrations.AddField(
            model_name="worker",
            name="fallback_after_s",
            field=models.PositiveIntegerField(
                db_default=30,
                default=30,
                help_text="So long an endpoint has not answered before the fallback is asked.",
                validators=[django.core.validators.MaxValueValidator(86400)],
            ),
        ),
        migrations.AddField(
            model_name="worker",
            name="fallback_on",
            field=models.JSONField(
                blank=True,
                db_default=models.Value([], models.JSONField()),
                default=list,
                help_text="When the worker of the next rung is asked in its place: names of FallbackOn.",
            ),
        ),
        migrations.AddField(
            model_name="worker",
            name="hedge",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Whether a call that takes unusually long is sent a second time: at most one in twenty.",
            ),
        ),
        migrations.AlterField(
            model_name="decision",
            name="why",
            field=models.CharField(
                choices=[
                    ("easy", "among the easier ones: inside the share in force"),
                    ("hard", "among the harder ones: outside the share in force"),
                    ("rule", "a hard rule keeps it with people"),
                    ("no_answer", "the worker gave no usable answer"),
                    ("sentinel", "a sentinel distrusts the answer"),
                    ("stale", "the guard was silent: nothing runs unattended then"),
                    ("held", "the slider is pulled back"),
                    ("fallback", "a fallback answered, of whom nothing is known yet"),
                    ("quarantine", "a stretch of confident answers was found wrong"),
                ],
                max_length=10,
            ),
        ),
        AddConstraintNotValid(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "why__in",
                        ["easy", "hard", "rule", "no_answer", "sentinel", "stale", "held", "fallback", "quarantine"],
                    )
                ),
                name="decision_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="worker",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fallback_on__contained_by", ["out", "refused", "too_long", "unusable", "rejected"])
                ),
                name="worker_fallback_on",
            ),
        ),
        migrations.AddField(
            model_name="batch",
            name="worker",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="batches", to="slider.worker"
            ),
        ),
        migrations.AddField(
            model_name="batchitem",
            name="batch",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="items", to="slider.batch"
            ),
        ),
        migrations.AddField(
            model_name="batchitem",
            name="item",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="slider.item"),
        ),
        migrations.AddConstraint(
            model_name="circuit",
            constraint=models.UniqueConstraint(
                fields=("base_url", "model", "key_name"), name="one_circuit_an_endpoint"
            ),
        ),
        migrations.AddConstraint(
            model_name="circuit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("opened_at", None), ("probe_at", None), ("probes", 0), ("probing_until", None)),
                    models.Q(("opened_at__isnull", False), ("probe_at__isnull", False)),
                    _connector="OR",
                ),
                name="circuit_probes_while_open",
            ),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(("state", "ended"), _negated=True), fields=["next_at"], name="batch_open"
            ),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(fields=["worker", "-id"], name="batch_newest"),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["gathered", "uploaded", "sent", "back", "ended"])), name="batch_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", False), ("state", "ended")),
                    models.Q(models.Q(("state", "ended"), _negated=True), ("ended_at", None)),
                    _connector="OR",
                ),
                name="batch_ended_at",
            ),
        ),
        migrations.AddIndex(
            model_name="batchitem",
            index=models.Index(condition=models.Q(("settled", False)), fields=["batch"], name="batch_unsettled"),
        ),
        migrations.AddConstraint(
            model_name="batchitem",
            constraint=models.UniqueConstraint(fields=("batch", "item"), name="one_place_in_a_batch"),
        ),
    ]
