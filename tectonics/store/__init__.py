"""What the daemon remembers: accounts, units, outbox, tickets and policies over SQLite."""
