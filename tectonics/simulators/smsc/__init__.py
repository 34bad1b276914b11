"""A short message centre that speaks SMPP and can be told to behave badly: `python -m tectonics.simulators.smsc --help`.

    centre     who may bind, what was submitted, what is to be delivered
    session    one ESME's connection
    faults     what goes wrong: so many times, or in so many of a hundred, from a seed
    receipts   what becomes of messages, in the spellings of many centres; mobile: what subscribers write
    control    orders, a line each
"""
