"""PostgreSQL as the store of an operator: set-based group commit, batched reads, many daemons at once."""
