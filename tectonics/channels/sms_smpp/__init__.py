"""SMS over SMPP: replies and notices out, receipts and what subscribers write in.

    wording     a text in the alphabet and the parts that the centre is given
    sending     a command of the outbox becomes submits; what may not be sent twice is not
    receipts    what became of it, whichever way the centre spells its ids
    receiving   what subscribers write, put together, told once
    repetition  the same message delivered again
    failing     when messages fail, an alarm
    channel     all of it
"""
