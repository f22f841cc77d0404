"""What all processes know together of a model's endpoint: whether it answers, and how it wants to be asked."""

from django.db import models


class Circuit(models.Model):
    """The breaker of one model at one endpoint under one key: closed while it answers, open while it does not."""

    base_url = models.CharField(max_length=400)
    model = models.CharField(max_length=120)
    key_name = models.CharField(max_length=60, blank=True, help_text="Quotas are a key's. Empty: the installation's.")
    points = models.PositiveIntegerField(default=0, help_text="Failures since the last answer, by their weight.")
    reason = models.CharField(max_length=300, blank=True, help_text="The last failure, in words.")
    opened_at = models.DateTimeField(null=True, help_text="Empty: closed.")
    probe_at = models.DateTimeField(null=True, help_text="While it is open: when it is asked again.")
    probing_until = models.DateTimeField(null=True, help_text="So long nobody else asks: a probe is in the air.")
    probes = models.PositiveIntegerField(default=0, help_text="Probes that failed since it opened.")
    quiet_until = models.DateTimeField(null=True, help_text="The endpoint asked for silence until then.")
    apart = models.BooleanField(default=False, help_text="It gives one sample a call, whatever it is asked for.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["base_url", "model", "key_name"], name="one_circuit_an_endpoint"),
            models.CheckConstraint(
                condition=models.Q(opened_at=None, probe_at=None, probing_until=None, probes=0)
                | models.Q(opened_at__isnull=False, probe_at__isnull=False),
                name="circuit_probes_while_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.model} at {self.base_url}: {'open' if self.opened_at else 'closed'}"
