"""Campaigns, vehicles and winds that come with the package, as YAML files."""
