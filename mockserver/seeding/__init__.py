"""The `seed` command: an account that looks alive, planned from a seed and written through the public API.

`plan` decides, without clock or network, which customers, meters and events there are; `writer` sends them;
`command` is the command line. The package is a client of the server and knows nothing of its inside.
"""
