// Two Gemma 4 models of a team, one on Cloud Run and one on an existing cluster, by what is wished for.
import * as gemma from "@pulumi/gemma-platform";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const bucketName = config.require("bucket");
const ownership = { team: "search", owner: "search-ml", costCenter: "cc-7" };

const assistant = new gemma.CloudRunModel("assistant", {
    name: "assistant",
    region: "us-central1",
    networkId: config.require("network"),
    subnetworkId: config.require("subnetwork"),
    bucketName,
    ownership,
    callers: ["group:search@example.com"],
    wish: {
        model: "gemma-4-e4b-it",
        contextTokens: 8192,
        peakConcurrentRequests: 4,
        activeHoursPerMonth: 220,
        scaleToZero: true,
    },
});

const cluster = new kubernetes.Provider("cluster", {
    kubeconfig: config.require("kubeconfig"),
    enableConfigMapMutable: true, // a sizing record changes in place
});

const summaries = new gemma.GemmaDeployment(
    "summaries",
    {
        name: "summaries",
        namespaceName: "team-search",
        serviceAccount: "models",
        pool: "g2-standard-12-spot",
        nodes: {
            region: "us-central1",
            zones: ["us-central1-a"],
            machineType: "g2-standard-12",
            purchaseOption: "spot",
        },
        bucketName,
        ownership,
        wish: {
            model: "gemma-4-e4b-it",
            contextTokens: 16384,
            peakConcurrentRequests: 8,
            typicalTokens: 4000,
            activeHoursPerMonth: 220,
        },
    },
    { providers: [cluster] },
);

export const assistantEndpoint = assistant.endpoint;
export const assistantUsdPerMonth = assistant.expectedUsdPerMonth;
export const summariesEndpoint = summaries.endpoint;
export const summariesPlacement = summaries.placement;
export const summariesUsdPerMonth = summaries.expectedUsdPerMonth;
