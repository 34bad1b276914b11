"""A USSD gateway that speaks SMPP, in any dialect: subscribers dial, read screens, type, hang up.

    voice    what the gateway says and reads, by its dialect; written apart from the channel, so that one can prove the other
    handset  one subscriber's session
    gateway  the binds of the daemon, the handsets, and what goes wrong
"""
