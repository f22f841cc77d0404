"""Notices of what was done to a slider, who has seen them, and the mails owed for them."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

NOTICES_STAY = """
CREATE TRIGGER notice_append_only BEFORE UPDATE OR DELETE ON slider_notice
    FOR EACH ROW EXECUTE FUNCTION slider_append_only();
"""
NOTICES_STAY_AWAY = "DROP TRIGGER notice_append_only ON slider_notice;"


class Migration(migrations.Migration):
    dependencies = [
        ("slider", "0004_history_before_the_first_item"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("pulled_back", "Pulled back"),
                            ("released", "Released"),
                            ("reopened", "Reopened by evidence"),
                            ("suspicion", "Under suspicion"),
                            ("quarantine", "In quarantine"),
                            ("cleared", "Cleared"),
                        ],
                        max_length=12,
                    ),
                ),
                ("words", models.CharField(max_length=600)),
                ("facts", models.JSONField(default=dict, help_text="The numbers behind the words, by name.")),
                (
                    "policy",
                    models.PositiveIntegerField(help_text="The number of the policy that it put in force.", null=True),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "by",
                    models.ForeignKey(
                        help_text="Empty: the guard.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notices", to="slider.task"
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("due", "to be sent"),
                            ("sent", "sent"),
                            ("failed", "given up"),
                            ("void", "no longer theirs to read"),
                        ],
                        default="due",
                        max_length=6,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("sent_at", models.DateTimeField(null=True)),
                ("last_problem", models.CharField(blank=True, max_length=200)),
                (
                    "to",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="letters", to="slider.notice"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="NoticeSeen",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="seen", to="slider.notice"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["task", "-id"], name="notice_newest"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["pulled_back", "released", "reopened", "suspicion", "quarantine", "cleared"])
                ),
                name="notice_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="letter",
            index=models.Index(condition=models.Q(("state", "due")), fields=["next_try_at"], name="letter_due"),
        ),
        migrations.AddConstraint(
            model_name="letter",
            constraint=models.UniqueConstraint(fields=("notice", "to"), name="one_letter_a_person"),
        ),
        migrations.AddConstraint(
            model_name="letter",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["due", "sent", "failed", "void"])), name="letter_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="noticeseen",
            constraint=models.UniqueConstraint(fields=("notice", "user"), name="one_sight_a_person"),
        ),
        migrations.RunSQL(NOTICES_STAY, NOTICES_STAY_AWAY),
    ]
