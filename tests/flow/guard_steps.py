"""What the tests of the guard have in common."""

from slider.models import Review
from tests import casts, judged

tend = judged.tend


def third(look: Review) -> bool:
    return int(look.item.external_id[1:]) % 3 == 0


def counted(cast: casts.Company) -> tuple[int, int]:
    """Right and wrong verdicts inside the guard's last cut, which holds every one that counts."""
    state = judged.watch(cast).state
    return sum(state["right"][-1]), sum(state["wrong"][-1])
