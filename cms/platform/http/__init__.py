"""What every HTTP surface shares: problems, guard, requests, answers, paging, idempotency, OpenAPI."""
