"""A claim whose lease ran out, and that an open page took up again, may be released by a lead as well."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("slider", "0019_own_keys_and_pictures"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="freed",
            name="one_end_a_claim",
        ),
        migrations.AddConstraint(
            model_name="freed",
            constraint=models.UniqueConstraint(
                condition=models.Q(("by", None)), fields=("review", "token"), name="one_end_of_a_lease_a_claim"
            ),
        ),
        migrations.AddConstraint(
            model_name="freed",
            constraint=models.UniqueConstraint(
                condition=models.Q(("by__isnull", False)), fields=("review", "token"), name="one_release_a_claim"
            ),
        ),
    ]
