variable "project_id" {
  description = "The Google Cloud project."
  type        = string
}

variable "project_number" {
  description = "The project's number. Only a budget needs it; null looks it up."
  type        = string
  default     = null
}

variable "name" {
  description = "The deployment's name. It cannot be changed later."
  type        = string
  default     = "streamlake"
}

variable "region" {
  description = "The region of everything."
  type        = string
  default     = "europe-west1"
}

variable "operators" {
  description = "IAM members who may log in and become root, such as group:operators@example.com."
  type        = set(string)
  default     = []
}

variable "ssh_user" {
  description = "Your OS Login account name, such as a_example_com. Null: what SSH takes by itself."
  type        = string
  default     = null
}

variable "api_client_cidrs" {
  description = "Ranges inside of the network that post events to the API directly. Without any it listens on loopback."
  type        = list(string)
  default     = []
}

variable "alert_emails" {
  description = "Who is told when an alert rings."
  type        = set(string)
  default     = []
}

variable "runbooks_url" {
  description = "Where your copy of docs/runbooks can be read."
  type        = string
  default     = "https://example.com/streamlake/docs/runbooks"
}

variable "budget" {
  description = "What the project may cost a month before people are told. Null: no budget."
  type = object({
    billing_account = string
    amount          = number
    currency        = optional(string)
  })
  default = null
}

variable "enable_apis" {
  description = "Whether Google's APIs are turned on here. False where somebody else does it."
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Whether VMs, secrets and tables refuse to be deleted."
  type        = bool
  default     = true
}

variable "edge" {
  description = "An HTTPS load balancer for producers on the internet. Null: none."
  type = object({
    domains = list(string)
    rate = optional(object({
      requests         = optional(number, 6000)
      interval_seconds = optional(number, 60)
    }), {})
  })
  default = null
}

variable "auditor_groups" {
  description = "E-mail addresses of the groups that may read raw and dead letters in BigQuery."
  type        = set(string)
  default     = []
}

variable "analyst_groups" {
  description = "E-mail addresses of the groups that may read the analysts' dataset in BigQuery."
  type        = set(string)
  default     = []
}
