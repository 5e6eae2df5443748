"""The local cloud, a little more like AWS.

It stands by itself: the local cloud's functions must not find this project's folder on their path.
"""

import importlib
import sys


def main() -> None:
    beside = [importlib.import_module(name) for name in ("cognito", "lambdas", "s3", "ses")]
    # This file's folder, which Python puts first: modules in it have the names of other packages' modules.
    del sys.path[0]
    for one in beside:
        one.mend()
    importlib.import_module("ministack.app").main()


if __name__ == "__main__":
    main()
