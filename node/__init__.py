"""What runs: homes, the service, the network, the gateway and the command line."""
