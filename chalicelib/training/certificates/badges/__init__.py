"""A certificate as an Open Badge 3.0: a credential that KMS signs, that anybody verifies, and that can be revoked."""
