"""Copies a checkpoint into the model bucket: `python -m components.google.weights_loader --help`.

A program of its own, run as a job: it imports nothing of the rest of this project, so a plain Python image, this folder and its
`requirements.txt` are enough. Creates neither buckets nor identities.

| module | what it owns |
|---|---|
| `manifest`, `plan`, `names` | pure: what a checkpoint consists of, what is still to be copied, which names are safe |
| `source`, `gcs_source`, `hub_source`, `hub_http` | where a checkpoint comes from |
| `target`, `connection`, `storage_errors` | the model bucket, and what Cloud Storage answers |
| `loader`, `transfer` | the order of steps, and the copying of many objects at once |
| `errors`, `redaction`, `__main__` | what a person or a job's supervisor sees |
"""
