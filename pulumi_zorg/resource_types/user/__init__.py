"""What people and service accounts have in common. ZITADEL has one kind of object for both, with one set of states."""
