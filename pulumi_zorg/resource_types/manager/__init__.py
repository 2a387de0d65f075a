"""The resource type :class:`pulumi_zorg.Manager`."""
