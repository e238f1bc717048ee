# The service, from the files that `purgemap build` and `purgemap render` wrote into the working directory.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" {}

module "purgemap" {
  source = "../.." # elsewhere: a folder that holds this module, or its Git address with ?ref=

  function_zip = "${path.root}/function.zip"
  template     = "${path.root}/stack.yaml"
  parameters   = { Window = 5 }
  tags         = { team = "web" }
}

output "dashboard_url" {
  description = "The address of the dashboard."
  value       = module.purgemap.dashboard_url
}
