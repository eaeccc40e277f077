"""Programs that are told of events by HTTP: Standard Webhooks (https://www.standardwebhooks.com/)."""
