"""What makes each type of resource: how it is found, created and changed."""
