"""Numbered SQL files; never edited once released."""
