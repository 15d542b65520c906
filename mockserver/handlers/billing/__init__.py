"""The books of an account: what the customers owe, computed from state by the domain and locked as time goes by.

`catalogue` reads what is defined, `metering` what was used, `books` puts them together into invoices, `settlement`
locks those whose time has come, `records` keeps them, and `due` says when that has to happen next.
"""
