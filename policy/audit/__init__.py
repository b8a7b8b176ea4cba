"""The audit: the rules over what exists already, in a stack's state and in a cluster."""
