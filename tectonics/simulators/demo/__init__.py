"""The demo: the whole story of an airtime advance, told by real clients to a real daemon.

`python -m tectonics.simulators.demo` starts a daemon of its own and plays the chapters in order; each
step asserts what it shows.  A chapter is a function of the Story, in the file of its subject.
"""
