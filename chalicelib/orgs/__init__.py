"""MSPs, client organizations and their readiness; groups, departments, locations."""
