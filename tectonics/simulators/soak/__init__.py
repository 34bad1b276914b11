"""A world that goes on while daemon and ledger are killed, and the audit of what they leave behind."""
