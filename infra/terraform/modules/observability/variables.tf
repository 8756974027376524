variable "project_id" {
  description = "The project that is watched."
  type        = string
}

variable "project_number" {
  description = "The project's number, which a budget needs. Null: it is looked up, which needs the network at plan."
  type        = string
  default     = null

  validation {
    condition     = var.project_number == null || can(regex("^[0-9]{6,20}$", var.project_number))
    error_message = "project_number is the number, not the id: gcloud projects describe PROJECT --format='value(projectNumber)'."
  }
}

variable "name" {
  description = "The deployment's name; it begins the names of what is made."
  type        = string
}

variable "alert_emails" {
  description = "Who is told. Empty: incidents are opened, and nobody is told."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@:\\s]+@[^@:\\s]+\\.[^@:\\s]+$", address))])
    error_message = "alert_emails are addresses such as oncall@example.com."
  }
}

variable "runbooks_url" {
  description = "Where your copy of docs/runbooks can be read; each alert links to its page below it."
  type        = string

  validation {
    condition     = can(regex("^https://[^\\s?#]+[^/\\s?#]$", var.runbooks_url))
    error_message = "runbooks_url begins with https:// and does not end with a slash."
  }
}

variable "thresholds" {
  description = "When an alert rings. Shares are from 0 to 1."
  type = object({
    lag_seconds       = optional(number, 300)
    dead_letter_share = optional(number, 0.01)
    disk_share        = optional(number, 0.8)
    certificate_days  = optional(number, 21)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.thresholds.lag_seconds >= 30
    error_message = "thresholds.lag_seconds is at least 30: parts close by age, so some lag is always there."
  }

  validation {
    condition     = alltrue([for share in [var.thresholds.dead_letter_share, var.thresholds.disk_share] : share > 0 && share < 1])
    error_message = "thresholds.dead_letter_share and disk_share are above 0 and below 1."
  }

  validation {
    condition     = var.thresholds.certificate_days >= 1 && var.thresholds.certificate_days <= 60
    error_message = "thresholds.certificate_days is 1 to 60."
  }
}

variable "api_port" {
  description = "The port whose /metrics the Ops Agent reads on each VM that the API runs on."
  type        = number
  default     = 8080
}

variable "api_scheme" {
  description = "https where the API listens off the host, http where it listens on loopback only."
  type        = string
  default     = "https"

  validation {
    condition     = contains(["http", "https"], var.api_scheme)
    error_message = "api_scheme is http or https."
  }
}

variable "edge_domain" {
  description = "A public host name of the API, whose certificate and health are watched from outside. Null without edge."
  type        = string
  default     = null
}

variable "budget" {
  description = "What the project may cost a month before its billing administrators and `alert_emails` are told. Null: no budget."
  type = object({
    billing_account = string
    amount          = number
    currency        = optional(string)
  })
  default = null

  validation {
    condition     = var.budget == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.budget.billing_account))
    error_message = "budget.billing_account is an id such as 01ABCD-23EF45-678901."
  }

  validation {
    condition     = var.budget == null || try(var.budget.amount >= 1 && floor(var.budget.amount) == var.budget.amount, false)
    error_message = "budget.amount is a whole number, in the billing account's currency."
  }

  validation {
    condition     = try(var.budget.currency, null) == null || can(regex("^[A-Z]{3}$", var.budget.currency))
    error_message = "budget.currency is a code such as EUR, and that of the billing account; null takes it from there."
  }
}

variable "labels" {
  description = "Labels of the alerts."
  type        = map(string)
  default     = {}
}
