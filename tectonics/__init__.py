"""tectonics: lends credit to prepaid subscribers who run out of it, and accounts for every cent."""

__version__ = "0.1.0"
