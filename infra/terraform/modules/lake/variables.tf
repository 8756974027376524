variable "project_id" {
  description = "The project that the buckets stand in."
  type        = string
}

variable "name" {
  description = "The deployment's name; it begins the names of what is made."
  type        = string
}

variable "location" {
  description = "A region, dual-region or multi-region of Cloud Storage."
  type        = string

  validation {
    condition     = can(regex("^([a-z]+-[a-z]+[0-9]{1,2}|US|EU|ASIA|NAM4|EUR[4578]|ASIA1)$", var.location))
    error_message = "location is a region such as europe-west1, or US, EU, ASIA, NAM4, EUR4, EUR5, EUR7, EUR8 or ASIA1."
  }
}

variable "bucket_prefix" {
  description = "Begins the buckets' names, which are unique in all of Google Cloud. Null: project and name."
  type        = string
  default     = null

  validation {
    condition     = var.bucket_prefix == null || can(regex("^[a-z0-9][a-z0-9-]{1,54}[a-z0-9]$", var.bucket_prefix))
    error_message = "bucket_prefix has 3 to 56 lower-case letters, digits and dashes, no dash first or last."
  }

  validation {
    condition     = var.bucket_prefix == null || !can(regex("^goog|google|g00gle", var.bucket_prefix))
    error_message = "Cloud Storage refuses bucket names that begin with goog or hold google."
  }
}

variable "retention" {
  description = <<-EOT
    How long what landed stays. In the lake's bucket nothing can be deleted or replaced for `days` (for good once
    `locked`, which cannot be taken back). `raw_expire_days` and `dead_letters_expire_days` delete by age; null keeps.
    Claims (`ledger/`) are never deleted, so the ledger outlives raw.
    A contract's `lakeRetentionDays` must not be more than what deletes its parts, or `audit` calls them lost.
  EOT
  type = object({
    days                     = optional(number, 30)
    locked                   = optional(bool, false)
    soft_delete_days         = optional(number, 30)
    raw_nearline_days        = optional(number, 60)
    raw_expire_days          = optional(number)
    dead_letters_expire_days = optional(number)
    replays_expire_days      = optional(number, 90)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.retention.days >= 1 && var.retention.days <= 36500 && floor(var.retention.days) == var.retention.days
    error_message = "retention.days is a whole number from 1 to 36500."
  }

  validation {
    condition     = var.retention.soft_delete_days >= 7 && var.retention.soft_delete_days <= 90
    error_message = "retention.soft_delete_days is 7 to 90: what is deleted by mistake must be there to be restored."
  }

  validation {
    condition     = alltrue([for days in [var.retention.raw_expire_days, var.retention.dead_letters_expire_days] : coalesce(days, 36501) >= var.retention.days])
    error_message = "What expires must be at least retention.days old: the bucket refuses to delete it before."
  }

  validation {
    condition     = var.retention.raw_nearline_days >= 1 && coalesce(var.retention.raw_expire_days, 36501) >= var.retention.raw_nearline_days + 30
    error_message = "retention.raw_expire_days leaves raw at least 30 days after raw_nearline_days: Nearline bills 30 days at least."
  }

  validation {
    condition     = coalesce(var.retention.replays_expire_days, 1) >= 1
    error_message = "retention.replays_expire_days is at least 1, or null to keep replays."
  }
}

variable "expire_days" {
  description = "Datasets whose raw parts are deleted at an age of their own, in days: the contract's `lakeRetentionDays`."
  type        = map(number)
  default     = {}

  validation {
    condition     = length(var.expire_days) <= 90
    error_message = "expire_days has at most 90 datasets: a bucket has at most 100 rules."
  }

  validation {
    condition = alltrue([for dataset, days in var.expire_days :
      can(regex("^[a-z][a-z0-9_]{0,47}$", dataset)) && days >= 1 && days <= 36500 && floor(days) == days
    ])
    error_message = "expire_days maps dataset names to whole numbers from 1 to 36500."
  }
}

variable "writers" {
  description = "IAM members that land events, by a name of their own: create, get and list in the lake, never delete."
  type        = map(string)
  default     = {}
}

variable "labels" {
  description = "Labels of the buckets."
  type        = map(string)
  default     = {}
}
