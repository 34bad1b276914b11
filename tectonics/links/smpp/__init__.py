"""SMPP: the binds to message centres and USSD gateways, as one way out and one way in."""
