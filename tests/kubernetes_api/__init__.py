"""Every Kubernetes object of an environment against the schemas of its kind, by kubeconform.

`sandbox/upstream/definitions.py` says where the schemas come from, `schemas.py` writes them down for kubeconform,
`kubeconform.py` runs it, `declared.py` finds the objects of an environment, and `pods.py` the pods that come of them.
"""
