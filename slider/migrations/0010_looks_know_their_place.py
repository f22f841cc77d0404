"""A look carries its item's place and bin, so that the oldest one owed of each bin is found without a search."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("slider", "0009_the_guard_watches"),)

    operations = (
        migrations.AddField(
            model_name="review",
            name="bin",
            field=models.PositiveSmallIntegerField(
                help_text="Its item's bin. Empty: no evidence about the ranking.", null=True
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="place",
            field=models.BigIntegerField(help_text="Its item's place in the routing order.", null=True),
        ),
        migrations.AddField(
            model_name="watch",
            name="closed_to",
            field=models.BigIntegerField(default=0, help_text="The oldest look owed of what closed regions sent away."),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                condition=models.Q(("state__in", ["open", "held"])),
                fields=["task", "bin", "place"],
                name="review_owed_by_bin",
            ),
        ),
    )
