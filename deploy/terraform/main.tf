# The stack that `purgemap deploy` creates, from a zip and a template that `purgemap build` and `render` wrote.
# Terraform runs no purgemap: a plan needs neither Python nor the map, and what is reviewed is what is applied.

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  bucket = var.artifact_bucket == null ? aws_s3_bucket.artifacts[0].id : var.artifact_bucket

  # By their content: CloudFormation compares keys, not objects.
  code_key     = "${var.stack_name}/${filesha256(var.function_zip)}.zip"
  template_key = "${var.stack_name}/${filesha256(var.template)}.yaml"
}

resource "aws_s3_bucket" "artifacts" {
  count = var.artifact_bucket == null ? 1 : 0

  bucket_prefix = "purgemap-artifacts-"
  force_destroy = true # it holds only what a build writes again
  tags          = var.tags
}

resource "aws_s3_bucket_public_access_block" "artifacts" {
  count = var.artifact_bucket == null ? 1 : 0

  bucket                  = aws_s3_bucket.artifacts[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_object" "code" {
  bucket = local.bucket
  key    = local.code_key
  source = var.function_zip
  tags   = var.tags

  # The old zip is deleted after the stack's update: until then CloudFormation may have to roll back to it.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_s3_object" "template" {
  bucket = local.bucket
  key    = local.template_key
  source = var.template
  tags   = var.tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudformation_stack" "purgemap" {
  name         = var.stack_name
  template_url = "https://s3.${data.aws_region.current.id}.${data.aws_partition.current.dns_suffix}/${aws_s3_object.template.bucket}/${aws_s3_object.template.key}"
  capabilities = ["CAPABILITY_IAM"]
  iam_role_arn = var.deployment_role_arn
  tags         = var.tags

  parameters = merge(
    var.parameters,
    { CodeBucket = aws_s3_object.code.bucket, CodeKey = aws_s3_object.code.key },
    var.alarm_topic_arn == null ? {} : { AlarmTopicArn = var.alarm_topic_arn },
  )
}
