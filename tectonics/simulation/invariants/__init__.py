"""What must be true at every moment. One file a family; a new one is a file and a line in `rules`."""

from collections.abc import Callable

from tectonics.simulation.invariants import (
    adverts,
    agreement,
    bounds,
    callmoney,
    calls,
    consent,
    debts,
    delivery,
    holders,
    letterbox,
    limits,
    mailed,
    money,
    numbers,
    outbox,
    recharges,
    rings,
    settled,
    shares,
    switched,
    web,
)
from tectonics.simulation.invariants.invariant import Scene, Wrong

Rule = Callable[[Scene], Wrong]


def rules() -> dict[str, Rule]:
    """Every invariant by its name; some remember what they saw, so each run has its own."""
    return {
        "ledger_adds_up": money.ledger_adds_up,
        "every_movement_has_its_owner": money.every_movement_has_its_owner,
        "every_ticket_has_its_money": money.every_ticket_has_its_money,
        "an_advance_is_its_tickets": debts.an_advance_is_its_tickets,
        "nobody_is_above_his_limit": limits.nobody_is_above_his_limit,
        "the_service_keeps_its_day": limits.the_service_keeps_its_day,
        "nothing_is_lent_that_was_not_agreed_to": consent.nothing_is_lent_that_was_not_agreed_to,
        "people_are_told_the_truth": consent.people_are_told_the_truth,
        "a_recharge_has_one_effect": recharges.a_recharge_has_one_effect,
        "a_reversal_returns_the_payment": recharges.a_reversal_returns_the_payment,
        "no_recovery_is_lost": recharges.no_recovery_is_lost,
        "a_recharge_pays_its_share": shares.a_recharge_pays_its_share,
        "a_new_holder_is_a_new_generation": holders.a_new_holder_is_a_new_generation,
        "what_waits_has_its_command": outbox.what_waits_has_its_command,
        "one_pair_of_hands": outbox.OnePairOfHands(),
        "numbers_have_no_gap": numbers.NumbersHaveNoGap(),
        "nothing_committed_is_lost": numbers.NothingCommittedIsLost(),
        "consumers_have_the_log": delivery.ConsumersHaveTheLog(),
        "files_hold_the_log": delivery.files_hold_the_log,
        "what_is_lent_by_message_was_agreed_to": agreement.what_is_lent_by_message_was_agreed_to,
        "what_messages_say_is_true": agreement.what_messages_say_is_true,
        "who_asked_by_message_is_told": agreement.who_asked_by_message_is_told,
        "what_was_acknowledged_is_committed": letterbox.what_was_acknowledged_is_committed,
        "a_message_counts_once": letterbox.a_message_counts_once,
        "nothing_is_said_twice": letterbox.nothing_is_said_twice,
        "advertising_keeps_its_caps": adverts.advertising_keeps_its_caps,
        "nobody_is_disturbed": adverts.nobody_is_disturbed,
        "a_stop_is_kept": adverts.a_stop_is_kept,
        "only_who_could_borrow_is_advertised_to": adverts.only_who_could_borrow_is_advertised_to,
        "each_advertisement_has_its_ticket": adverts.each_advertisement_has_its_ticket,
        "what_is_lent_over_gsup_was_agreed_to": switched.what_is_lent_over_gsup_was_agreed_to,
        "what_the_switch_shows_is_true": switched.what_the_switch_shows_is_true,
        "nothing_is_left_of_a_session": switched.nothing_is_left_of_a_session,
        "who_dials_over_gsup_is_served": switched.who_dials_over_gsup_is_served,
        "nobody_is_rung_twice": calls.nobody_is_rung_twice,
        "one_call_at_a_time": calls.one_call_at_a_time,
        "a_request_has_one_end": calls.a_request_has_one_end,
        "calls_end_in_time": calls.calls_end_in_time,
        "a_call_has_its_command": calls.a_call_has_its_command,
        "a_call_costs_what_was_talked": callmoney.a_call_costs_what_was_talked,
        "a_settlement_is_its_call": callmoney.a_settlement_is_its_call,
        "what_is_held_is_a_calls": callmoney.what_is_held_is_a_calls,
        **_of_rings_and_pages(),
        **mailed.RULES,
        "everybody_has_hung_up": calls.everybody_has_hung_up,
        "everything_is_settled": settled.everything_is_settled,
        "everything_is_paid_back": settled.everything_is_paid_back,
        "no_queue_is_beyond_its_bound": bounds.no_queue_is_beyond_its_bound,
        "nobody_logs_a_fault_of_ours": bounds.nobody_logs_a_fault_of_ours,
    }


def _of_rings_and_pages() -> dict[str, Rule]:
    return {
        "nobody_pays_for_a_ring": rings.nobody_pays_for_a_ring,
        "every_ring_is_answered": rings.every_ring_is_answered,
        "a_ring_is_no_debt": rings.a_ring_is_no_debt,
        "a_ring_has_one_effect": rings.a_ring_has_one_effect,
        "a_caller_is_not_heard_too_often": rings.a_caller_is_not_heard_too_often,
        "nothing_rings_in_the_end": rings.nothing_rings_in_the_end,
        "what_is_lent_on_a_page_was_shown": web.what_is_lent_on_a_page_was_shown,
        "a_form_has_one_effect": web.a_form_has_one_effect,
        "what_pages_say_is_true": web.what_pages_say_is_true,
        "nobody_is_in_without_his_code": web.nobody_is_in_without_his_code,
        "codes_are_few": web.codes_are_few,
        "a_page_is_its_visitors": web.a_page_is_its_visitors,
        "who_visits_is_served": web.who_visits_is_served,
    }
