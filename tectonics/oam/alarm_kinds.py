"""The kinds of alarm: each with its perceived severity, event type and probable cause (ITU-T X.733, 8.1), what it
means, and the sentence that the operator reads: what to do.  docs/alarms.md is made from this file
(`python -m tectonics.oam.alarm_kinds > docs/alarms.md`).
"""

import sys
from dataclasses import dataclass

from tectonics.domain.errors import OurFault

SEVERITIES = ("critical", "major", "minor", "warning")  # ITU-T X.733, 8.1.2.3, gravest first


@dataclass(frozen=True, slots=True)
class Kind:
    """One declared kind of alarm."""

    name: str
    severity: str
    event_type: str  # ITU-T X.733, 8.1.1
    cause: str  # ITU-T X.733, 8.1.2.1
    meaning: str
    advice: str


_COMMUNICATIONS = "communicationsAlarm"
_QUALITY = "qualityOfServiceAlarm"
_PROCESSING = "processingErrorAlarm"
_TIME = "timeDomainViolation"  # ITU-T X.736, 8.1

_HEAD = (
    "# Alarms", "",
    "Made from `tectonics/oam/alarm_kinds.py`. The same alarms are in `tectonics status`, `tectonics alarms list`, `/api/v1/alarms`,",
    "`/metrics` (`tectonics_alarm_active`) and SNMP (`tectonicsActiveAlarmTable`); the log has a line for each change.",
    "An alarm's id is its kind and, after a colon, what it concerns. Severities, event types and probable causes are those",
    "of ITU-T X.733, those of certificates of X.736.", "",
    "An alarm that is cleared disappears after a hold-down (`oam.alarms.hold_s`), so that one which comes and goes is shown",
    "once. One that was raised more than `oam.alarms.flap_raises` times within `oam.alarms.flap_window_s` is *flapping*: it",
    "is shown as one alarm with the count of its raises, tells nobody of each, and comes to rest by itself when it has not",
    "been raised for that window. An acknowledgement (`tectonics alarms ack ID --note WHY`) says who looks after an alarm and",
    "since when; it ends with the alarm, and one that is raised anew has none. What was raised, acknowledged and cleared",
    "stands in `alarms.jsonl` in the state directory and survives a restart; a restart ends the alarms of the life before, and",
    "what is still wrong is raised again.", "",
    "| kind | severity | event type / probable cause | what it means | what to do |",
    "|---|---|---|---|---|",
)

