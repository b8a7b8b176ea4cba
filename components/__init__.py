"""Components of the Gemma platform: cloud and Kubernetes resources, and the sizing engine that decides them.

Nothing here knows the stacks that compose it or the policies that judge it.
"""
