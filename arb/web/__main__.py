"""`python -m arb.web PORT`: the supervised process."""

import sys

from arb.stack.home import Home
from arb.web.serve import serve
from config.addresses import settings

if __name__ == "__main__":
    serve(settings().web, Home.default(), int(sys.argv[1]))
