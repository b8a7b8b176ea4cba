"""dev in a cluster of its own, from nothing to its end: brought up while things die, then removed."""
