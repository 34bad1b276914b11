"""Who watches over what no part of the daemon sees by itself; each file is one kind of alarm."""
