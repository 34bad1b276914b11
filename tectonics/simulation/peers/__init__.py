"""Who talks to the daemon: the gateway, the prepaid feed, consumers of tickets, operators."""
