variable "project_id" {
  description = "The project that the datasets stand in."
  type        = string
}

variable "name" {
  description = "The deployment's name; it begins the names of what is made."
  type        = string
}

variable "location" {
  description = "BigQuery's location. It must be able to read the buckets: the same region, or the multi-region around it."
  type        = string

  validation {
    condition     = can(regex("^([a-z]+-[a-z]+[0-9]{1,2}|US|EU)$", var.location))
    error_message = "location is a region such as europe-west1, or US or EU."
  }
}

variable "lake_bucket" {
  description = "The bucket of raw, ledger and dead letters."
  type        = string
}

variable "datasets" {
  description = "StreamLake's datasets, as contracts name them, and the suffix of their parts."
  type = map(object({
    suffix = optional(string, "json.gz")
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.datasets) : can(regex("^[a-z][a-z0-9_]{0,47}$", name)) && name != "all"])
    error_message = "A dataset's name has up to 48 lower-case letters, digits and underscores, begins with a letter, and is not `all`."
  }

  validation {
    condition     = alltrue([for dataset in var.datasets : contains(["json.gz", "parquet"], dataset.suffix)])
    error_message = "suffix is json.gz or parquet: BigQuery does not read json.zst, and among plain .json parts it would read the day's seal too."
  }
}

variable "auditor_groups" {
  description = "E-mail addresses of the groups that may read raw and dead letters."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for group in var.auditor_groups : can(regex("^[^@:\\s]+@[^@:\\s]+\\.[^@:\\s]+$", group))])
    error_message = "auditor_groups are addresses such as auditors@example.com, without `group:` before them."
  }
}

variable "analyst_groups" {
  description = "E-mail addresses of the groups that may read the analysts' dataset. They see nothing of raw."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for group in var.analyst_groups : can(regex("^[^@:\\s]+@[^@:\\s]+\\.[^@:\\s]+$", group))])
    error_message = "analyst_groups are addresses such as analysts@example.com, without `group:` before them."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the tables."
  type        = bool
  default     = true
}

variable "labels" {
  description = "Labels of the datasets."
  type        = map(string)
  default     = {}
}
