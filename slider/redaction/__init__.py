"""What of an item is never sent to a model, or goes there under another name: rules, detectors, masking, restoring.

Pure: the standard library and RE2, whose matching takes linear time whatever the pattern.
"""

from slider.redaction.masking import Masked, Restorer, mask, taken_in
from slider.redaction.rules import DETECTORS, NONE, Pattern, Rules, RulesError, below, read

__all__ = [
    "DETECTORS",
    "NONE",
    "Masked",
    "Pattern",
    "Restorer",
    "Rules",
    "RulesError",
    "below",
    "mask",
    "read",
    "taken_in",
]
