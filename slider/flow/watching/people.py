"""What known answers say of a task's reviewers: how many known wrong drafts they judged, and how many they let pass."""

from dataclasses import dataclass
from typing import Any

from slider.engine import reviewers
from slider.flow.watching import verdicts

_JUDGED = f"""
SELECT count(*), count(*) FILTER (WHERE r.verdict = 'accept')
FROM slider_review r JOIN slider_known k ON k.item_id = r.item_id
WHERE r.task_id = %(task)s AND r.kind = 'known' AND r.state = 'decided' AND NOT k.draft_right AND k.retired_at IS NULL
  AND {verdicts.FINAL}
  AND NOT EXISTS (
    SELECT FROM slider_practice p
    WHERE p.item_id = r.item_id AND p.person_id = r.holder_id AND p.at < r.decided_at
  )
"""  # noqa: S608  # nothing in it comes from outside


@dataclass(frozen=True, slots=True)
class Seen:
    """Known wrong drafts of a task, all its people together: they come in the queue, so each as often as they work."""

    judged: int = 0
    missed: int = 0

    @property
    def is_measured(self) -> bool:
        return reviewers.is_measured(self.missed, self.judged)

    def at_most(self, *, delta: float) -> float:
        """The share of errors that is missed, at most; 0 while it is not measured: they are taken to catch all."""
        if not self.is_measured:
            return 0.0
        bound = float(reviewers.miss_upper(self.missed, self.judged, delta=delta * reviewers.PART))
        return min(bound, reviewers.MOST)

    def to_json(self, *, delta: float) -> dict[str, Any]:
        """For `Policy.certificate`: `at_most` is None while reviewers are taken to catch every error."""
        at_most = self.at_most(delta=delta) if self.is_measured else None
        return {"judged": self.judged, "missed": self.missed, "at_most": at_most}


NOT_MEASURED = Seen()


def seen(task_id: int) -> Seen:
    """Count them, as they stand now."""
    return Seen(*verdicts.rows(_JUDGED, {"task": task_id})[0])
