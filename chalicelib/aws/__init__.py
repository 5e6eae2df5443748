"""The only home of botocore: the rest of the application sees tables, queues, schedules and mail."""
