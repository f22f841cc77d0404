"""What of an item may leave for a model, when its contents go, and who has asked for that."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import slider.models.redacting


class Migration(migrations.Migration):
    widens = ("entry_kind",)

    dependencies = [
        ("slider", "0036_one_line_is_enough"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Emptied",
            fields=[
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="emptied",
                        serialize=False,
                        to="slider.item",
                    ),
                ),
                (
                    "cause",
                    models.CharField(choices=[("rule", "by the task's rule"), ("request", "on request")], max_length=7),
                ),
                ("days", models.PositiveSmallIntegerField(help_text="What the rule said then.", null=True)),
                ("words", models.CharField(blank=True, help_text="Why somebody asked for it.", max_length=250)),
                ("told", models.BooleanField(default=False)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="EmptyWalk",
            fields=[
                (
                    "task",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="slider.task",
                    ),
                ),
                (
                    "upto",
                    models.BigIntegerField(default=0, help_text="Items up to this id were looked at on this walk."),
                ),
                (
                    "rests_until",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="When the next walk begins, or this goes on.",
                    ),
                ),
                (
                    "gone",
                    models.BigIntegerField(
                        db_default=0, default=0, help_text="Items whose contents the rule has deleted."
                    ),
                ),
                (
                    "kept",
                    models.PositiveIntegerField(
                        db_default=0,
                        default=0,
                        help_text="On this walk: past their day, and something is still owed for them.",
                    ),
                ),
                (
                    "kept_last",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="The same, on the last whole walk."),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IdKey",
            fields=[
                (
                    "task",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="slider.task",
                    ),
                ),
                ("sealed", models.CharField(max_length=250)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="entry",
            name="entry_kind",
        ),
        migrations.AddField(
            model_name="attempt",
            name="masked",
            field=models.JSONField(
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                help_text="How often what was masked or left out in what the model was sent, by kind; never what.",
            ),
        ),
        migrations.AddField(
            model_name="batch",
            name="redaction",
            field=models.JSONField(
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                help_text="The rules under which its questions were written: its answers are read under the same.",
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="contents_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="What items hold is deleted so many days after they ended; the numbers stay. Empty: never.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(3650),
                ],
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="redaction",
            field=models.JSONField(
                blank=True,
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                help_text="What of an item is never sent to a model, or masked: left_out, masked, detect, patterns.",
                validators=[slider.models.redacting.check],
            ),
        ),
        migrations.AlterField(
            model_name="entry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("decision", "items routed"),
                    ("result", "results"),
                    ("verdict", "verdicts and corrections"),
                    ("item", "items withdrawn"),
                    ("slider", "slider moved"),
                    ("policy", "policies of the guard"),
                    ("guard", "acts of the guard"),
                    ("operation", "acts of operators"),
                    ("setting", "settings"),
                    ("role", "roles and rights"),
                    ("key", "API keys"),
                    ("person", "people's accounts"),
                    ("sign_in", "signed in"),
                    ("sign_out", "signed out"),
                    ("refused", "sign-in refused"),
                    ("export", "exports"),
                    ("privacy", "erasure, retention and secrets"),
                    ("log", "the log itself"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "decision",
                            "result",
                            "verdict",
                            "item",
                            "slider",
                            "policy",
                            "guard",
                            "operation",
                            "setting",
                            "role",
                            "key",
                            "person",
                            "sign_in",
                            "sign_out",
                            "refused",
                            "export",
                            "privacy",
                            "log",
                        ],
                    )
                ),
                name="entry_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(("contents_days", None), ("contents_days__gte", 1), _connector="OR"),
                name="task_contents_days",
            ),
        ),
        migrations.AddField(
            model_name="emptied",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="emptied",
            index=models.Index(condition=models.Q(("told", False)), fields=["item"], name="emptied_untold"),
        ),
        migrations.AddConstraint(
            model_name="emptied",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cause", "rule"), ("days__isnull", False), ("words", "")),
                    models.Q(("cause", "request"), models.Q(("words", ""), _negated=True)),
                    _connector="OR",
                ),
                name="emptied_by_rule_or_request",
            ),
        ),
    ]
