"""What `make run` says once everything is up: addresses, log-ins, and lines to paste."""

from infra.seed import PASSWORD, LogIns

_TEXT = """\
Muster is up. Ctrl-C ends it; its data stays in .muster/.

  Portal      {api}/portal  (log in below)
  Reports     {api}/portal/msp/reports  (as an admin of an MSP)
  API         {api}
  Read it     {api}/docs
  OpenAPI     {api}/openapi.json
  Mailbox     {endpoint}/_ministack/ses/messages  (nothing leaves this machine)
  Guide       {api}/guide  (how accepting an invitation looks)

  Log-ins, all with the password {password}
  {msp_admin:44} admin of Northwind Managed IT, 32 clients
  {other_msp_admin:44} admin of Fennmark Technology Services, 4 clients
  {org_admin:44} admin of the client Alderquay Logistics
  {learner:44} learner there
  {learner_at_two:44} learner at two clients

  To paste: log in as the first, then the dashboard and the rollouts; as a learner, one's start page.

API={api}
login() {{ curl -s "$API/auth/login" -H 'Content-Type: application/json' \\
  -d '{{"login": "'"$1"'", "password": "{password}"}}' \\
  | python3 -c 'import json, sys; print(json.load(sys.stdin)["id_token"])'; }}
TOKEN=$(login {msp_admin})
curl -s -H "Authorization: $TOKEN" "$API/msp/training?limit=5" | python3 -m json.tool
curl -s -H "Authorization: $TOKEN" "$API/msp/rollouts" | python3 -m json.tool
curl -s -H "Authorization: $(login {learner})" "$API/me/home" | python3 -m json.tool
"""


def welcome(endpoint: str, api_url: str, log_ins: LogIns) -> str:
    return _TEXT.format(endpoint=endpoint, api=api_url, password=PASSWORD, **vars(log_ins))
