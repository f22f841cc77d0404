"""What the tests of histories have in common: a guarded task, and a history that is in force."""

from typing import Any

import numpy as np

from slider.models import Mode
from tests import casts, judged


def guarded(**changes: Any) -> casts.Company:
    return casts.company(share=0.9, mode=Mode.GUARDED, **({"error_limit": 0.05} | changes))


def counts(cast: casts.Company) -> tuple[Any, Any]:
    """What the guard remembers: wrong and right labels inside each cut, by weight class."""
    state = judged.watch(cast).state
    return np.array(state["wrong"]), np.array(state["right"])
