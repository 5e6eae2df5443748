"""Log-ins of the portal: who they are of, how long they last, what ends them. docs/decisions/0014 has the reasons."""
