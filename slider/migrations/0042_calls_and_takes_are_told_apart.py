"""A call that sends a file is known by what it said, too; and an export counts how often it was taken up."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("slider", "0041_files_on_their_way_out"),)

    operations = (
        migrations.AddField(
            model_name="import",
            name="once_said",
            field=models.BinaryField(help_text="A digest of what that call said of it.", max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="export",
            name="takes",
            field=models.PositiveIntegerField(
                db_default=0, help_text="How often it was taken up since it began, or began anew."
            ),
        ),
    )
