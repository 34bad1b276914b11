"""What a prepaid lending service is about: money, numbers, subscribers, advances, tickets.

Pure values and rules of the trade. Nothing here reads a clock, draws a random number or touches
a socket; times are integer milliseconds since 1970-01-01 UTC (names end in `_at`), durations
are seconds (`_s`), money is integer minor units (`_minor`).
"""
