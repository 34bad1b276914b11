"""What to do: pure state machines from (account, event, context) to a decision.

A workflow never reads a clock, draws an id or does anything; it returns what is to be written.
"""
