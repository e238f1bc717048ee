output "stack_id" {
  description = "The stack's ARN."
  value       = aws_cloudformation_stack.purgemap.id
}

output "artifact_bucket" {
  description = "The bucket that holds zip and template."
  value       = local.bucket
}

output "queue_url" {
  description = "The queue that holds changes and deferred jobs."
  value       = aws_cloudformation_stack.purgemap.outputs["QueueUrl"]
}

output "dead_letter_queue_url" {
  description = "The queue that holds what could not be delivered; `purgemap redrive` sends it again."
  value       = aws_cloudformation_stack.purgemap.outputs["DeadLetterQueueUrl"]
}

output "function_name" {
  description = "The function's name."
  value       = aws_cloudformation_stack.purgemap.outputs["FunctionName"]
}

output "function_role_arn" {
  description = "The role that other accounts' roles must trust."
  value       = aws_cloudformation_stack.purgemap.outputs["FunctionRoleArn"]
}

output "log_group_name" {
  description = "The log group of the function."
  value       = aws_cloudformation_stack.purgemap.outputs["LogGroupName"]
}

output "central_bus_arn" {
  description = "The bus that receives the events of other accounts and regions."
  value       = aws_cloudformation_stack.purgemap.outputs["CentralBusArn"]
}

output "dashboard_url" {
  description = "The address of the dashboard."
  value       = aws_cloudformation_stack.purgemap.outputs["DashboardUrl"]
}
