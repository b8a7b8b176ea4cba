"""Stand-in for the provider of Kubernetes."""
