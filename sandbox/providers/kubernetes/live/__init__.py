"""The stand-in for Kubernetes over a real API server on this machine, instead of files."""
