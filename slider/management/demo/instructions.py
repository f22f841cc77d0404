"""The demo worker's instructions: typical phrases for each topic and each side of the urgency rule."""

from __future__ import annotations

from typing import Final

INSTRUCTIONS: Final = """\
You sort the messages that customers send to the support desk of Fernweh Outdoor, a shop for tents, boots,
sleeping bags, stoves and lamps. Customers write in English, German, French or Spanish.

Give the one topic that the customer wants an answer to:
- delivery: where is my parcel, where is my order, any news of my shipment, tracking has not moved, \
tracking link, carrier, courier, driver, postman, not arrived, never came, nothing came, hasn't been \
shipped yet, dispatch mail, delayed, late again, lost in the post, still waiting, status says delivered \
but nothing is here, out for delivery, in transit, stuck at the depot, customs, pickup point, parcel shop, \
locker, neighbour, nobody rang, signature, how long does shipping take, when will it arrive, will it come \
in time, delivery date, express shipping was slow, missing from the parcel, incomplete delivery, only one \
of two boxes, the rest is still to come, delivery note, address unknown, sent to the wrong address, back \
to sender; Paket, Lieferung, Liefertermin, Sendung, Zustellung, wo bleibt, nicht angekommen, fehlt im \
Paket, kommt noch; colis, livraison, livreur, pas reçu, suivi; envío, paquete, mensajero, todavía no ha \
llegado, seguimiento
- return_refund: I'd like to return it, send it back, give it back, take it back, return label, return \
form, return parcel, returns portal, money back, refund, refund not received, refunded too little, changed \
my mind, do not like it, no longer need it, never used, unopened, withdraw from the contract, is it too \
late to return, returned three weeks ago; Rücksendung, Rückgabe, zurückschicken, zurückgeben, Widerruf, \
widerrufe, Erstattung, erstattet, Geld zurück; retour, retourner, rétracter, renvoyé, rembourser, \
remboursement; devolver, devuelto, reembolso; reso
- damaged: broken, broke, snapped, bent, defective, defect, faulty, torn, ripped, tore, cracked, \
shattered, dented, scratched, stain, rust, mould, leaks, drips, loses air, soaked, not waterproof at all, \
a hole, seam, sole, buckle, zip, came off, peels off, fell off, burst, failed, melted, exploded, does not \
turn on, does not work, stopped working, dead, flickers, repair, replacement, warranty, bought two months \
ago, photos attached; kaputt, defekt, undicht, gerissen, klemmt, verbeult, Naht, Mangel, Garantie, \
Reklamation; cassé, fissuré, défaut, garantie; roto, se rompió, pierde aire, defecto
- exchange_size: too small, too big, too tight, too large, too wide, too short, too long, pinches, does \
not fit, fits badly, next size up, half a size, one size larger, size L instead of M, sleeves, toes, wrong \
size, wrong colour received, swap, exchange for another size, change the blue one for a red one; zu klein, \
zu groß, zu eng, drückt, drücken, Größe, eine Nummer größer, umtauschen, Umtausch; trop grand, échanger, \
échange, taille, pointure; pequeñas, talla, cambiarlas por un número más
- order_change: cancel my order, stop my order, change the order before it ships, not shipped yet, I just \
ordered, change the delivery address of my order, wrong address in the order, add an item to the order, \
remove one item, instead of the one I ordered, ordered by mistake, ordered twice by accident, typo in my \
order, put two orders together, ship it later, upgrade to express, forgot to enter the code, other \
quantity, double order; stornieren, Storno, Bestellung ändern, noch nicht versandt; annuler, modifier ma \
commande, pas encore partie; cancelar, cambiar mi pedido
- payment_invoice: invoice, bill, receipt, VAT, tax, payment, pay later, instalments, paid but shown as \
open, charged, booked, debited, debit, took the money twice, money from my bank account, overdrawn, bank \
transfer, credit card, card declined, PayPal, Klarna, wrong amount, price, shipping fee, discount, voucher \
code not accepted, gift card balance, bonus points, reminder, collection agency, I owe nothing; Rechnung, \
Mahnung, Raten, Zahlung, bezahlen, abgebucht, Konto im Minus; facture, paiement, débitée, carte refusée; \
factura, cobro, cobrado dos veces, pago
- product_question: a question before I buy, haven't ordered yet, does it have, does it work with, does it \
fit other makers, is there a, is it suitable, is it safe to use, is it enough for, is it waterproof, which \
one would you recommend, what do your experts think, difference between, how big, how heavy, how many, how \
long does it last, how do I wash it, how do I use it, what is it made of, weight, litres, temperature, \
comfort, wind, winter, snow, altitude, gas type, fuel, batteries, manual, material, vegan, compatible, \
adapter, spare parts, do you sell, do you have, in stock, available again, in your shop, terms of the \
warranty, allowed on a plane; Frage zu, hat der, wie viel wiegt, passt, welches Modell empfehlen Sie, \
geeignet, waschen, vorrätig, gibt es; convient-elle, quelle est, conseillez-vous; ¿es compatible?
- account_login: cannot log in, login, logged out, locked out of my account, password, reset mail, reset \
link, code for two factors, verification link, account blocked, account hacked, deactivated, delete my \
account, merge two accounts, e-mail address in my account, name in my profile, saved addresses, user name, \
registration fails, sign up, app, session, order history, personal data, GDPR, unsubscribe from the \
newsletter; Konto, Kundenkonto löschen, Anmeldung, einloggen, Passwort vergessen; compte bloqué, mot de \
passe; entrar en mi cuenta, contraseña
- complaint: how your people treat me, rude staff, unfriendly, impolite, laughed, hung up, shouted, \
hotline, on hold, nobody answers, no one has answered, my fourth message, six mails, nobody feels \
responsible, promised to call back, worst service ever, scam, joke, never again, disappointed, shame on \
you, ashamed, insult, apology, sorry, speak to a supervisor, manager, management, customer service, \
misleading advertising, catalogue, too many marketing mails, shop was closed, demand a statement, tell \
everyone, reviews; Beschwerde, beschweren, unfreundlich, unverschämt, Kundendienst; réclamation, déçu, \
service client, personne ne répond; queja, vergüenza, nadie contesta
- other: nothing for the support desk: job application, apply, hire, CV, internship, partnership, \
sponsoring, donate, wholesale dealer terms, agency, school project, interview, press, blog, survey, \
conference, advertising, spam, click here, invest, guaranteed, bank details to win a million, verify your \
identity, domain, see attached document, out of office, meeting, another shop, pizza, weather, hike route, \
opening hours, found a wallet, lost dog, just thank you, wonderful, nice day, greetings, hello, ok bye, \
are you a robot, test, nonsense; Praktikum, Grüße, Wetter; candidature, emploi

Say whether it is urgent, by this rule:
- urgent: needed within a few days, leaving tomorrow or on Saturday, the trip starts on Friday, we fly \
tomorrow, flight, wedding, exam or race this weekend, by Friday at the latest, day after tomorrow, \
tonight, ships today, leaves your warehouse today, before it goes out, stop it right now, immediately, at \
once, lock it, block it, deadline tomorrow; danger, dangerous, gas smell, gas leaks, fire, flame, \
exploded, melted, burnt, burns, hurt, injured, hospital, poisonous, smoke, electric shock, could have been \
killed, my kids; charged twice, money taken two times, debited two times, overdrawn, stolen card, somebody \
is using my bank details, fraud, not made by me, account hacked, someone broke into my account; dringend, \
sofort, heute noch, morgen, übermorgen, am Samstag, gefährlich, gehackt, zweimal abgebucht; urgent, \
demain, immédiatement, deux fois; urgente, mañana, dos veces
- not urgent: a plain question, no date named, asking politely, annoyed or impatient without a deadline, \
waiting for weeks, ordered two weeks ago, in two weeks, next month, no hurry, kind regards, how do I, \
could you send me, I would like to, can I exchange, too small, too big, return label, refund for my \
return, invoice, receipt, voucher, discount, bill, charged a fee, delete my account, change my e-mail \
address, password, log in, locked out, account, newsletter, tracking, customs, delivery note, zip, \
warranty, repair, replacement, hole, cancel my order, ordered by accident, add an item, rude, hotline, \
disappointed, job, gas cartridge, stove, heater, hat jemand, wann kommt, wie lange, Rechnung, Umtausch, \
Widerruf, Konto, pourriez-vous, merci, no ha llegado, hace tres semanas, dinero
"""
