"""What exists on the server: objects, proof that they were removed, their events, and the reader of many of them."""
