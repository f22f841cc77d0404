"""The forms of the slider page: another share, what stood before, and the reason that each needs."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest

from slider.flow import policies
from slider.models import Mode, Policy

_WHY = {"required": "Say why: whoever reads the history later needs the reason."}


class ApplyForm(forms.Form):
    """Another share. `expected` is the policy that the person was looking at."""

    percent = forms.FloatField(
        min_value=0,
        max_value=100,
        error_messages={
            "required": "Give a share, 0 to 100.",
            "invalid": "A share is a number, 0 to 100.",
            "min_value": "A share is 0 or more.",
            "max_value": "A share is 100 or less.",
        },
    )
    mode = forms.ChoiceField(choices=Mode.choices, error_messages={"required": "Choose how it is held."})
    reason = forms.CharField(max_length=policies.REASON_MOST, error_messages=_WHY)
    expected = forms.IntegerField(min_value=1, max_value=2**31 - 1)


class PutBackForm(forms.Form):
    """What policy `number` asked, again. Its reason comes with the button."""

    number = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    expected = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    reason = forms.CharField(max_length=policies.REASON_MOST, error_messages=_WHY)


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=policies.REASON_MOST, error_messages=_WHY)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the controls stand at: 0-1, and how it is to be held."""

    share: float
    mode: Mode


def start(request: HttpRequest, policy: Policy) -> dict[str, Any]:
    """What the controls begin with: the address may ask for a share, a mode and a reason to start from."""
    form = ApplyForm({"reason": "-", "expected": "1", "mode": policy.mode} | request.GET.dict())
    form.full_clean()
    given = form.cleaned_data
    return {
        "percent": given.get("percent", round(policy.requested * 100, 2)),
        "mode": given.get("mode", policy.mode),
        "reason": request.GET.get("reason", "")[: policies.REASON_MOST],
        "expected": policy.number,
    }


def wanted(values: dict[str, Any], policy: Policy) -> Wanted:
    """Read what the controls stand at; what makes no sense is what stands."""
    try:
        share = float(values.get("percent") or 0) / 100
        mode = Mode(values.get("mode") or policy.mode)
    except ValueError:
        return Wanted(policy.requested, Mode(policy.mode))
    return Wanted(share if 0 <= share <= 1 else policy.requested, mode)
