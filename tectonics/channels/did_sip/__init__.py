"""DID ring: a call rings, is declined unanswered, and what the number stands for is done.

    trunks    who calls from which address, and whether he has proved it
    callers   which subscriber a call comes from
    services  what a ring of each kind of number asks of the engine
    limits    how often one caller's rings count, how many calls a trunk may begin
    deciding  a call becomes a ring, or is declined
    telling   rings are told to the engine until it has taken them
    channel   all of it: ringing, hanging up, declining
"""
