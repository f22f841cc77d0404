"""How far the demo's items have come: a quiet line while they flow, a table at the end."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count

from slider.engine import percents
from slider.models.decision import Decision
from slider.models.item import Item
from slider.models.states import Lane, State


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of items by state, and of decisions by lane."""

    ready: int
    working: int
    waiting_for_people: int
    done: int
    routed_unattended: int
    routed_to_people: int

    @property
    def is_idle(self) -> bool:
        """True once every item is past the workers."""
        return self.ready == self.working == 0

    @property
    def routed(self) -> int:
        return self.routed_unattended + self.routed_to_people

    def line(self) -> str:
        share = percents.said(self.routed_unattended / self.routed, digits=0) if self.routed else "none"
        return (
            f"{self.routed} routed ({share} unattended), {self.ready + self.working} with workers, "
            f"{self.waiting_for_people} waiting for people, {self.done} done"
        )

    def table(self) -> str:
        rows = {
            "routed unattended": self.routed_unattended,
            "routed to people": self.routed_to_people,
            "waiting for a worker": self.ready,
            "with a worker": self.working,
            "waiting for people": self.waiting_for_people,
            "done": self.done,
        }
        return "\n".join(f"  {name:<22}{count:>8}" for name, count in rows.items())


def read() -> Progress:
    """Count now."""
    states = Counter(dict(Item.objects.values_list("state").annotate(count=Count("pk"))))
    lanes = Counter(dict(Decision.objects.values_list("lane").annotate(count=Count("pk"))))
    return Progress(
        ready=states[State.READY],
        working=states[State.WORKING],
        waiting_for_people=states[State.REVIEW],
        done=states[State.DONE],
        routed_unattended=lanes[Lane.UNATTENDED],
        routed_to_people=lanes[Lane.PEOPLE],
    )
