"""What tests share: a running server, a client that judges every answer, a second kind of store."""
