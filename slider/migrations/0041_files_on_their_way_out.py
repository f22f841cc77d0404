"""Exports: made by the fleet piece by piece, and kept for a while."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

# The pieces are packed already.
UNPACKED = "ALTER TABLE slider_exportpiece ALTER COLUMN content SET STORAGE EXTERNAL;"
PACKED = "ALTER TABLE slider_exportpiece ALTER COLUMN content SET STORAGE EXTENDED;"


class Migration(migrations.Migration):
    dependencies = (
        ("slider", "0040_files_wait_for_a_word"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    )

    operations = (
        migrations.CreateModel(
            name="Export",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "format",
                    models.CharField(
                        choices=[
                            ("csv", "CSV"),
                            ("csv.gz", "CSV, gzipped"),
                            ("jsonl", "JSON Lines"),
                            ("jsonl.gz", "JSON Lines, gzipped"),
                            ("parquet", "Parquet"),
                        ],
                        max_length=8,
                    ),
                ),
                ("narrowed", models.JSONField(default=dict, help_text="Which items, see `Narrowed`.")),
                ("parts", models.JSONField(default=list, help_text="What is told of each beside what came in.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waits for its turn"),
                            ("running", "is being made"),
                            ("done", "ready"),
                            ("failed", "could not be made"),
                            ("cancelled", "cancelled"),
                            ("dropped", "not kept any longer"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                (
                    "problem",
                    models.CharField(blank=True, help_text="Why it could not be made, or is not kept.", max_length=500),
                ),
                ("shape", models.JSONField(help_text="Its columns, fixed when it began.", null=True)),
                (
                    "as_of",
                    models.DateTimeField(help_text="The moment that it tells of, fixed when it began.", null=True),
                ),
                ("upto", models.BigIntegerField(help_text="The last item that was here then.", null=True)),
                ("total", models.PositiveBigIntegerField(help_text="Items to look through.", null=True)),
                (
                    "after",
                    models.BigIntegerField(
                        default=0, help_text="Items up to this one are in the pieces that are stored."
                    ),
                ),
                ("looked", models.PositiveBigIntegerField(default=0, help_text="So many were looked through.")),
                ("rows", models.PositiveBigIntegerField(default=0)),
                ("bytes", models.PositiveBigIntegerField(default=0, help_text="Of the file, as it is downloaded.")),
                ("stored", models.PositiveBigIntegerField(default=0, help_text="Bytes of the pieces.")),
                ("sha256", models.BinaryField(max_length=32, null=True)),
                ("token", models.BigIntegerField(default=0)),
                ("lease_until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        help_text="The key that asked.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="slider.apikey",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="exports", to="slider.task"
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="ExportPiece",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "is_rows",
                    models.BooleanField(
                        default=False, help_text="Rows that wait to be put together, no part of the file."
                    ),
                ),
                ("content", models.BinaryField()),
                ("first", models.BigIntegerField(help_text="The items looked through for it: this one and later,")),
                ("last", models.BigIntegerField(help_text="up to this one.")),
                (
                    "of",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pieces", to="slider.export"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "running"])), fields=["id"], name="export_owed"
            ),
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(condition=models.Q(("state", "done")), fields=["expires_at"], name="export_kept"),
        ),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "running", "done", "failed", "cancelled", "dropped"])),
                name="export_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.CheckConstraint(
                condition=models.Q(("format__in", ["csv", "csv.gz", "jsonl", "jsonl.gz", "parquet"])),
                name="export_format",
            ),
        ),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    models.Q(("expires_at__isnull", False), ("sha256__isnull", False)),
                    _connector="OR",
                ),
                name="export_done_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportpiece",
            constraint=models.UniqueConstraint(fields=("of", "is_rows", "number"), name="one_export_piece_a_number"),
        ),
        migrations.RunSQL(UNPACKED, PACKED),
    )
