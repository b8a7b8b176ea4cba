"""Sizing: what it takes to serve a Gemma 4 model, in pure Python that knows no Pulumi.

Data flows one way: a team's `Demand` and an environment's `Supply` go into `place()`, which asks `memory.assess()` about each
choice and returns the `SizingRecord` that components and reports read. Policies read a resource's engine arguments back with
`engine_arguments.read_arguments()` and ask the same `assess()`.
"""
