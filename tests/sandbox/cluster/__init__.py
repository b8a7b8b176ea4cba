"""Tests of the real control plane: what is pure of its stand-ins, without a cluster."""
