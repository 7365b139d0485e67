"""The voting methods: a module each, all behind `registry.METHODS`."""
