"""The whole world on a virtual clock: people, peers, faults and invariants around the real daemon, from a seed."""
