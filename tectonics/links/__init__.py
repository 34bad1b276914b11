"""Connections that several channels share."""
