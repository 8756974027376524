variable "project_id" {
  description = "The project that the network stands in."
  type        = string
}

variable "name" {
  description = "The deployment's name; it begins the names of what is made."
  type        = string
}

variable "region" {
  description = "The region of the subnet."
  type        = string
}

variable "cidr" {
  description = "The subnet's addresses."
  type        = string
  default     = "10.64.0.0/24"

  validation {
    condition     = can(cidrnetmask(var.cidr)) && try(cidrhost(var.cidr, 0) == split("/", var.cidr)[0], false)
    error_message = "cidr is an IPv4 range whose address is the range's first, such as 10.64.0.0/24."
  }

  validation {
    condition     = try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 28, false)
    error_message = "cidr is between /16 and /28."
  }

  validation {
    condition     = can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", var.cidr))
    error_message = "cidr is a private range: in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16."
  }
}

variable "accounts" {
  description = "Service accounts of the VMs, by what runs on them."
  type = object({
    kafka     = list(string)
    api       = list(string)
    consumers = list(string)
    airflow   = list(string)
  })

  validation {
    condition     = length(var.accounts.kafka) > 0 && length(var.accounts.api) > 0 && length(var.accounts.consumers) > 0
    error_message = "accounts has at least one of kafka, api and consumers: a rule without source or target would be open to everybody."
  }
}

variable "api_port" {
  description = "The port of the ingest API."
  type        = number
  default     = 8080
}

variable "api_client_cidrs" {
  description = "Ranges that post events to the API directly, inside of the network. The load balancer needs none."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for range in var.api_client_cidrs : can(cidrnetmask(range))])
    error_message = "api_client_cidrs are IPv4 ranges such as 10.0.0.0/8."
  }

  validation {
    condition     = !anytrue([for range in var.api_client_cidrs : endswith(range, "/0")])
    error_message = "api_client_cidrs does not hold everybody: for producers on the internet there is `edge`."
  }
}

variable "edge" {
  description = "Whether a load balancer stands in front of the API."
  type        = bool
  default     = false
}
