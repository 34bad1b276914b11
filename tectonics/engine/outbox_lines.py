"""What the outbox tells the log: each command as it is sent and answered (debug), and what goes wrong."""

from twisted.logger import Logger

from tectonics.domain.commands import Command
from tectonics.domain.errors import TheirFault
from tectonics.domain.msisdn import mask
from tectonics.domain.outcome import NotFound, Outcome
from tectonics.ports import OutboxRow
from tectonics.ports.areas import area

log = Logger(namespace="tectonics.engine.outbox")
told = area("tectonics.engine.outbox")


def sent(command: Command, how: str) -> None:
    """It leaves for the billing system, the call server or the message centre; `how`: sent, sent again, looked up."""
    if told.debug:
        log.debug("{kind} {op} for {msisdn} is {how}", kind=type(command).__name__, op=command.op,
                  msisdn=mask(command.msisdn), how=how, trace=command.trace)


def answered(command: Command, outcome: Outcome | NotFound) -> None:
    """What came back."""
    if told.debug:
        log.debug("{kind} {op} for {msisdn}: {outcome}", kind=type(command).__name__, op=command.op,
                  msisdn=mask(command.msisdn), outcome=_word(outcome), trace=command.trace)


def taken_up(row: OutboxRow) -> None:
    """An earlier life or another node has left it behind."""
    log.info("{kind} {op} for {msisdn} was left behind and is taken up", kind=type(row.command).__name__, op=row.command.op,
             msisdn=mask(row.command.msisdn), trace=row.command.trace)


def unwritten(command: Command) -> None:
    """Its outcome could not be committed."""
    log.error("the outcome of {op} for {msisdn} could not be written; it stays in the outbox",
              op=command.op, msisdn=mask(command.msisdn), trace=command.trace)


def left(command: Command, failure) -> None:
    """The row is still there, for the next poll; a store that is away is no fault of ours."""
    if failure.check(TheirFault):
        log.error("outbox {op} waits: {why}", op=command.op, why=failure.getErrorMessage(), trace=command.trace)
    else:
        log.failure("outbox {op}", failure, op=command.op, trace=command.trace)


def _word(outcome: Outcome | NotFound) -> str:
    why = getattr(outcome, "reason", "") or getattr(outcome, "text", "")
    return f"{type(outcome).__name__.lower()} {why}".strip()
