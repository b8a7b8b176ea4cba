"""Boot disks of the nodes, as the components declare them; read here without Pulumi. A test holds both together."""

#: components/google/cluster.py
SYSTEM_DISK_TYPE, SYSTEM_DISK_GB = "pd-balanced", 100
#: components/google/gpu_node_pool.py; the type follows the machine's.
GPU_DISK_GB = 200
