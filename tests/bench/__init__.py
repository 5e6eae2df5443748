"""What a rollout costs, measured on DynamoDB's own engine: `make bench`. docs/benchmarks.md explains the figures."""
