variable "function_zip" {
  description = "The function's zip, as `purgemap build` writes it. It contains the map."
  type        = string
  nullable    = false

  validation {
    condition     = fileexists(var.function_zip)
    error_message = "The zip does not exist: run `purgemap build` first."
  }
}

variable "template" {
  description = "The CloudFormation template, as `purgemap render` writes it for the same map."
  type        = string
  nullable    = false

  validation {
    condition     = fileexists(var.template)
    error_message = "The template does not exist: run `purgemap render` first."
  }
}

variable "stack_name" {
  description = "The name of the CloudFormation stack. `purgemap status`, `doctor` and `redrive` find the service by it."
  type        = string
  default     = "purgemap"
  nullable    = false

  # An event rule's name has 17 more characters, and EventBridge allows 64.
  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9-]{0,46}$", var.stack_name))
    error_message = "A stack's name starts with a letter and has at most 47 letters, digits and hyphens."
  }
}

variable "artifact_bucket" {
  description = "The bucket for zip and template, in the stack's region. If null, the module creates one."
  type        = string
  default     = null

  validation {
    condition     = var.artifact_bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.artifact_bucket))
    error_message = "A bucket's name has 3 to 63 small letters, digits, dots and hyphens, without s3://."
  }
}

variable "alarm_topic_arn" {
  description = "The SNS topic that receives the alarms. If null, they only show in CloudWatch."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_topic_arn == null || can(regex("^arn:[^:]+:sns:[^:]+:[0-9]{12}:.+$", var.alarm_topic_arn))
    error_message = "It is not the ARN of an SNS topic."
  }
}

variable "parameters" {
  description = "Other parameters of the template, such as { Window = 20, CallsPerSecond = 0.3 }."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.parameters), ["CodeBucket", "CodeKey", "AlarmTopicArn"])) == 0
    error_message = "The module sets CodeBucket and CodeKey, and AlarmTopicArn from alarm_topic_arn."
  }
}

variable "deployment_role_arn" {
  description = "The role that CloudFormation assumes. If null, it uses the credentials of Terraform's provider."
  type        = string
  default     = null

  validation {
    condition     = var.deployment_role_arn == null || can(regex("^arn:[^:]+:iam::[0-9]{12}:role/.+$", var.deployment_role_arn))
    error_message = "It is not the ARN of a role."
  }
}

variable "tags" {
  description = "Tags of the stack, its resources, and the bucket and objects that the module creates."
  type        = map(string)
  default     = {}
  nullable    = false
}
