"""Where Pulumi starts the package of components for a program in another language (`PulumiPlugin.yaml`)."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # Python puts this folder first on the path, where its `google` and `kubernetes` would hide the packages of those names
    here = Path(__file__).resolve().parent
    sys.path[:] = [str(here.parent), *(entry for entry in sys.path if Path(entry).resolve() != here)]

    from pulumi.provider import main

    from components.provider import PackageProvider

    main(PackageProvider(), sys.argv[1:])
