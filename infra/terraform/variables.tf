variable "project_id" {
  description = "The Google Cloud project."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id is the project's id (6 to 30 lower-case letters, digits and dashes), not its name or number."
  }
}

variable "project_number" {
  description = "The project's number. Only a budget needs it; null looks it up, which needs the network at plan."
  type        = string
  default     = null
}

variable "name" {
  description = "The deployment's name. It begins all names, is the deployment that owns the lake, and cannot be changed later."
  type        = string
  default     = "streamlake"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,14}[a-z0-9]$", var.name))
    error_message = "name has 4 to 16 lower-case letters, digits and dashes, begins with a letter and does not end with a dash."
  }
}

variable "region" {
  description = "The region of VMs, and of buckets and BigQuery unless `location` says otherwise."
  type        = string
  default     = "europe-west1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "region is a region such as europe-west1, not a zone."
  }
}

variable "location" {
  description = "The location of buckets and BigQuery datasets: a region, US or EU. Null: the region."
  type        = string
  default     = null

  validation {
    condition     = var.location == null || can(regex("^([a-z]+-[a-z]+[0-9]{1,2}|US|EU)$", var.location))
    error_message = "location is a region such as europe-west1, or US or EU."
  }
}

variable "pools" {
  description = <<-EOT
    The VMs, by what they are for: one service account a pool, one VM for each letter in `zones`. `groups` are the
    inventory's groups; a pool may be in all of them (one node).
  EOT
  type = map(object({
    groups       = set(string)
    zones        = list(string)
    machine_type = optional(string, "e2-standard-4")
    boot_disk_gb = optional(number, 20)
    data_disk_gb = optional(number, 100)
    disk_type    = optional(string, "pd-balanced")
  }))
  default = {
    node = {
      groups = ["kafka", "api", "consumers", "airflow", "postgres"]
      zones  = ["b"]
    }
  }

  validation {
    condition     = length(var.pools) <= 10
    error_message = "There are at most 10 pools: a firewall rule names no more service accounts."
  }

  validation {
    condition     = alltrue([for name in keys(var.pools) : can(regex("^[a-z][a-z0-9]{1,11}$", name))])
    error_message = "A pool's name has 2 to 12 lower-case letters and digits and begins with a letter."
  }

  validation {
    condition     = alltrue([for pool in var.pools : length(pool.groups) > 0 && length(setsubtract(pool.groups, ["kafka", "api", "consumers", "airflow", "postgres"])) == 0])
    error_message = "A pool's groups are of kafka, api, consumers, airflow and postgres, and at least one."
  }

  validation {
    condition     = length(setsubtract(["kafka", "api", "consumers"], flatten([for pool in var.pools : tolist(pool.groups)]))) == 0
    error_message = "Some pool must be in each of the groups kafka, api and consumers: without one of them no event is landed."
  }

  validation {
    condition     = contains([1, 3, 5], length(flatten([for pool in var.pools : pool.zones if contains(pool.groups, "kafka")])))
    error_message = "There are 1, 3 or 5 VMs in the group kafka: a quorum of two or four nodes stands no more than one of one or three."
  }

  validation {
    condition     = alltrue([for pool in var.pools : contains(pool.groups, "airflow") == contains(pool.groups, "postgres")])
    error_message = "airflow and postgres go together: Airflow reaches its database by a local socket."
  }

  validation {
    condition     = alltrue([for pool in var.pools : contains(pool.groups, "api") || !contains(pool.groups, "consumers")])
    error_message = "A pool in the group consumers is in the group api too: the API's /metrics tells what the consumers of its host count."
  }
}

variable "boot_image" {
  description = "The image of new VMs. Debian 12 is tested, 13 accepted."
  type        = string
  default     = "projects/debian-cloud/global/images/family/debian-12"
}

variable "cidr" {
  description = "The subnet's addresses."
  type        = string
  default     = "10.64.0.0/24"
}

variable "api_port" {
  description = "The port of the ingest API."
  type        = number
  default     = 8080

  validation {
    condition     = var.api_port >= 1024 && var.api_port <= 65535 && floor(var.api_port) == var.api_port && !contains([8090, 9092, 9093, 9094], var.api_port)
    error_message = "api_port is from 1024 to 65535, and none of Kafka's (9092 to 9094) or Airflow's (8090)."
  }
}

variable "api_client_cidrs" {
  description = "Ranges inside of the network that post events to the API directly. Without any, and without edge, it listens on loopback."
  type        = list(string)
  default     = []
}

variable "datasets" {
  description = "The datasets of the contracts: their secrets, their audit tables in BigQuery, and (null: never) when raw parts are deleted."
  type = map(object({
    suffix      = optional(string, "json.gz")
    expire_days = optional(number)
  }))
  default = { orders = {} }
}

variable "bucket_prefix" {
  description = "Begins the buckets' names, which are unique in all of Google Cloud. Null: project and name."
  type        = string
  default     = null
}

variable "retention" {
  description = "How long what landed stays; see modules/lake."
  type = object({
    days                     = optional(number, 30)
    locked                   = optional(bool, false)
    soft_delete_days         = optional(number, 30)
    raw_nearline_days        = optional(number, 60)
    raw_expire_days          = optional(number)
    dead_letters_expire_days = optional(number)
    replays_expire_days      = optional(number, 90)
  })
  default = {}
}

variable "snapshots" {
  description = "When the data disks are kept a copy of (UTC), and for how many days."
  type = object({
    start = optional(string, "03:00")
    days  = optional(number, 14)
  })
  default = {}
}

variable "operators" {
  description = "IAM members who may reach the VMs through IAP, log in and become root, such as group:operators@example.com."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.operators : can(regex("^(user|group|serviceAccount|principal|principalSet):[^\\s]+$", member))])
    error_message = "operators are IAM members such as user:a@example.com, group:operators@example.com or serviceAccount:ci@p.iam.gserviceaccount.com."
  }
}

variable "ssh_user" {
  description = "The account that the inventory logs in with: an OS Login name such as a_example_com. Null: what SSH takes by itself."
  type        = string
  default     = null

  validation {
    condition     = var.ssh_user == null || can(regex("^[a-z_][a-z0-9_-]{0,31}$", var.ssh_user))
    error_message = "ssh_user is a Linux account name; see `gcloud compute os-login describe-profile`."
  }
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

variable "alert_emails" {
  description = "Who is told when an alert rings."
  type        = set(string)
  default     = []
}

variable "runbooks_url" {
  description = "Where your copy of docs/runbooks can be read; each alert links to its page below it."
  type        = string
  default     = "https://example.com/streamlake/docs/runbooks"
}

variable "thresholds" {
  description = "When alerts ring; see modules/observability."
  type = object({
    lag_seconds       = optional(number, 300)
    dead_letter_share = optional(number, 0.01)
    disk_share        = optional(number, 0.8)
    certificate_days  = optional(number, 21)
  })
  default = {}
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
  description = "Whether VMs, secrets and tables refuse to be deleted. Buckets and data disks refuse in any case."
  type        = bool
  default     = true
}

variable "labels" {
  description = "Further labels of everything that has labels."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "Labels have lower-case letters, digits, dashes and underscores, and keys begin with a letter."
  }
}
