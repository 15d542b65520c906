"""The rim: the only place that knows Connexion, Starlette and the wire."""

import warnings

# Connexion imports Starlette's test client, which nothing here uses, and which warns of its own HTTP library.
warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")
