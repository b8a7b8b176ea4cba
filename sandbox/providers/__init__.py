"""Stand-ins for the two providers: real gRPC servers that the engine starts, over a "cloud" of files instead of an API."""
