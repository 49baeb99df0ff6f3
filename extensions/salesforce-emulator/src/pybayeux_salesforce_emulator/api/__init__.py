"""Everything over HTTP that is not the streaming endpoint: REST, SOAP and OAuth."""
