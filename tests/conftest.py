"""What all tests share: hypothesis without time limits (the machine may be slow) and with its seed printed."""

from hypothesis import HealthCheck, settings

settings.register_profile("tectonics", deadline=None, print_blob=True,
                          suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tectonics")
