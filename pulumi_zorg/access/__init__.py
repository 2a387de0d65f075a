"""Who can get in: what an instance has, the rules by which ZITADEL lets somebody in, and the report."""