KINDS = {kind.name: kind for kind in (
    Kind("billing_down", "critical", _COMMUNICATIONS, "communicationsSubsystemFailure",
         "The billing system does not answer: nobody can borrow and nothing is collected.",
         "Check the billing system and the connection to it; waiting commands go on by themselves."),
    Kind("unknown_ageing", "major", _PROCESSING, "informationMissing",
         "A money operation has been without a certain answer for too long.",
         "Run `tectonics reconcile`; if the billing cannot tell, compare its records and resolve by hand."),
    Kind("feed_lag", "major", _QUALITY, "thresholdCrossed",
         "The recharge feed is silent or behind: debts are collected late.",
         "Check the sender of the feed and its connection; nothing is lost, it goes on where it stopped."),
    Kind("ticket_consumer_lag", "minor", _QUALITY, "thresholdCrossed",
         "A ticket consumer is behind or away.",
         "Check the consumer; tickets are kept and sent again, until their retention is over."),
    Kind("ticket_disk", "critical", _PROCESSING, "storageCapacityProblem",
         "Ticket files cannot be written; the tickets are safe in the database.",
         "Make room in the state directory or correct its permissions; writing is tried again by itself."),
    Kind("disk_low", "major", _PROCESSING, "storageCapacityProblem",
         "The disk of the state directory is nearly full; at zero no advance can be granted.",
         "Make room: move closed ticket files away, shorten the retention, enlarge the disk."),
    Kind("queue_full", "major", _QUALITY, "queueSizeExceeded",
         "A queue is at its bound and new work is turned away.",
         "Find what is slow (disk, database, billing) in `tectonics status`, or spread the load."),
    Kind("internal_fault", "major", _PROCESSING, "softwareError",
         "The program found a fault of its own and stopped the one piece of work concerned.",
         "Read the log around this time and report it with the version; the daemon goes on serving."),
    Kind("exposure_limit", "major", _QUALITY, "thresholdCrossed",
         "The service has lent what it may lend today.",
         "Nothing, if the cap is meant; else raise the policy's cap per service and day."),
    Kind("store_fault", "critical", _PROCESSING, "fileError",
         "The database cannot be written: nothing can be granted or collected.",
         "Check the disk and the database's messages in the log; the daemon tries again by itself."),
    Kind("fenced", "critical", _PROCESSING, "configurationOrCustomizationError",
         "Another process has taken this node's place; this one may write nothing any more.",
         "Stop one of the two daemons that use the same node name and database, then restart the other."),
    Kind("policy_differs", "warning", _PROCESSING, "configurationOrCustomizationError",
         "The policy in the configuration file is not the one in force, which is kept in the database.",
         "Compare with `tectonics policy show`; load it with `tectonics policy load`, or correct it."),
    Kind("listener_down", "critical", _COMMUNICATIONS, "communicationsSubsystemFailure",
         "A port that the daemon should serve could not be opened.",
         "Find who holds the port, or change the endpoint in the configuration, and restart."),
    Kind("messages_failing", "minor", _COMMUNICATIONS, "communicationsSubsystemFailure",
         "Messages to subscribers cannot be delivered.",
         "Check the message centre's connection; money is not concerned, messages are tried again."),
    Kind("bind_down", "major", _COMMUNICATIONS, "communicationsSubsystemFailure",
         "No session with an account's message centre or USSD gateway is bound.",
         "Check the peer, the path to it, our name and password there; the daemon binds again by itself."),
    Kind("gsup_down", "major", _COMMUNICATIONS, "communicationsSubsystemFailure",
         "A link to the home location register is down: codes dialled through it are not answered.",
         "Check the HLR, the path to it, and our name there (`euse`); the daemon connects again by itself."),
    Kind("trunk_password", "minor", _PROCESSING, "configurationOrCustomizationError",
         "The calls of a SIP trunk come with a wrong password and are refused.",
         "Compare user, realm and password on both sides; if they agree, somebody else calls from the trunk's address."),
    Kind("trunk_down", "major", _COMMUNICATIONS, "communicationsSubsystemFailure",
         "A SIP trunk that takes our calls does not answer, or refuses them all.",
         "Check the switch and the path to it; calls go by the other trunks, and by this one again when it answers."),
    Kind("call_server_down", "critical", _COMMUNICATIONS, "communicationsSubsystemFailure",
         "Calls cannot be set up at all: nobody is called back.",
         "Check the call server and the path to it; what was reserved is given back, and the next request is tried again."),
    Kind("smarthost_down", "minor", _COMMUNICATIONS, "communicationsSubsystemFailure",
         "The mail server that answers by e-mail go out by does not take them.",
         "Check it, the path to it, and our name and password there; no money is concerned, answers are tried again."),
    Kind("self_care_flood", "minor", _QUALITY, "thresholdCrossed",
         "Codes of self-care are asked for, or guessed at, faster than they may be: nobody can sign in.",
         "Look at the proxy's log for where they come from and block it there; raise web.self_care.per_minute if it is custom."),
    Kind("clock_jump", "warning", _PROCESSING, "timingProblem",
         "The machine's clock jumped.",
         "Check the time synchronisation; due dates and ticket times follow the machine's clock."),
    Kind("ussd_late", "major", _QUALITY, "responseTimeExcessive",
         "Too many steps of USSD sessions are not answered within their budget: subscribers are told to wait for an SMS, or that we are busy.",
         "Look at billing and database latency in `tectonics status`; if both are fast, at the processor and `limits`."),
    Kind("ussd_timeouts", "minor", _QUALITY, "thresholdCrossed",
         "Too many USSD sessions of a channel end because nothing more comes: answers or inputs are lost on the way.",
         "Check the gateway and the path to it, and that its time-out is not shorter than the channel's session_s."),
    Kind("bad_debt", "major", _QUALITY, "thresholdCrossed",
         "Too much of what was lent is overdue or was written off.",
         "Look at the overdue advances by segment (`tectonics advances list --state-is overdue`); tighten the policy, or lock advances."),
    Kind("reconcile_difference", "major", _PROCESSING, "corruptData",
         "Our books and those of the billing system do not agree about an operation, or the ledger's own sums do not.",
         "Compare the operation in the tickets and in the billing's records, correct the side that is wrong, and keep the evidence."),
    Kind("certificate_expiring", "warning", _TIME, "keyExpired",
         "A TLS certificate that we serve or present is about to expire.",
         "Have it renewed, put the new file in its place and restart the daemon."),
    Kind("certificate_expired", "critical", _TIME, "keyExpired",
         "A TLS certificate that we serve or present has expired or cannot be read: peers refuse the connection.",
         "Put a valid certificate in its place and restart the daemon."),
    Kind("peer_lost", "major", _COMMUNICATIONS, "communicationsSubsystemFailure",
         "Another daemon over the same database has gone without stopping: its commands are taken over, its traffic is not.",
         "See whether its machine and process run (`systemctl status`), and that gateways use the other nodes; start it again."),
)}


def kind_of(name: str) -> Kind:
    """The declared kind; OurFault when there is none."""
    declared = KINDS.get(name)
    if declared is None:
        raise OurFault(f"the alarm kind {name} is not declared in oam/alarm_kinds.py")
    return declared


def describe() -> str:
    """docs/alarms.md, made from KINDS."""
    rows = [f"| `{k.name}` | {k.severity} | {k.event_type} / {k.cause} | {k.meaning} | {k.advice} |"
            for k in KINDS.values()]
    return "\n".join([*_HEAD, *rows, ""])


if __name__ == "__main__":
    sys.stdout.write(describe())
