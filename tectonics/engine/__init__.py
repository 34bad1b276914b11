"""Events in, one transaction, commands out.

The engine loads an account, lets a workflow decide, writes the decision as one unit, and only then
carries the unit's commands out; each outcome comes back as the next event.  It knows ports, no
sockets, no database and no clock of its own.
"""
