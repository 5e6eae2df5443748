"""An evidence pack on the deployed artifact: collected part by part, signed, and checked by its own program."""

import io
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

from tests.e2e.deployed import Deployed


def test_a_pack_is_made_and_proves_itself(deployed: Deployed, tmp_path: Path) -> None:
    make = deployed.make
    msp_id = make.msp()
    org_id = make.org(msp_id, "Büro & Söhne")
    admin = deployed.msp_admin(msp_id)
    make.member(org_id, first_name="Zoë")
    deployed.post(f"/orgs/{org_id}/groups", admin, {"name": "Finance"}, status=201)
    started = deployed.post(f"/orgs/{org_id}/audit/export", admin)
    path = f"/orgs/{org_id}/audit/exports/{started['export_id']}"
    ready = deployed.until(lambda: deployed.get(path, admin), lambda found: found["status"] != "running")
    assert (ready["status"], ready["num_rows"]) == ("ready", 1)

    pack = tmp_path / "pack.zip"
    with urllib.request.urlopen(ready["url"]) as file:
        pack.write_bytes(file.read())
    archive = zipfile.ZipFile(io.BytesIO(pack.read_bytes()))
    assert archive.read("summary.pdf").startswith(b"%PDF-")
    assert len(archive.read("audit.jsonl").splitlines()) == 1
    program = tmp_path / "verify_evidence.py"
    program.write_bytes(archive.read("verify_evidence.py"))
    ran = subprocess.run([sys.executable, "-I", "-S", program, pack], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "OK"), ran.stdout
