"""Webhooks that leave: standard signatures, and deliveries that can't be turned against our own network."""

from slider.webhook.delivery import Delivered, Failed, Outcome, Reason, Refused, post
from slider.webhook.signature import SecretError, check_secret, new_secret, sign
from slider.webhook.target import Resolver, Target, UrlError, check_url

__all__ = [
    "Delivered",
    "Failed",
    "Outcome",
    "Reason",
    "Refused",
    "Resolver",
    "SecretError",
    "Target",
    "UrlError",
    "check_secret",
    "check_url",
    "new_secret",
    "post",
    "sign",
]
