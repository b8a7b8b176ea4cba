"""The names of all series that a report reads, and which question each of them answers.

| question | series | from |
|---|---|---|
| who held which GPUs of which node | container_gpu_allocation | OpenCost |
| which deployment and team a pod is of | kube_pod_labels | OpenCost |
| what a node cost, and while it was there | node_total_hourly_cost | OpenCost |
| how many GPUs it has, its machine type and purchase | node_gpu_count, kube_node_labels | OpenCost |
| fee of the cluster, load balancers | kubecost_cluster_management_cost, kubecost_load_balancer_cost | OpenCost |
| tokens | vllm:prompt_tokens, vllm:prompt_tokens_cached, vllm:generation_tokens | vLLM |
| whether a request runs | vllm:num_requests_running | vLLM |

OpenCost's own are taken, since they count what is billed and say which pods of which node; DCGM's series tell how busy a GPU
is, not who pays for it, and serve the dashboards. Sources: opencost.io/docs/integrations/metrics (2026); names of vLLM 0.33.0,
measured.
"""

from __future__ import annotations

from components.kubernetes.cost_metrics import as_series_label
from components.kubernetes.engine_pod import INFERENCE_SERVICE_LABEL
from components.labels import PRICE_CLASS, TEAM

HELD_GPUS = "container_gpu_allocation"
NODE_PRICE, NODE_GPUS, NODE_LABELS = "node_total_hourly_cost", "node_gpu_count", "kube_node_labels"
POD_LABELS = "kube_pod_labels"
CLUSTER_FEE, LOAD_BALANCER = "kubecost_cluster_management_cost", "kubecost_load_balancer_cost"

PROMPT, CACHED, ANSWER = "vllm:prompt_tokens_total", "vllm:prompt_tokens_cached_total", "vllm:generation_tokens_total"
RUNNING = "vllm:num_requests_running"
#: Busy GPUs, for dashboards and alerts (DCGM's name; the cluster's managed DCGM exports it).
GPU_BUSY = "DCGM_FI_DEV_GPU_UTIL"

#: Labels of the series that list labels of pods and nodes.
OF_INFERENCE_SERVICE = as_series_label(INFERENCE_SERVICE_LABEL)
OF_TEAM = as_series_label(TEAM)
OF_PRICE_CLASS = as_series_label(PRICE_CLASS)
OF_MACHINE = as_series_label("node.kubernetes.io/instance-type")
#: What Managed Prometheus's sidecar on Cloud Run calls its cluster; the namespace is the service
#: (docs.cloud.google.com/run/docs/monitoring-managed-prometheus-sidecar, 2026).
CLOUD_RUN_CLUSTER = "__run__"
