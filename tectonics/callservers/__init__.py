"""Who rings two people and connects them: one package a kind."""
