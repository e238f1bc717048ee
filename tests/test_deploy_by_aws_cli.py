"""The stack without `purgemap deploy`: built, rendered, and put into service by three commands of the AWS CLI."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aws_cli import needs_aws_cli, run_aws
from deployed import Deployed, messages_waiting, put, run_deploy
from doubles.stacks import complete_cloudformation
from purgemap.embedded.aws import embedded_aws

MAP = "version: 1\nroutes:\n  - {bucket: acme-www, distributions: [E2EXAMPLE1ABCD]}\n"


def run_purgemap(*arguments: str) -> None:
    code = "import sys; from purgemap.cli.main import main; sys.exit(main())"
    subprocess.run([sys.executable, "-c", code, *arguments], env=os.environ, check=True, capture_output=True)


@needs_aws_cli
def test_three_commands_of_the_aws_cli_deploy_it_and_purgemap_deploy_takes_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete_cloudformation()
    monkeypatch.chdir(tmp_path)
    Path("routes.yaml").write_text(MAP)
    run_purgemap("build", "--routes", "routes.yaml", "--output", "function.zip")
    run_purgemap("render", "--routes", "routes.yaml", "--output", "stack.yaml")
    bucket, key = "acme-artifacts", f"purgemap/{hashlib.sha256(Path('function.zip').read_bytes()).hexdigest()}.zip"
    with embedded_aws() as aws:
        aws.create_site_bucket("acme-www")
        aws.client("s3").create_bucket(Bucket=bucket)
        run_aws(aws, "s3", "cp", "function.zip", f"s3://{bucket}/{key}")
        run_aws(
            aws,
            *("cloudformation", "deploy", "--stack-name", "purgemap", "--template-file", "stack.yaml"),
            *("--s3-bucket", bucket, "--capabilities", "CAPABILITY_IAM"),
            *("--parameter-overrides", f"CodeBucket={bucket}", f"CodeKey={key}"),
        )
        outputs = run_aws(
            aws, *("cloudformation", "describe-stacks", "--stack-name", "purgemap", "--query", "Stacks[0].Outputs")
        )
        deployed = Deployed(aws)
        assert deployed.outputs["QueueUrl"] in outputs
        put(aws, "acme-www", "index.html")
        assert messages_waiting(aws, deployed.outputs["QueueUrl"]) == 1
        assert "no changes" in run_deploy("--routes", "routes.yaml", "--artifact-bucket", bucket)
