"""What is counted: the name, kind, labels and meaning of every figure, declared here and nowhere else.

Names are `tectonics_<noun>_<unit>`, counters end in `_total`, times are in seconds, money is in minor units.  Every
label takes few values: kinds, results, reasons and names of the configuration, never a subscriber or a session
(the registry bounds them all the same, metrics.py).  docs/metrics.md is made from this file.
"""

from dataclasses import dataclass

COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"
STEP_BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
DECIDE_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)


@dataclass(frozen=True, slots=True)
class Declaration:
    """One metric: `labels` in the order in which callers give their values."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()


def _counter(name: str, labels: str, text: str) -> Declaration:
    return Declaration(name, COUNTER, tuple(labels.split()), text)


def _gauge(name: str, labels: str, text: str) -> Declaration:
    return Declaration(name, GAUGE, tuple(labels.split()), text)


def _histogram(name: str, labels: str, text: str, buckets: tuple[float, ...]) -> Declaration:
    return Declaration(name, HISTOGRAM, tuple(labels.split()), text, buckets)


DECLARATIONS = (
    _counter("tectonics_channel_requests_total", "channel result", "Requests that a channel took"),
    _counter("tectonics_ussd_screens_total", "channel result", "Screens given to a gateway, and what became of them"),
    _counter("tectonics_dialogue_late_total", "channel", "Steps of menus that were answered when their budget was over"),
    _counter("tectonics_dialogue_sessions_total", "channel end",
             "Menu sessions by their end: finished, left (the gateway said so), silent (nothing more came), forgotten"),
    _counter("tectonics_dialogue_answers_total", "channel screen", "Screens that were answered"),
    _histogram("tectonics_dialogue_step_seconds", "channel step",
               "From a request of a subscriber, on any channel, to its answer", STEP_BUCKETS_S),
    _counter("tectonics_requests_total", "service", "Requests that a service decided about"),
    _counter("tectonics_granted_total", "service", "Requests that were granted"),
    _counter("tectonics_refused_total", "service reason", "Requests that were refused, by reason"),
    _counter("tectonics_failed_total", "service", "Requests that were agreed and then failed"),
    _counter("tectonics_unknown_total", "service", "Grants, and reservations and settlements of calls, without an answer"),
    _counter("tectonics_amount_charged_minor_total", "service", "What calls were charged, in minor units"),
    _counter("tectonics_amount_granted_minor_total", "service", "Credit given, in minor units"),
    _counter("tectonics_amount_recovered_minor_total", "service", "Debt paid back, in minor units"),
    _counter("tectonics_recoveries_total", "result", "Recoveries by their end"),
    _counter("tectonics_units_total", "result", "Units: committed, conflict, duplicate, failed"),
    _histogram("tectonics_decide_seconds", "event", "Time from event to commit", DECIDE_BUCKETS_S),
    _counter("tectonics_billing_requests_total", "operation outcome", "Requests to the billing system"),
    _histogram("tectonics_billing_seconds", "operation", "Time the billing system took", STEP_BUCKETS_S),
    _counter("tectonics_feed_records_total", "feed result", "Feed records: ok, dup, err"),
    _counter("tectonics_tickets_total", "type", "Tickets that were numbered"),
    _counter("tectonics_ticket_consumers_dropped_total", "stream", "Ticket clients dropped as slow or deaf"),
    _gauge("tectonics_ticket_consumer_lag", "consumer", "Tickets not yet acknowledged"),
    _counter("tectonics_messages_total", "result", "Messages to subscribers"),
    _counter("tectonics_correspondence_total", "request result", "Messages that subscribers wrote, by what they ask"),
    _counter("tectonics_adverts_total", "result", "Low balances: sent, or why nothing was advertised"),
    _gauge("tectonics_gsup_up", "link", "1 while a link to the HLR (gsup, control) is up"),
    _counter("tectonics_gsup_links_total", "link event", "Links to the HLR: up, lost, failed"),
    _counter("tectonics_gsup_sessions_total", "end", "USSD sessions through the HLR, by their end"),
    _counter("tectonics_gsup_lookups_total", "result", "IMSIs asked for: found, none, unavailable, kept"),
    _counter("tectonics_sms_parts_total", "account result", "Parts of messages given to a message centre, by its answer"),
    _counter("tectonics_sms_repeated_total", "", "Messages sent again whose earlier answer was lost"),
    _counter("tectonics_sms_receipts_total", "account state", "Delivery receipts, by what they said"),
    _counter("tectonics_sms_received_total", "account result", "Messages of subscribers and parts of them"),
    _counter("tectonics_shed_total", "what", "Work turned away because a bound was reached"),
    _counter("tectonics_retries_total", "operation", "Commands about money sent again, by what they are, or looked up"),
    _counter("tectonics_admin_requests_total", "method result", "What was asked of the daemon"),
    _counter("tectonics_http_requests_total", "path status", "Requests to the web port"),
    _histogram("tectonics_http_request_seconds", "path", "From a request to the web port to its answer", STEP_BUCKETS_S),
    _gauge("tectonics_sessions", "", "Menu sessions held in memory"),
    _gauge("tectonics_dispatching", "", "Events being decided"),
    _gauge("tectonics_outbox_rows", "", "Commands that wait for their outcome"),
    _gauge("tectonics_open_advances", "", "Advances not yet paid back"),
    _gauge("tectonics_outstanding_minor", "", "What is owed, in minor units"),
    _gauge("tectonics_overdue_advances", "", "Advances past their due date"),
    _gauge("tectonics_unknown_advances", "", "Advances whose grant is unknown"),
    _gauge("tectonics_barred_subscribers", "", "Subscribers who may not borrow"),
    _gauge("tectonics_alarms_active", "severity", "Active alarms"),
    _gauge("tectonics_alarm_active", "alarm severity", "1 for each active alarm, by its id"),
    _gauge("tectonics_alarm_acknowledged", "alarm", "1 for each active alarm that somebody looks after, 0 for the others"),
    _gauge("tectonics_alarm_flapping", "alarm", "1 for each active alarm that comes and goes, 0 for the others"),
    _counter("tectonics_smpp_pdus_total", "account direction command", "PDUs but enquire_link and unbind"),
    _counter("tectonics_smpp_rejected_total", "account status", "Submits that a peer refused for good"),
    _counter("tectonics_smpp_throttled_total", "account", "Submits that a peer put off: throttled, queue full"),
    _counter("tectonics_smpp_lost_total", "account", "Submits whose answer did not come"),
    _counter("tectonics_smpp_late_total", "account", "Answers that came after they had been given up"),
    _counter("tectonics_smpp_bad_pdus_total", "account", "PDUs that could not be read"),
    _counter("tectonics_smpp_misplaced_total", "account command", "PDUs without a place: outbind, strays"),
    _gauge("tectonics_smpp_bound", "account", "Sessions that are bound"),
    _gauge("tectonics_smpp_window", "account", "Submits that wait for their answer"),
    _gauge("tectonics_smpp_queue", "channel", "Submits that wait to be sent"),
    _counter("tectonics_sip_messages_total", "trunk direction kind", "SIP messages in and out, by method or status"),
    _counter("tectonics_sip_dropped_total", "why", "What came to the SIP port and was thrown away"),
    _counter("tectonics_did_rings_total", "trunk result", "Calls to a DID, by what became of them"),
    _counter("tectonics_did_rings_told_total", "result", "Rings told to the engine: taken, again, lost, failed"),
    _gauge("tectonics_did_ringing", "", "Calls that ring"),
    _counter("tectonics_sip_legs_total", "trunk result", "Legs of ours that a SIP trunk took, by what became of them"),
    _gauge("tectonics_sip_calls", "", "Calls that the SIP call server keeps"),
    _counter("tectonics_call_legs_total", "leg result", "Ringing A and B for call-backs: answered, or why not"),
    _counter("tectonics_calls_ended_total", "cause", "Conversations of call-backs, by how they ended"),
    _gauge("tectonics_calls", "state", "Call-backs under way at this node: ring (A), connect (B), talk, hangup"),
    _counter("tectonics_email_connections_total", "result", "SMTP connections: served, slow, full, crowded"),
    _counter("tectonics_email_refused_total", "why", "What the SMTP port refused before it was read as a mail"),
    _counter("tectonics_email_received_total", "service result", "Mails to our addresses, by what became of them"),
    _histogram("tectonics_email_reply_seconds", "service",
               "From the end of a mail to what its sender's server is told", STEP_BUCKETS_S),
    _counter("tectonics_email_proofs_total", "way result", "How senders were proved, or not: relay, pin, dkim"),
    _counter("tectonics_email_answers_total", "result", "Answers by e-mail: sent, again, refused, given_up, lost, limited"),
    _gauge("tectonics_email_connections_open", "", "SMTP connections that are open"),
    _gauge("tectonics_email_answers_waiting", "", "Answers by e-mail that have not gone out"),
    _counter("tectonics_self_care_codes_total", "result", "One-time codes asked for: sent, or why not"),
    _counter("tectonics_self_care_logins_total", "result", "Codes entered: in, wrong, source, flood, failed"),
    _counter("tectonics_self_care_refused_total", "why", "Requests of pages that were refused: over, stale, often and so on"),
    _gauge("tectonics_self_care_visits", "", "Subscribers who are signed in"),
    _counter("tectonics_snmp_requests_total", "operation result", "SNMP requests that were answered, by error status"),
    _counter("tectonics_snmp_dropped_total", "why", "SNMP messages that were thrown away, or answered by a report only"),
    _counter("tectonics_snmp_notifications_total", "manager result", "Traps and informs, by what became of them"),
    _gauge("tectonics_snmp_notifications_waiting", "", "Informs that are not yet acknowledged"),
    _gauge("tectonics_start_time_seconds", "", "When this daemon started, seconds since 1970"),
    _gauge("tectonics_build_info", "version node", "Always 1; the labels say what runs"),
)
