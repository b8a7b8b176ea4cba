"""Names that the examples share."""

PROJECT, REGION = "acme-models", "us-central1"
NETWORK_ID = f"projects/{PROJECT}/global/networks/platform"
ROBOT = f"robot-one@{PROJECT}.iam.gserviceaccount.com"
ROBOT_ID = f"projects/{PROJECT}/serviceAccounts/{ROBOT}"
KEY_RING_ID = f"projects/{PROJECT}/locations/{REGION}/keyRings/platform"
KEY_ID = f"{KEY_RING_ID}/cryptoKeys/weights"
TOPIC_ID = f"projects/{PROJECT}/topics/spend"
