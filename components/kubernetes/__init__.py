"""Kubernetes objects, one component a file."""
