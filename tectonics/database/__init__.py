"""Connections, the batch queue and the migration runner: what every table of the house stands on."""
