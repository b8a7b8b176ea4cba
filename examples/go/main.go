// Two Gemma 4 models of a team, one on Cloud Run and one on an existing cluster, by what is wished for.
package main

import (
	gemma "example.com/pulumi-gemma-platform/sdk/go/gemmaplatform"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

// The release of the Kubernetes provider that the components use, so that one provider serves both.
const kubernetesProvider = "4.34.2"

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "")
		bucket := settings.Require("bucket")
		ownership := &gemma.OwnershipArgs{Team: "search", Owner: "search-ml", CostCenter: "cc-7"}

		assistant, err := gemma.NewCloudRunModel(ctx, "assistant", &gemma.CloudRunModelArgs{
			Name:         "assistant",
			Region:       "us-central1",
			NetworkId:    pulumi.String(settings.Require("network")),
			SubnetworkId: pulumi.String(settings.Require("subnetwork")),
			BucketName:   bucket,
			Ownership:    ownership,
			Callers:      []string{"group:search@example.com"},
			Wish: &gemma.WishArgs{
				Model:                  "gemma-4-e4b-it",
				ContextTokens:          8192,
				PeakConcurrentRequests: 4,
				ActiveHoursPerMonth:    pulumi.IntRef(220),
				ScaleToZero:            pulumi.BoolRef(true),
			},
		})
		if err != nil {
			return err
		}

		cluster, err := kubernetes.NewProvider(ctx, "cluster", &kubernetes.ProviderArgs{
			Kubeconfig:             pulumi.String(settings.Require("kubeconfig")),
			EnableConfigMapMutable: pulumi.Bool(true), // a sizing record changes in place
		}, pulumi.Version(kubernetesProvider))
		if err != nil {
			return err
		}

		summaries, err := gemma.NewGemmaDeployment(ctx, "summaries", &gemma.GemmaDeploymentArgs{
			Name:           "summaries",
			NamespaceName:  "team-search",
			ServiceAccount: pulumi.String("models"),
			Pool:           "g2-standard-12-spot",
			Nodes: &gemma.PoolNodesArgs{
				Region:         "us-central1",
				Zones:          []string{"us-central1-a"},
				MachineType:    "g2-standard-12",
				PurchaseOption: pulumi.StringRef("spot"),
			},
			BucketName: pulumi.StringRef(bucket),
			Ownership:  ownership,
			Wish: &gemma.WishArgs{
				Model:                  "gemma-4-e4b-it",
				ContextTokens:          16384,
				PeakConcurrentRequests: 8,
				TypicalTokens:          pulumi.IntRef(4000),
				ActiveHoursPerMonth:    pulumi.IntRef(220),
			},
		}, pulumi.Providers(cluster))
		if err != nil {
			return err
		}

		ctx.Export("assistantEndpoint", assistant.Endpoint)
		ctx.Export("assistantUsdPerMonth", assistant.ExpectedUsdPerMonth)
		ctx.Export("summariesEndpoint", summaries.Endpoint)
		ctx.Export("summariesPlacement", summaries.Placement)
		ctx.Export("summariesUsdPerMonth", summaries.ExpectedUsdPerMonth)
		return nil
	})
}
