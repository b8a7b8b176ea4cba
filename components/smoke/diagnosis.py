"""What it means that no answer came, or another one than was expected, and what to do about it. Pure."""

from __future__ import annotations

import re

import requests
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError, ReadTimeoutError

from components.kubernetes.inference_service import STANDARD
from components.served_endpoint import CLOUD_RUN_IDENTITY
from components.smoke.answer import Answer
from components.smoke.errors import CheckFailedError
from components.smoke.targets import CLUSTER_SUFFIX, TOKEN_VARIABLE, Target

#: Answers that a caller may get while a model loads or a replica comes up; `of_status` tells which of them pass by. Envoy and
#: Knative's activator answer 502 to 504. Cloud Run answers 429 or 500 with the words below while no instance can take the
#: request, of which it names "a long container startup time" as a cause, and 500 with other words when one could not start
#: (docs.cloud.google.com/run/docs/troubleshooting, "No available container instances", "Cloud Run couldn't manage the rate of
#: traffic" and "Cloud Run instance fails to start", 2026).
WAITED_FOR = (429, 500, 502, 503, 504)
NO_INSTANCE = "no available instance"
#: Where Kourier's Services are: Knative's operator puts them beside the rest (`components/kubernetes/knative_serving.py`).
KOURIER_NAMESPACE = "knative-serving"


def of_transport(
    error: requests.RequestException, target: Target, server: str, limit_seconds: float
) -> CheckFailedError:
    """Why no answer came from `server`, a host with its port, within the limit."""
    cause = _cause(error)
    if isinstance(error, requests.exceptions.SSLError):
        return CheckFailedError(
            f"no TLS connection to {server} for {target.host}: {_reason(cause)}; the certificate must name this host, and its "
            "authority must be known here (REQUESTS_CA_BUNDLE names a file with your own)",
            final=True,
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return CheckFailedError(
            f"the proxy of HTTP_PROXY or HTTPS_PROXY does not lead to {server}; set NO_PROXY for it", final=True
        )
    if isinstance(cause, NameResolutionError):
        return CheckFailedError(f"the name {server} is not known here; {_way_in(target)}", final=True)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return CheckFailedError(
            f"{server} does not react: a firewall, or an address that leads nowhere; {_way_in(target)}", final=True
        )
    if isinstance(error, requests.exceptions.Timeout) or isinstance(cause, ReadTimeoutError):
        return CheckFailedError(
            f"{server} took the request and did not answer within {limit_seconds:.0f} s; {_look_at(target)}", final=True
        )
    if isinstance(cause, NewConnectionError):
        # a Service without a ready pod refuses, which only a model in Standard mode is behind
        return CheckFailedError(
            f"no connection to {server}: {_reason(cause)}; {_way_in(target)}",
            final=True,
            passing=target.mode == STANDARD,
        )
    if isinstance(error, requests.exceptions.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return CheckFailedError(f"{server} broke the connection off before its answer ended", passing=True)
    return CheckFailedError(f"the request to {server} failed: {type(error).__name__}", final=True)


def of_status(answer: Answer, target: Target) -> CheckFailedError:
    """What an answer means that is not 200."""
    if 300 <= answer.status < 400:
        to = answer.location or "nowhere"
        return CheckFailedError(
            f"came a redirection ({answer.status}) to {to}, which is not followed; call the address that answers by itself",
            final=True,
        )
    if answer.status in (401, 403):
        return CheckFailedError(f"refused, came {answer.came}; {_token_advice(target)}", final=True)
    # an engine's 404 is JSON; Envoy's has no content, that of Google's load balancers and front end is text or a page. Cloud Run
    # answers 404 to whom the ingress setting keeps out (same page, "404: Not Found", case 2)
    if answer.status == 404 and "json" not in answer.content_type:
        return CheckFailedError(_unknown_host(answer, target), final=True)
    if answer.status == 429:
        return CheckFailedError(
            f"too many requests, came {answer.came}; wait, or raise the limit, the GPUs' quota or max_replicas",
            final=True,
            passing=True,
        )
    waits = target.authentication == CLOUD_RUN_IDENTITY and NO_INSTANCE in answer.text
    if answer.status in WAITED_FOR and (answer.status != 500 or waits):
        return CheckFailedError(f"not ready, came {answer.came}; {_look_at(target)}", final=True, passing=True)
    return CheckFailedError(f"expected 200, came {answer.came}")


def _unknown_host(answer: Answer, target: Target) -> str:
    if target.authentication == CLOUD_RUN_IDENTITY:
        return (
            f"Cloud Run does not lead to {target.host}, came {answer.came}: the service is gone, or its ingress setting keeps "
            f"this place out; {_way_in(target)}"
        )
    return f"the ingress does not know {target.host}, came {answer.came}: no route, or none that is ready; {_look_at(target)}"


def _token_advice(target: Target) -> str:
    if target.authentication == CLOUD_RUN_IDENTITY:
        return (
            f"{TOKEN_VARIABLE} must hold a fresh `gcloud auth print-identity-token` of somebody with roles/run.invoker on it: "
            "the team's group, or one of `callers` in its file"
        )
    return f"{TOKEN_VARIABLE} must hold a valid token or key of a caller that may use this team's models"


def _way_in(target: Target) -> str:
    """How somebody gets to a target that cannot be reached from here."""
    place = f"it is reached from {target.reachable_from}"
    if target.authentication == CLOUD_RUN_IDENTITY:
        return f"{place}: run this on a machine or in a pod there"
    if not target.host.endswith(CLUSTER_SUFFIX):
        return f"{place}: run this there, or lead to it with --via"
    service, namespace = target.host.split(".")[:2]
    what = f"-n {KOURIER_NAMESPACE} port-forward svc/kourier-internal"
    if target.mode == STANDARD:
        what = f"-n {namespace} port-forward svc/{service}"
    return f"{place}: run this in a pod there, or run `kubectl {what} 8080:80` and add --via http://127.0.0.1:8080"


def _look_at(target: Target) -> str:
    """Where the reason stands."""
    if target.authentication == CLOUD_RUN_IDENTITY:
        return "see the revisions and the log of the Cloud Run service"
    return f"see `kubectl -n team-{target.team} get inferenceservice,pod` and the engine's log"


def _cause(error: BaseException) -> BaseException:
    """What urllib3 said, below what requests made of it."""
    inner = error.args[0] if error.args else None
    if isinstance(inner, MaxRetryError) and inner.reason is not None:
        return inner.reason
    return inner if isinstance(inner, BaseException) else error


def _reason(error: BaseException) -> str:
    """The words of the operating system or of OpenSSL, without the objects around them."""
    match = re.search(r"\] (.+?)(?: \(_ssl|'|$)", str(error))
    return match.group(1) if match else type(error).__name__
