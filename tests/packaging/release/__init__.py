"""The release of all distributions: one version, built, checked, installed and tried before it is published."""
