"""A real Kubernetes control plane on this machine: etcd, API server, controllers and scheduler as local processes.

`control_plane.py` starts them in a network of their own (`network.py`); `kubelet.py` runs the pods of controllers whose programs
were built here (`programs.py`) and kwok those of everything else; `node_pools.py` stands in for the cluster autoscaler,
`certificates.py` for cert-manager, `ingresses.py` for Kourier. All of them are clients of the API server (`api_server.py`).
"""
