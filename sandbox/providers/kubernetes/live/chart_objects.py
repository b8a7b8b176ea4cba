"""`chart_objects`: what the chart of a release makes of its values, by the real Helm.

No Go module carries the charts of KEDA and OpenCost (see PLACES of sandbox/upstream/helm.py). Of KEDA's only the definitions
of its kinds come into the cluster, unless its values leave them out, and of OpenCost's nothing: their controllers are not there.
"""

from __future__ import annotations

import threading
from typing import Any

import yaml

from components.kubernetes.versions import CHARTS
from sandbox.cluster.api_server import Object
from sandbox.progress import SetupError
from sandbox.providers.api import Properties
from sandbox.providers.cloud import CloudError
from sandbox.providers.kubernetes.charts import value
from sandbox.providers.kubernetes.live.helm_objects import flat
from sandbox.providers.kubernetes.releases import chart_name
from sandbox.upstream.definitions import SOURCES
from sandbox.upstream.go_modules import module_folder
from sandbox.upstream.helm import PLACES, HelmError, rendered

#: Modules that carry the definitions of a chart which is carried by none, by chart.
DEFINITIONS = {"keda": "github.com/kedacore/keda/v2"}
#: Helm is built, and charts are copied, at their first use.
_RENDERING = threading.Lock()


def chart_objects(inputs: Properties) -> list[Object]:
    """All objects of a release, hooks included. Raises CloudError with Helm's refusal."""
    name = chart_name(inputs)
    if name not in PLACES:
        return _definitions(name) if value(inputs.get("values"), "crds.install", True) else []
    chart = next(one for one in CHARTS if one.name == name)
    try:
        with _RENDERING:
            return list(flat(rendered(chart, inputs.get("values") or {}, inputs.get("namespace") or "default")))
    except (HelmError, SetupError) as error:
        raise CloudError(str(error)) from None


def _definitions(name: str) -> list[Object]:
    sources = [source for source in SOURCES if source.module == DEFINITIONS.get(name)]
    files = [file for source in sources for one in source.files for file in module_folder(source.module).glob(one)]
    found: list[Any] = [yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) for file in files]
    return [one for one in found if one["kind"] == "CustomResourceDefinition"]
