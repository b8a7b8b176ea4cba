"""Tests of the stand-ins without the engine: what they refuse, compute, and say."""
