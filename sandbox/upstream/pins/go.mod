// Pins the upstream projects whose definitions and charts the sandbox and tests read (sandbox/upstream/go_modules.py). A list of versions, not a
// program: `go mod tidy` would empty it. After a change run `go mod download <module>@<version>` here, which notes the checksum.
module example.invalid/gemma-platform/upstream-modules

go 1.26.0

require (
	github.com/GoogleCloudPlatform/prometheus-engine v0.17.2
	github.com/cert-manager/cert-manager v1.21.1
	github.com/kedacore/keda/v2 v2.20.2
	github.com/kserve/kserve v0.20.0
	github.com/kyverno/api v0.0.1-alpha.3.0.20260723090831-fb2785727f98
	github.com/kyverno/kyverno v1.19.1
	knative.dev/operator v0.50.0
	sigs.k8s.io/gateway-api v1.3.0
	sigs.k8s.io/kwok v0.8.0
	sigs.k8s.io/secrets-store-csi-driver v1.5.3
)
