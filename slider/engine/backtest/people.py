"""The people of a replay: they judge late, and sometimes wrongly."""

from dataclasses import dataclass

import numpy as np

from slider.engine.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class People:
    """How looks end and how long they take; delays are exponential, in items routed meanwhile.

    Attributes:
        miss: the share of wrong answers that a person calls right.
        false_alarm: the share of right answers that a person calls wrong and a second person confirms.
        delay_right, delay_wrong: mean delay of a verdict on a right and on a wrong answer.
        longest: no verdict takes longer.
    """

    miss: float = 0.0
    false_alarm: float = 0.0
    delay_right: float = 60.0
    delay_wrong: float = 200.0
    longest: float = 1500.0

    def say(self, wrong: Bools, *, rng: np.random.Generator, doubt: Floats | None = None) -> Bools:
        """Return what people would call wrong, in the shape of `wrong`.

        `doubt`: the chance with which one person, drawn from those who voted, calls the answer wrong; slips are in it.
        """
        luck = rng.random(wrong.shape)
        if doubt is not None:
            drawn: Bools = luck < doubt
            return drawn
        return np.where(wrong, luck >= self.miss, luck < self.false_alarm)

    def delays(self, wrong: Bools, *, rng: np.random.Generator) -> Ints:
        """Return the delay of each verdict in whole items, in the shape of `wrong`."""
        means: Floats = np.where(wrong, self.delay_wrong, self.delay_right)
        delays = np.minimum(rng.exponential(size=wrong.shape) * means, self.longest)
        return delays.astype(np.int64)
