variable "project_id" {
  description = "The project that the load balancer stands in."
  type        = string
}

variable "name" {
  description = "The deployment's name; it begins the names of what is made."
  type        = string
}

variable "domains" {
  description = "The host names that the certificate is for. Google issues it once they resolve to the address."
  type        = list(string)

  validation {
    condition     = length(var.domains) >= 1 && length(var.domains) <= 100
    error_message = "domains has 1 to 100 names."
  }

  validation {
    condition     = alltrue([for domain in var.domains : length(domain) <= 253 && can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", domain))])
    error_message = "domains are lower-case host names such as events.example.com: no scheme, no port, no wildcard, no dot at the end."
  }
}

variable "vms" {
  description = "The VMs that the API runs on: zone and self link by name."
  type = map(object({
    zone      = string
    self_link = string
  }))
}

variable "network" {
  description = "The id of the VMs' network."
  type        = string
}

variable "api_port" {
  description = "The port of the ingest API, which speaks TLS."
  type        = number
  default     = 8080
}

variable "rate" {
  description = "How many requests one client address may send in how many seconds; more are answered with 429."
  type = object({
    requests         = optional(number, 6000)
    interval_seconds = optional(number, 60)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.rate.requests >= 1 && var.rate.requests <= 1000000 && floor(var.rate.requests) == var.rate.requests
    error_message = "rate.requests is a whole number from 1 to 1000000."
  }

  validation {
    condition     = contains([10, 30, 60, 120, 180, 240, 300, 600, 900, 1200, 1800, 2700, 3600], var.rate.interval_seconds)
    error_message = "rate.interval_seconds is one that Cloud Armor knows: 10, 30, 60, 120, 180, 240, 300, 600, 900, 1200, 1800, 2700 or 3600."
  }
}
