"""Background jobs: their messages, the transactional outbox (due entries), and the sweeper."""
