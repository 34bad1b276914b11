"""What must be true at every moment. One file a family; a new one is a file and a line in `rules`."""

from collections.abc import Callable

from tectonics.simulation.invariants import (
    bounds,
    consent,
    debts,
    delivery,
    holders,
    limits,
    money,
    numbers,
    outbox,
    recharges,
    settled,
    shares,
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
        "everything_is_settled": settled.everything_is_settled,
        "everything_is_paid_back": settled.everything_is_paid_back,
        "no_queue_is_beyond_its_bound": bounds.no_queue_is_beyond_its_bound,
        "nobody_logs_a_fault_of_ours": bounds.nobody_logs_a_fault_of_ours,
    }
