"""The examples in the demo worker's prompt; none of them is among the demo's messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from slider.strict import JSON


@dataclass(frozen=True, slots=True)
class Shot:
    """One message as the worker is shown it, with the right answer."""

    subject: str
    text: str
    channel: str
    topic: str
    urgent: bool

    @property
    def input(self) -> dict[str, JSON]:
        return {"subject": self.subject, "text": self.text, "channel": self.channel}

    @property
    def output(self) -> dict[str, JSON]:
        return {"topic": self.topic, "urgent": self.urgent}


def _shot(topic: str, text: str, *, subject: str = "", channel: str = "mail", urgent: bool = False) -> Shot:
    return Shot(subject=subject, text=text, channel=channel, topic=topic, urgent=urgent)


SHOTS: Final[tuple[Shot, ...]] = (
    _shot(
        "delivery",
        "Good morning, my order was shipped nine days ago and the tracking number shows nothing new since "
        "then. Has the parcel been lost?",
        subject="Still no parcel",
    ),
    _shot(
        "delivery",
        "We're off to Sweden on Saturday and the tent hasn't arrived yet. Will it get here in time? We "
        "can't leave without it.",
        subject="Tent needed for Saturday",
        urgent=True,
    ),
    _shot("delivery", "courier says delivered but nothing here, neighbours dont have it", channel="chat"),
    _shot(
        "delivery",
        "Von den drei bestellten Artikeln waren nur zwei im Paket. Wann kommt der fehlende Artikel?",
        subject="Artikel fehlt in der Lieferung",
    ),
    _shot(
        "delivery",
        "The driver left my package at a shop on the other side of town. Please have it delivered to my door.",
        subject="Wrong pickup point",
        channel="form",
    ),
    _shot(
        "delivery",
        "hi, flying to Chile tomorrow, the down jacket is still in the depot, can I collect it today??",
        channel="chat",
        urgent=True,
    ),
    _shot(
        "return_refund",
        "I'd like to give back the cooker, it's unused and still in its box. Please send me a return label.",
        subject="Sending something back",
    ),
    _shot(
        "return_refund",
        "You've had my returned tent for two weeks now, and I'm still waiting for the refund of 240 euros.",
        subject="Where's my money?",
    ),
    _shot("return_refund", "want to return smth, no label in the box", channel="chat"),
    _shot(
        "return_refund",
        "Guten Tag, ich trete vom Kauf der Regenhose zurück. Wohin soll ich sie zurücksenden und wann "
        "bekomme ich mein Geld wieder?",
        subject="Rücktritt",
        channel="form",
    ),
    _shot(
        "return_refund",
        "Only part of the amount for the returned jackets was paid back to my card. The rest is missing.",
        subject="Refund incomplete",
    ),
    _shot(
        "damaged",
        "The zipper of the sleeping bag broke on the second night. Can it be repaired, or will I get a new one?",
        subject="Zipper gone",
    ),
    _shot(
        "damaged",
        "There's a smell of gas as soon as I screw on the cartridge, and a flame came out at the side. My "
        "hand is burnt. This is dangerous!",
        subject="Stove is dangerous",
        urgent=True,
    ),
    _shot("damaged", "my new torch stopped working after a week, warranty?", channel="chat"),
    _shot(
        "damaged",
        "The package was fine, but the mug inside was cracked and the lid was bent. Please send a replacement.",
        subject="Arrived in pieces",
        channel="form",
    ),
    _shot(
        "damaged",
        "Schon nach der ersten Tour ist die Naht am Rucksack gerissen und das Wasser läuft hinein.",
        subject="Rucksack kaputt",
    ),
    _shot(
        "exchange_size",
        "The hiking boots are a bit too short for me. I'd like to exchange the pair in 40 for one in 41.",
        subject="Exchange boots",
    ),
    _shot("exchange_size", "jacket too big, can u swap for S?", channel="chat"),
    _shot(
        "exchange_size",
        "Die Handschuhe sitzen viel zu eng. Kann ich sie gegen eine Nummer größer tauschen?",
        subject="Andere Größe",
    ),
    _shot(
        "exchange_size",
        "The shoes don't fit, and the race is on Sunday. Could you send the next size up by express?",
        subject="Too tight, needed by Sunday",
        channel="form",
        urgent=True,
    ),
    _shot(
        "order_change",
        "I've just ordered and noticed that the address is an old one. Please change it before you ship.",
        subject="Order 40021, new address",
    ),
    _shot("order_change", "pls cancel, ordered the wrong tent", channel="chat"),
    _shot(
        "order_change",
        "Stop my order at once, please, it's going to leave your warehouse today and I've typed in the wrong town!",
        subject="Don't send it",
        urgent=True,
    ),
    _shot(
        "order_change",
        "Could I add a pair of socks to my order and have the green cup instead of the white one?",
        subject="One more thing for my order",
        channel="form",
    ),
    _shot(
        "payment_invoice",
        "I need an invoice with our company's name and VAT number for the order of last month.",
        subject="Invoice needed",
    ),
    _shot(
        "payment_invoice",
        "The same amount was debited from my account two times. Please transfer one of them back immediately.",
        subject="Double charge",
        urgent=True,
    ),
    _shot("payment_invoice", "my card gets declined at checkout, why", channel="chat"),
    _shot(
        "payment_invoice",
        "The discount code from your newsletter wasn't deducted, I paid the full price. And the reminder is wrong too.",
        subject="Price on the bill",
        channel="form",
    ),
    _shot(
        "product_question",
        "Is the two-person tent suitable for winter, how heavy is it, and which pegs do you recommend for snow?",
        subject="Question about a tent",
    ),
    _shot("product_question", "does the backpack have a rain cover?", channel="chat"),
    _shot(
        "product_question",
        "Wie warm ist der Schlafsack und kann man ihn in der Maschine waschen?",
        subject="Frage zum Schlafsack",
    ),
    _shot(
        "product_question",
        "Will the red lamp be available again, and can I use normal batteries with it?",
        subject="Lamp sold out",
        channel="form",
    ),
    _shot(
        "account_login",
        "My password isn't accepted any longer and the mail with the reset link doesn't come.",
        subject="Login doesn't work",
    ),
    _shot(
        "account_login",
        "Someone has changed the e-mail address in my account and is ordering things with my card. Block it now!",
        subject="My account was hacked",
        channel="form",
        urgent=True,
    ),
    _shot(
        "complaint",
        "I've called your hotline five times and been cut off each time. Nobody ever called me back. I'm "
        "very disappointed with how you treat your customers.",
        subject="Poor service",
    ),
    _shot("complaint", "ur staff in the store was so rude, i want an apology", channel="chat"),
    _shot(
        "other",
        "I'm a trained shop assistant and looking for a job. Please find my CV attached.",
        subject="Application",
    ),
    _shot(
        "other",
        "We help online shops to get more visitors. Click here for our offer and win a free analysis!",
        subject="More customers for you",
    ),
    _shot("other", "hi test 1 2 3", channel="chat"),
    _shot(
        "other",
        "No question today, just many thanks and greetings from the mountains.",
        subject="Thanks",
        channel="form",
    ),
)
