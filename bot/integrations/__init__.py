"""What we tell others: mail (file outbox), later webhooks, Slack and CRM."""
