"""A switch full of telephones that can be told to behave badly: `python -m tectonics.simulators.phones --help`.

    script   what a phone does when it is rung: answers, is busy, never answers, hangs up, wants another session
    phone    one call of one phone: its dialog and its media
    switch   all calls of one socket
    line     what goes wrong on the way: packets lost, doubled, late, from a seed
    media    the descriptions that phones give
    control  orders, a line each
"""
