"""E-mail: a mail to one of three addresses of ours asks for what the address stands for, if it is proved who wrote it.

    reading    octets become a mail with one sender, or none of ours to read
    screening  what no person wrote is ignored, so that no loop begins
    requests   what the address and what is written stand for; the PIN in the subject
    results    what a relay of ours says that it has checked (Authentication-Results)
    signatures which DKIM signatures could speak for the sender, and whether one does
    keys       the signers' keys, from DNS
    limits     guesses, requests and answers of one address in an hour
    proving    who wrote it: a relay, a PIN or a signature
    admitting  a mail becomes the engine's, is answered, or is refused with a reason
    answering  the mail that answers
    sending    answers go out by the smarthost
    listening  the connections
    channel    all of it
"""
