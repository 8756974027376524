variable "project_id" {
  description = "The project that the VMs stand in."
  type        = string
}

variable "name" {
  description = "The deployment's name; it begins the names of what is made."
  type        = string
}

variable "role" {
  description = "What these VMs are for. All of a role share one service account."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.role))
    error_message = "role has 2 to 12 lower-case letters and digits and begins with a letter."
  }
}

variable "region" {
  description = "The region of the VMs."
  type        = string
}

variable "zones" {
  description = "One letter a VM: the zone of the region that it stands in. A VM is added at the end."
  type        = list(string)

  validation {
    condition     = length(var.zones) >= 1 && alltrue([for zone in var.zones : can(regex("^[a-f]$", zone))])
    error_message = "zones has one letter from a to f for each VM, such as [\"b\", \"c\", \"d\"], and at least one."
  }
}

variable "machine_type" {
  description = "An x86-64 machine type."
  type        = string
  default     = "e2-standard-4"

  validation {
    condition = can(regex("^(e2-(small|medium)|(e2|n1|n2|n2d|n4|c2|c2d|c3|c3d|c4|c4d|t2d)-(standard|highmem|highcpu)-[0-9]{1,3})$",
    var.machine_type))
    error_message = "machine_type is an x86-64 type such as e2-standard-4 or n2-highmem-8 (Debian's image here is for x86-64)."
  }
}

variable "subnet" {
  description = "The id of the subnet."
  type        = string
}

variable "boot_image" {
  description = "Debian 12 is tested, 13 accepted."
  type        = string
  default     = "projects/debian-cloud/global/images/family/debian-12"

  validation {
    condition     = can(regex("^projects/debian-cloud/global/images/(family/debian-1[23]|debian-1[23]-[a-z]+-v[0-9]{8})$", var.boot_image))
    error_message = "boot_image is Debian 12 or 13 from debian-cloud: projects/debian-cloud/global/images/family/debian-12."
  }
}

variable "boot_disk_gb" {
  description = "Size of the boot disk."
  type        = number
  default     = 20

  validation {
    condition     = var.boot_disk_gb >= 15 && var.boot_disk_gb <= 2048 && floor(var.boot_disk_gb) == var.boot_disk_gb
    error_message = "boot_disk_gb is a whole number from 15 to 2048."
  }
}

variable "data_disk_gb" {
  description = "Size of the data disk, which holds all state: Kafka's log, Airflow's database, StreamLake's."
  type        = number
  default     = 100

  validation {
    condition     = var.data_disk_gb >= 10 && var.data_disk_gb <= 65536 && floor(var.data_disk_gb) == var.data_disk_gb
    error_message = "data_disk_gb is a whole number from 10 to 65536."
  }
}

variable "disk_type" {
  description = "Type of both disks. hyperdisk-balanced goes with n4, c3, c3d, c4 and c4d only; n4, c4 and c4d take nothing else."
  type        = string
  default     = "pd-balanced"

  validation {
    condition     = contains(["pd-balanced", "pd-ssd", "pd-standard", "hyperdisk-balanced"], var.disk_type)
    error_message = "disk_type is pd-balanced, pd-ssd, pd-standard or hyperdisk-balanced."
  }
}

variable "metadata" {
  description = "Further metadata of the VMs."
  type        = map(string)
  default     = {}
}

variable "snapshots" {
  description = "When the data disks are kept a copy of (UTC), and for how long."
  type = object({
    start = optional(string, "03:00")
    days  = optional(number, 14)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):00$", var.snapshots.start))
    error_message = "snapshots.start is a full hour in UTC, such as 03:00."
  }

  validation {
    condition     = var.snapshots.days >= 1 && var.snapshots.days <= 365
    error_message = "snapshots.days is 1 to 365."
  }
}

variable "operators" {
  description = "IAM members who may log in to these VMs and become root."
  type        = set(string)
  default     = []
}

variable "deletion_protection" {
  description = "Whether Google refuses to delete the VMs."
  type        = bool
  default     = true
}

variable "labels" {
  description = "Labels of VMs and disks."
  type        = map(string)
  default     = {}
}
