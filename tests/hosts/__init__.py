"""Several hosts on one machine: network namespaces with cables, homes behind NAT, lost packets."""
