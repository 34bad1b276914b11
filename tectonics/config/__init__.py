"""The configuration: a YAML file and its message catalogues, checked whole, as typed settings."""

from tectonics.config.errors import ConfigError, ConfigErrors, format_error
from tectonics.config.loading import check, load, load_policy
from tectonics.config.settings import Settings, port_offset

__all__ = ["ConfigError", "ConfigErrors", "Settings", "check", "format_error", "load", "load_policy",
           "port_offset"]
