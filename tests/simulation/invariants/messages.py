"""The same moment with messages: he borrowed by SMS, was told, and was advertised to once. And how that can be wrong."""

from tectonics.config.policy import decode_policy
from tectonics.simulation.mail import Row
from tectonics.simulation.population.screens import Consent
from tectonics.simulation.postbook import Call, Read, Submitted, Written
from tests.simulation.invariants.healthy import POLICY, A, healthy, record, ticket

ADVERTISING = {"sending": True, "day_max": 1, "week_max": 1, "valid": "10m"}
SHOWN = ("You get 2.00 EUR, the fee is 0.20. 2.20 will be taken from your recharges, due by 22/01. Answer YES 27 to accept.")
GRANTED = "You have received 2.00 EUR. 2.20, with the fee of 0.20, will be taken from your recharges, due by 22/01."
ADVERT = "Your balance is 0.20 EUR. Dial *133# and get up to 2.00 EUR now (fee 0.20), paid back from your next recharge."
TERMS = Consent(200, 20, 220, "YES 27", "NO")
N1 = ("n1", 1)


def wrote(text, at_s, offers=(), life=N1, generation=1):
    return Written(A, text, at_s, True, offers, [(at_s, life, generation)], 0, at_s + 1, at_s + 1, generation)


def advertised(seq=4, time="2027-01-15T08:00:00.000Z", trigger="B1", **fields):
    told = {"id": f"t{seq}", "time": time, "policy": 1, "trigger": trigger, "campaign": "low", "segment": "standard",
            "amount": "2.00", "fee": "0.20"} | fields
    return ticket(seq, "advert.sent", **told)


def corresponding():
    """Of the rules about messages none complains."""
    scene = healthy()
    one, post = scene.books.of(A), scene.journal.post
    one.advances["a1"]["channel"], one.messages = "sms", {"m1", "m2"}
    post.offer_s = 900.0
    post.written[A] = [wrote("SOS", 1.0), wrote("YES 27", 9.0, ((3.0, TERMS),))]
    texts = {3.0: SHOWN, 11.0: GRANTED, 1.5: ADVERT}
    post.read[A] = [Read(at_s, text) for at_s, text in texts.items()]
    post.submitted[A] = [Submitted(at_s, text, 0, 1, 1) for at_s, text in texts.items()]
    scene.books.mail.rows[A] = {(f"o{number}", 1): Row("sent", 1, False) for number in range(3)}
    scene.books.mail.adverts[A] = {"o2"}
    scene.policies[1] = decode_policy(POLICY | {
        "lending": POLICY["lending"] | {"balance_max": "0.50"}, "advertising": ADVERTISING}, 1)
    scene.journal.fed(record("B1", 20, type="balance"))
    one.tickets.append(advertised())
    return scene


def of(scene):
    return scene.books.of(A)


def post(scene):
    return scene.journal.post


def lent_before_it_was_read(s):
    post(s).written[A][1].offers = ()


def lent_long_after_it_was_read(s):
    post(s).written[A][1].offers = ((-900.0, TERMS),)


def lent_another_offer(s):
    of(s).advances["a1"]["offer"]["fee_minor"] = 21


def lent_over_ussd_unasked(s):
    of(s).advances["a1"]["channel"] = "ussd_smpp"
    post(s).calls[A] = [Call(A)]


def told_of_what_was_not_lent(s):
    post(s).read[A].append(Read(12.0, GRANTED.replace("2.00", "5.00")))


def not_told(s):
    del post(s).read[A][1]


def taken_and_forgotten(s):
    of(s).messages = set()


def decided_twice(s):
    of(s).messages.add("m3")


def said_again(s):
    post(s).submitted[A].append(post(s).submitted[A][0])


def advertised_twice(s):
    of(s).tickets.append(advertised(5))


def advertised_at_night(s):
    of(s).tickets[-1] = advertised(time="2027-01-15T07:59:00.000Z")


def advertised_too_late(s):
    post(s).submitted[A].append(Submitted(700.0, ADVERT, 0, 1, 1))


def stop_forgotten(s):
    post(s).written[A].append(wrote("STOP", 20.0))


def stopped_by_nobody(s):
    of(s).profile["adverts_stopped_at"] = 1


def stop_of_the_former_holder(s):
    post(s).written[A].append(wrote("STOP", 20.0))
    of(s).profile["adverts_stopped_at"], of(s).generation = 1, 2


def advertised_after_a_stop(s):
    post(s).written[A].append(wrote("STOP", 20.0))
    of(s).profile["adverts_stopped_at"] = 1
    of(s).tickets[-1] = advertised(time="2027-01-15T08:00:30.000Z")


def advertised_to_the_rich(s):
    s.journal.records["B1"].amount_minor = 51


def advertised_to_a_debtor(s):
    of(s).tickets.insert(1, of(s).tickets.pop())


def advertised_to_the_barred(s):
    of(s).tickets.insert(3, ticket(5, "subscriber.barred"))


def message_without_ticket(s):
    s.books.mail.adverts[A].add("o3")


def ticket_without_message(s):
    del post(s).submitted[A][2]
    object.__setattr__(s, "at_s", 200.0)
    object.__setattr__(s, "now", s.now + 300_000)


WRONG = {
    "what_is_lent_by_message_was_agreed_to": (lent_before_it_was_read, lent_long_after_it_was_read,
                                              lent_another_offer, lent_over_ussd_unasked),
    "what_messages_say_is_true": (told_of_what_was_not_lent,),
    "who_asked_by_message_is_told": (not_told,),
    "what_was_acknowledged_is_committed": (taken_and_forgotten,),
    "a_message_counts_once": (decided_twice,),
    "nothing_is_said_twice": (said_again,),
    "advertising_keeps_its_caps": (advertised_twice,),
    "nobody_is_disturbed": (advertised_at_night, advertised_too_late),
    "a_stop_is_kept": (stop_forgotten, stopped_by_nobody, stop_of_the_former_holder, advertised_after_a_stop),
    "only_who_could_borrow_is_advertised_to": (advertised_to_the_rich, advertised_to_a_debtor, advertised_to_the_barred),
    "each_advertisement_has_its_ticket": (message_without_ticket, ticket_without_message),
}
