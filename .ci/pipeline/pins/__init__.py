"""The weekly look for newer versions of what is pinned: Python packages, the engine that serves the models, and Go tools."""
