# The sites of a team: buckets, distributions, and their part of purgemap's map as an output.

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

variable "sites" {
  description = "The sites: a name for the map, and the bucket that holds the site."
  type        = map(string)
  default     = { www = "acme-www" }
}

resource "aws_s3_bucket" "site" {
  for_each = var.sites

  bucket = each.value
}

# Without it S3 sends no event, and no change reaches purgemap.
resource "aws_s3_bucket_notification" "site" {
  for_each = aws_s3_bucket.site

  bucket      = each.value.id
  eventbridge = true
}

resource "aws_cloudfront_origin_access_control" "site" {
  name                              = "sites"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_distribution" "site" {
  for_each = aws_s3_bucket.site

  enabled             = true
  wait_for_deployment = false # the map needs only the id, which exists at once
  default_root_object = "index.html"

  origin {
    origin_id                = "site"
    domain_name              = each.value.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.site.id
  }

  default_cache_behavior {
    target_origin_id       = "site"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6" # AWS's CachingOptimized
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }
}

# terraform output -raw map_part > config/routes/sites.yaml
output "map_part" {
  description = "The sites' part of the map."
  value = yamlencode({
    version       = 1
    distributions = { for name, distribution in aws_cloudfront_distribution.site : name => { id = distribution.id } }
    routes        = [for name, bucket in aws_s3_bucket.site : { bucket = bucket.id, distributions = [name] }]
  })
}
