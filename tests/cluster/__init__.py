"""dev and prod on a real control plane: see docs/cluster.md. Run by `make test-cluster`."""
