"""CloudFormation's side of a deployment: what a stack is, and how it comes to be what its template says."""
