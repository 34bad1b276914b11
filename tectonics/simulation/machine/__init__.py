"""What the simulated processes run on: time, network, disk and clocks that a seed decides over."""
