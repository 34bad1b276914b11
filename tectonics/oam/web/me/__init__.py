"""Self-care: what a subscriber sees and does for himself in a browser, also on a small one without scripts."""
