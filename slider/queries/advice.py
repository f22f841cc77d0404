"""What to do about a try at a webhook that failed, in a sentence."""

from slider.webhook import Reason

_ADVICE: dict[str, str] = {
    Reason.DNS: "The name is not known where the sender runs: check its spelling, and that the sender's DNS knows it.",
    Reason.CONNECTION: "Nobody listens there, or a firewall is between: check the host, the port, and what is let out.",
    Reason.TLS: "The receiver's certificate must be valid, whole with its chain, and made for the address's name.",
    Reason.TIMEOUT: "Answer within 15 seconds: take the event down first, work on it afterwards.",
    Reason.PROTOCOL: "Something else than a web server answers at this address: check the port.",
    Reason.REDIRECT: "Redirects are not followed, as they could lead anywhere: enter the final address.",
    Reason.GONE: "410 says that it wants no more of these, ever: it was turned off. Turn it on if that was a mistake.",
    "secret": "We could not sign: put the key that sealed its secret back (SLIDER_SEALING_KEYS), or give it a new one.",
}
_STATUSES = {
    400: "It does not understand the event: look at what it said, and at the body.",
    401: "It wants to know who sends: most receivers mean that the signature does not fit. Compare the secret.",
    403: "It refuses us: compare the secret, and ask whether something in front of it lets only some addresses in.",
    404: "There is nothing at this path: check the address.",
    405: "It takes no POST at this path: check the address.",
    413: "The event is larger than it takes: raise its limit.",
    415: "It does not take application/json at this path: check the address.",
    429: "It asks for fewer at once, and is left alone for as long as it says, up to an hour.",
}


def advice(reason: str, status: int | None) -> str:
    """A sentence for this failure; empty where there is nothing to say."""
    if reason.startswith("url_"):
        return (
            "The address is not one that webhooks may go to. On your own network an operator can allow the host by "
            "name: SLIDER_WEBHOOK_HOSTS."
        )
    if reason == Reason.STATUS and status is not None:
        return _STATUSES.get(
            status, "The receiver has trouble of its own: its log knows more." if status >= 500 else ""
        )
    return _ADVICE.get(reason, "")
