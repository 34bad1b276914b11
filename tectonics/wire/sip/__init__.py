"""SIP without a socket or a clock: messages, transactions and dialogs (RFC 3261 and its updates)."""
