"""People are invited to a project, and mails about somebody's own way in are owed."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import slider.models.ways_in


class Migration(migrations.Migration):
    dependencies = [
        ("slider", "0032_personal_keys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("viewer", "Viewer"),
                            ("reviewer", "Reviewer"),
                            ("lead", "Lead"),
                            ("tuner", "Tuner"),
                            ("admin", "Admin"),
                        ],
                        max_length=10,
                    ),
                ),
                ("email", models.EmailField(blank=True, help_text="Empty: whoever has the link.", max_length=254)),
                ("nonce", models.CharField(default=slider.models.ways_in._nonce, max_length=16)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "accepted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="slider.project"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AccountLetter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("reset", "A new password"),
                            ("invitation", "An invitation"),
                            ("told", "What was changed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("address", models.EmailField(max_length=254)),
                ("words", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
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
                    "invitation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="letters",
                        to="slider.invitation",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(fields=["project", "-id"], name="invitation_newest"),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["viewer", "reviewer", "lead", "tuner", "admin"])),
                name="invitation_role",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("accepted_at", None), ("accepted_by", None)),
                    models.Q(("accepted_at__isnull", False), ("accepted_by__isnull", False), ("withdrawn_at", None)),
                    _connector="OR",
                ),
                name="invitation_accepted_once",
            ),
        ),
        migrations.AddIndex(
            model_name="accountletter",
            index=models.Index(condition=models.Q(("state", "due")), fields=["next_try_at"], name="account_letter_due"),
        ),
        migrations.AddConstraint(
            model_name="accountletter",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["reset", "invitation", "told"])), name="account_letter_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="accountletter",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["due", "sent", "failed", "void"])), name="account_letter_state"
            ),
        ),
    ]
