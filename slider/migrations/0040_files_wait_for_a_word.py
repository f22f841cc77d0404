"""Files of items may wait for a person's word: what their columns hold, a mapping, a dry run; and may be dropped."""

from django.db import migrations, models

STATES = (
    ("arriving", "is arriving"),
    ("looking", "is being examined"),
    ("asking", "waits for a word"),
    ("trying", "is tried out"),
    ("coming", "is being brought in"),
    ("waiting", "waits for its turn"),
    ("running", "running"),
    ("done", "done"),
    ("failed", "could not be read"),
    ("dropped", "dropped"),
)
KINDS = (
    ("decision", "items routed"),
    ("result", "results"),
    ("verdict", "verdicts and corrections"),
    ("item", "files brought in, items withdrawn"),
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
)


class Migration(migrations.Migration):
    dependencies = (("slider", "0039_parcels_for_receivers"),)

    # Older code takes up none of the new states: it would bring a file in by its columns' names, and not as was said.
    widens = ("import_state",)

    operations = (
        migrations.RemoveConstraint(model_name="import", name="import_state"),
        migrations.AddField(
            model_name="import",
            name="asked_at",
            field=models.DateTimeField(help_text="Since when it waits for a word.", null=True),
        ),
        migrations.AddField(
            model_name="import",
            name="asks",
            field=models.BooleanField(db_default=False, help_text="Waits for a person's word once it is examined."),
        ),
        migrations.AddField(
            model_name="import",
            name="columns",
            field=models.JSONField(help_text="What its columns hold, once it is examined.", null=True),
        ),
        migrations.AddField(
            model_name="import",
            name="mapping",
            field=models.JSONField(help_text="Which column goes where. Empty: as the columns are called.", null=True),
        ),
        migrations.AddField(
            model_name="import",
            name="once",
            field=models.CharField(
                help_text="The key and the name of the call that brought it.", max_length=300, null=True
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="sample",
            field=models.JSONField(
                help_text="Its first rows as they stand, to show what they would become.", null=True
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="shape",
            field=models.BinaryField(help_text="A digest of the names of its columns.", max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="import",
            name="takes",
            field=models.PositiveIntegerField(
                db_default=0, help_text="How often it was taken up since somebody's last word."
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="tried",
            field=models.JSONField(help_text="What the last dry run counted, and with which mapping.", null=True),
        ),
        migrations.AlterField(
            model_name="import",
            name="state",
            field=models.CharField(choices=STATES, default="waiting", max_length=8),
        ),
        migrations.AddConstraint(
            model_name="import",
            constraint=models.CheckConstraint(
                condition=models.Q(state__in=[state for state, _ in STATES]), name="import_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="import",
            constraint=models.UniqueConstraint(fields=["once"], name="one_import_a_call"),
        ),
        migrations.AlterField(
            model_name="entry",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=12),
        ),
    )
