"""The demo's task in words: what the worker of the support desk is told, shown and asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from slider.management.demo.shots import SHOTS, Shot

TASK_NAME: Final = "Sort support messages"
TASK_SLUG: Final = "sort-support-messages"
PROJECT_NAME: Final = "Fernweh Outdoor support desk"
TITLE_FIELD: Final = "subject"

MESSAGES_PATH: Final = Path(__file__).with_name("messages.jsonl")
TRUTHS_PATH: Final = Path(__file__).with_name("truths.jsonl")

TOPICS: Final = (
    "delivery",
    "return_refund",
    "damaged",
    "exchange_size",
    "order_change",
    "payment_invoice",
    "product_question",
    "account_login",
    "complaint",
    "other",
)

INPUT_SCHEMA: Final[dict[str, object]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "subject": {"type": "string", "maxLength": 200},
        "text": {"type": "string", "minLength": 1, "maxLength": 4000},
        "channel": {"type": "string", "enum": ["mail", "chat", "form"]},
        "received": {"type": "string", "format": "date-time"},
    },
    "required": ["subject", "text", "channel"],
    "additionalProperties": False,
}

OUTPUT_SCHEMA: Final[dict[str, object]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "topic": {"type": "string", "enum": list(TOPICS)},
        "urgent": {"type": "boolean"},
    },
    "required": ["topic", "urgent"],
    "additionalProperties": False,
}

INSTRUCTIONS: Final = """\
You sort the messages that customers send to the support desk of Fernweh Outdoor, a shop for tents, boots,
sleeping bags, stoves and lamps. Customers write in English, German, French or Spanish.

Give the one topic that the customer wants an answer to:
- delivery: where is my parcel, tracking has not moved, carrier or courier or driver, not arrived, shipped, \
dispatch, delayed, lost, still waiting for the shipment, delivered but nothing is here, depot, customs, \
pickup point, neighbour, item missing from the parcel, only half of the order came; Paket, Lieferung, \
Sendung, Zustellung, nicht angekommen; colis, livraison, livreur, suivi; envío, paquete, no ha llegado
- return_refund: wants to send it back, return label, return parcel, money back, refund not received, changed \
my mind, withdraw from the contract; Rücksendung, Rückgabe, zurückschicken, Widerruf, Erstattung; \
retour, rembourser, remboursement; devolver, reembolso
- damaged: broken, defective, faulty, torn, ripped, cracked, leaks, a hole, seam, came off, does not work, \
stopped working, repair or replacement, warranty; kaputt, defekt, undicht, gerissen, Garantie, Reklamation; \
cassé, défaut; roto, defecto
- exchange_size: too small, too big, too tight, too large, too short, does not fit, wrong size or colour \
received, swap for another size, exchange for L instead of M; zu klein, zu groß, drückt, Größe, umtauschen; \
échanger, taille, pointure; talla, cambiar por otro número
- order_change: cancel my order, change the order before it is shipped, change the delivery address, add or \
remove an item, ordered by mistake, ordered twice; stornieren, Bestellung ändern; annuler, modifier la \
commande; cancelar, cambiar el pedido
- payment_invoice: invoice, bill, receipt, VAT, payment, paid, charged, debit, credit card, bank transfer, \
PayPal, price, discount code, voucher, gift card not accepted, reminder; Rechnung, Mahnung, abgebucht, \
bezahlen; facture, paiement, débité; factura, cobro, pago
- product_question: a question before buying or about use: does it have, is it suitable, which one do you \
recommend, how big, how heavy, weight, temperature, waterproof, material, compatible, spare parts, in stock \
again, how do I wash or care for it; Frage zum Produkt, passt, welches, empfehlen, vorrätig; convient, quelle
- account_login: cannot log in, login, password, reset link, account blocked, hacked, delete my account, \
e-mail address or profile, registration, personal data, newsletter; Konto, Anmeldung, Passwort; compte, \
mot de passe; cuenta, contraseña
- complaint: about how we treat people: rude staff, hotline, on hold, nobody answers, promised to call back, \
worst service, disappointed, ashamed, apology, manager, misleading advertising; Beschwerde, unfreundlich, \
Kundendienst; réclamation, déçu; queja
- other: nothing for the support desk: job application, CV, internship, partnership or sponsoring offer, press, \
advertising, spam, click here, another shop, thank you, greetings, hello, test, nonsense

Say whether it is urgent, by this rule:
- urgent: needed within a few days, leaving tomorrow or on Saturday, trip, flight, wedding or exam this week, \
ships today, stop it right now, immediately, at once, deadline tomorrow; danger, gas smell, fire, burnt, hurt, \
injured, hospital, poisonous, smoke; charged twice, money taken two times, stolen card, fraud, account hacked; \
dringend, sofort, heute noch, morgen, übermorgen, gefährlich; urgent, demain; urgente, mañana
- not urgent: everything else: a plain question, no date named, asking politely, annoyed or impatient but no \
deadline, weeks ago, in two weeks, next month, no hurry, how do I
"""


@dataclass(frozen=True, slots=True)
class Demo:
    """All that the demo's seeding needs to make the task and its worker."""

    instructions: str
    examples: tuple[Shot, ...]


DEMO: Final = Demo(instructions=INSTRUCTIONS, examples=SHOTS)
