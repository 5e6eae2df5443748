"""HTTP itself: routing, problem details, OpenAPI, pages, idempotency, rate limits. The only home of chalice."""
