"""Numbered SQL of the prepaid ledger; a released file is never edited."""
